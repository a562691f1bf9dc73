//! What payments sends is what Stripe takes: Stripe's own stripe-mock checks each request against Stripe's
//! OpenAPI document, and with a `STRIPE_KEY` Stripe's test mode does.

mod mock;
mod test_mode;
