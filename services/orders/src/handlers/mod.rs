//! Parse, call, respond: one file per route.

pub mod cancel;
pub mod create;
pub mod internal;
pub mod list;
pub mod sales;
pub mod show;

mod form;
mod query;
