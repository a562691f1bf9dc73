//! payments over HTTP and by its events, on a real Postgres, a real Redis and a real orders, with the
//! payment simulator in Stripe's place.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod begin;
mod crashes;
mod declines;
mod docs;
mod gateway;
mod harness;
mod late;
mod listeners;
mod migrations;
mod repeats;
mod resync;
mod show;

mod stripe_faults;
mod three_d_secure;
mod together;
mod webhook;
