//! web over HTTP, with a real auth, tickets, orders and payments, a real Redis and the payment simulator.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod clients;
mod cookies;
mod docs;
mod failures;
mod forms;
mod found;
mod harness;
mod headers;
mod language;
mod live;
mod outages;
mod pages;
mod return_to;
mod wrong_input;
