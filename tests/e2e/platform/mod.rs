//! What all services stand on.

mod commands;
mod jobs;
mod secrets;
mod traefik;
