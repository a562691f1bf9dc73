//! One file per route.

pub mod config;
pub mod create;
pub mod list;
mod path;
pub mod show;
pub mod webhook;
