//! `stack`'s commands on a running stack.

use std::process::Command;

use crate::harness::{Stack, stack_binary};

#[test]
fn status_lists_every_job() {
    let printed = Stack::get().stack(&["status"]);
    for job in ["auth", "postgres", "redis", "traefik"] {
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
        let output = Command::new(stack_binary())
            .args(&arguments)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(told), "{arguments:?}: {complaint}");
    }
}
