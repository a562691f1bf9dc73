//! What services ask each other on their admin ports, each with a token of its own.
//!
//! The callee knows the tokens of those who may call it ([`Callers`]); the caller finds the callee's
//! admin port through Consul ([`Peer`]).

mod callers;
mod peer;

pub use callers::{Caller, Callers};
pub use peer::{Peer, PeerError, ServiceToken};

/// The name under which a service's admin port is registered in Consul.
#[must_use]
pub fn admin_service(name: &str) -> String {
    format!("{name}-admin")
}
