//! One file per route.

pub mod config;
pub mod create;
pub mod list;
pub mod show;
pub mod webhook;
