//! What may become of orders and stock. Pure: no clock, no I/O.
//!
//! [`Book`] decides a batch of [`Command`]s, one after the other, over the [`Stock`] and the [`Order`]s
//! that were locked for it.

mod book;
mod command;
mod order;
mod payment;
mod refusal;
mod stock;

pub use book::{Book, Changed, Changes, Placed, Request};
pub use command::{Answer, Command, Hold, Rules};
pub use order::{Item, Order, State, Step};
pub use payment::{Payment, PaymentStatus};
pub use refusal::Refusal;
pub use stock::{NextRelease, Stock};
