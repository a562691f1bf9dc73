//! What all services stand on.

mod api;
mod commands;
mod jobs;
mod limits;
mod rollout;
mod secrets;
mod start;
mod traefik;
