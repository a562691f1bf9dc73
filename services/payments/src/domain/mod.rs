//! What may become of a payment: without I/O, without a clock.

mod finding;
mod payment;
mod refusal;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use finding::Finding;
pub use payment::{Attempt, Failure, Method, Payment, Refund, State};
pub use refusal::Refusal;
