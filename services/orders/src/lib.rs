//! Orders: what buyers hold, and what has been sold.

pub mod domain;
pub mod reservation;
pub mod store;
