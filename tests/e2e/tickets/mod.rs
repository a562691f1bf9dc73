//! tickets through Traefik.

mod browsing;
mod selling;
