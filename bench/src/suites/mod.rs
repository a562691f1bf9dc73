//! One file per `just bench NAME`.

pub mod auth;
pub mod events;
pub mod expiry;
pub mod on_sale;
pub mod pages;
pub mod purchases;
