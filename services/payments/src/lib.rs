//! The payments service: orders are paid by Stripe, or the money goes back.
