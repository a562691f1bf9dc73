//! Brings the whole platform up on one machine: agents, engines and services as Nomad jobs.
//!
//! A *stack* is one Consul agent, one Nomad agent and the jobs they run, with a state folder and
//! ports of its own; several can run side by side. [`commands`] is what a user can ask for, the
//! other modules are what the commands are made of.

pub mod agents;
pub mod build;
pub mod cli;
pub mod commands;
pub mod consul;
pub mod deploy;
pub mod jobs;
pub mod leftovers;
pub mod nomad;
pub mod ports;
pub mod process;
pub mod progress;
pub mod secrets;
pub mod services;
pub mod stack;
pub mod state;
pub mod stripe;
pub mod task_logs;
pub mod terminal;
pub mod tools;
pub mod variables;
