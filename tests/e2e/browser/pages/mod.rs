//! Every page in every state that it has, looked at in light and dark, on a desk and on a phone.
//!
//! `just screenshots` runs this module on a stack of its own, and each look becomes a picture. Tests run in the
//! order of their names: nothing is on sale but the demo's offers when `home` begins.

mod accounts;
mod documents;
mod home;
mod order;
mod orders;
mod refusals;
mod sell;
mod selling;
mod ticket;
