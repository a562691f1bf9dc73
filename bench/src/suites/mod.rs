//! One file per `just bench NAME`.

pub mod auth;
