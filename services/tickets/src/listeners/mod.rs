//! What others report: one file per event.

pub mod inventory_updated;
