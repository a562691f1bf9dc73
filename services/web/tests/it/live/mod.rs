//! `GET /live`: events of real streams, in the form in which relays write them.

mod coming_back;
mod listener;
mod redis;
mod sessions;
mod slow;
mod streams;
mod telling;

pub use self::{listener::Listener, streams::Streams};
