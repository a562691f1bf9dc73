//! Who has which port.

use std::{collections::HashSet, env, process::Command};

use nix::unistd::geteuid;
use ticketing_testkit::engine::free_port;

/// Whether a process that is not this one could take it.
fn could_be_taken(port: u16) -> bool {
    let folder = env::temp_dir().join(format!("ticketing-test-ports-{}", geteuid()));
    let mut take = Command::new("flock");
    take.arg("--nonblock").arg(folder.join(port.to_string()));
    take.arg("true").status().unwrap().success()
}

/// Though nothing listens there yet, or not for the moment.
#[test]
fn a_port_is_nobody_elses_while_the_process_lives() {
    let ports: Vec<_> = (0..20).map(|_| free_port().unwrap()).collect();
    assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 20);
    assert!(!ports.iter().any(|port| could_be_taken(*port)));
}
