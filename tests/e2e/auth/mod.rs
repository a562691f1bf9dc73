//! auth through Traefik.

mod instances;
mod rotation;
mod session;
