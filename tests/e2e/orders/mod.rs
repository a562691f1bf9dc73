//! orders through Traefik.

mod crossing;
mod flow;
mod repeats;
mod rush;
