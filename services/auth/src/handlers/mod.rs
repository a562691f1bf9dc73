//! Parse, call, respond: one file per route.

pub mod current_user;
pub mod jwks;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;

mod cookie;
