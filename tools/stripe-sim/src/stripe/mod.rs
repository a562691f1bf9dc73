//! Stripe's API over HTTP: parameters in, one of the domain's decisions, the answer in Stripe's form.

mod answer;
pub mod call;
mod caller;
mod course;
mod parameters;
pub mod payment_intents;
pub mod payment_methods;
pub mod refunds;

pub use answer::{error, unrecognized};
pub use caller::{Caller, authenticate};
