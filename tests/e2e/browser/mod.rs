//! The pages, used by people: a real Chromium through Traefik.
//!
//! Everything is found as a person finds it, by what it is and how it is called. A browser that has ended
//! without a complaint has had no error on any page and no breach of a page's policy; `pages` looks at every
//! page in every state, and is what `just screenshots` draws.

mod chromium;
mod controls;
mod expiry;
mod keyboard;
mod language;
mod live;
mod pages;
mod paying;
mod phone;
mod purchase;
mod rivalry;
mod selling;
mod signing_out;
mod steps;
mod without_script;
mod zones;
