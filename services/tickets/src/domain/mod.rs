//! What a ticket is, and what may be done to it. Pure: no I/O, no clock.

pub mod page;
pub mod search;
pub mod stock;
pub mod ticket;

pub use page::PageRequest;
pub use search::Search;
pub use stock::Stock;
pub use ticket::{Expected, Refused, Ticket};
