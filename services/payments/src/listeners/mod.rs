//! What payments hears: one file per stream.

mod orders;

pub use orders::Orders;
