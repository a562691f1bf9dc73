//! `stack`'s commands on a running stack.

use stack::services::all_jobs;
use ticketing_contracts::api::tickets::Ticket;

use crate::harness::{Stack, stack_command};

#[test]
fn status_lists_every_job() {
    let printed = Stack::get().stack(&["status"]);
    for job in all_jobs() {
        assert!(printed.contains(job), "{job} is not in\n{printed}");
    }
}

/// The same binary gives the same job: nothing is redeployed and no instance restarts.
#[tokio::test]
async fn up_again_changes_nothing() {
    let stack = Stack::get();
    let address = stack.passing("auth").await.pop().unwrap();
    let before = stack.pid_on(&address);
    stack.stack(&["up"]);
    assert_eq!(stack.pid_on(&address), before);
}

/// The demo seller's offers are there once, however often they are asked for.
#[tokio::test]
async fn a_demo_can_be_asked_for_again() {
    let stack = Stack::get();
    let printed = stack.stack(&["demo"]);
    // A test of pages may have asked for them before.
    assert!(
        printed.contains("+  20000 × Northern Lights Festival")
            || printed.contains(", 0 of them new"),
        "{printed}"
    );
    let again = stack.stack(&["demo"]);
    assert!(
        again.starts_with("demo@ticketing.dev offers 32 tickets, 0 of them new"),
        "{again}"
    );
    let found = stack.get_path("/api/tickets?q=northern+lights").await;
    let found: Vec<Ticket> = found.json().await.unwrap();
    let offered = found.iter().filter(|ticket| ticket.capacity == 20_000);
    assert_eq!(offered.count(), 1, "{found:?}");
}

#[test]
fn no_service_has_dead_letters() {
    let printed = Stack::get().stack(&["dlq", "list"]);
    for service in ["tickets", "orders", "expiration", "payments"] {
        assert!(
            printed.contains(&format!("no dead letters in {service}")),
            "{printed}"
        );
    }
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    for (arguments, told) in [
        (
            vec!["restart", "auht"],
            "no job auht; there is: postgres, redis, traefik, auth",
        ),
        (
            vec!["scale", "postgres", "2"],
            "no service postgres; there is: auth",
        ),
        (vec!["scale", "auth", "many"], "many"),
        (vec!["logs", "mysql"], "no job mysql"),
    ] {
        let output = stack_command().args(&arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(told), "{arguments:?}: {complaint}");
    }
}
