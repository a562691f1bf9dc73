//! What other services ask, on the admin port: see `ticketing_contracts::internal`.

pub mod close;
pub mod inventory;
pub mod payments;

use ticketing_http::{Problem, internal::Caller};

/// Each route is for one service.
///
/// # Errors
/// 403 for the others.
fn only(caller: Caller, service: &str) -> Result<(), Problem> {
    if caller.0 == service {
        Ok(())
    } else {
        Err(Problem::forbidden(format!("Only {service} may ask that")))
    }
}
