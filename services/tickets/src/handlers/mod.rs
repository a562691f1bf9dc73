//! Parse, call, respond: one file per route.

pub mod create;
pub mod edit;
pub mod list;
pub mod offer;
pub mod show;
pub mod withdraw;

mod conditions;
