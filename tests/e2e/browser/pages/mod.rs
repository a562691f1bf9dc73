//! Every page in every state that it has, looked at in light and dark, on a desk and on a phone.
//!
//! `just screenshots` runs this module on a stack of its own, and each look becomes a picture.

mod accounts;
mod documents;
mod failures;
mod home;
mod order;
mod orders;
mod sell;
mod selling;
mod ticket;
