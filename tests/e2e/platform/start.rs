//! `stack up` that can't start: it says why, and leaves nothing behind. Each test has a stack of its
//! own, beside the shared one.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use stack::process::Process;
use ticketing_testkit::engine::{folder, free_port};

use crate::harness::stack_command;

/// As many as Nomad must be given for services.
const DYNAMIC: u16 = 100;
const FIXED: [&str; 11] = [
    "TRAEFIK_WEB_PORT",
    "TRAEFIK_ADMIN_PORT",
    "POSTGRES_PORT",
    "REDIS_PORT",
    "STRIPE_SIM_PORT",
    "CONSUL_HTTP_PORT",
    "CONSUL_SERVER_PORT",
    "CONSUL_SERF_PORT",
    "NOMAD_HTTP_PORT",
    "NOMAD_RPC_PORT",
    "NOMAD_SERF_PORT",
];

/// A stack that has never run.
struct Fresh {
    state: PathBuf,
    ports: Vec<(&'static str, u16)>,
}

impl Fresh {
    fn new() -> Self {
        let mut ports: Vec<_> = FIXED
            .into_iter()
            .map(|setting| (setting, free_port().unwrap()))
            .collect();
        // Between what free_port() gives and the range of `ports.env`.
        let first = (19_000..20_900)
            .find(|first| (*first..first + DYNAMIC).all(is_free))
            .unwrap();
        ports.push(("DYNAMIC_PORT_MIN", first));
        ports.push(("DYNAMIC_PORT_MAX", first + DYNAMIC - 1));
        Self {
            state: folder(None).unwrap(),
            ports,
        }
    }

    fn port(&self, setting: &str) -> u16 {
        let port = self.ports.iter().find(|(name, _)| *name == setting);
        port.unwrap().1
    }

    fn command(&self, name: &str) -> Command {
        let mut command = stack_command();
        command.arg(name).env("TICKETING_STATE", &self.state);
        // Those of the shared stack are in the environment.
        for (setting, port) in &self.ports {
            command.env(setting, port.to_string());
        }
        command
    }

    /// What `up` complains of.
    fn fails(&self, up: &mut Command) -> String {
        let output = up.output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(self.processes(), Vec::<String>::new());
        String::from_utf8(output.stderr).unwrap()
    }

    fn down(&self) {
        let output: Output = self.command("down").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// The command lines of what was started for it: its folder is named there or in the
    /// environment.
    fn processes(&self) -> Vec<String> {
        let folder = self.state.to_str().unwrap();
        let names_it = |process: &Path| {
            let part = |name| fs::read(process.join(name)).unwrap_or_default();
            let command = String::from_utf8_lossy(&part("cmdline")).replace('\0', " ");
            let environment = part("environ");
            let named =
                command.contains(folder) || String::from_utf8_lossy(&environment).contains(folder);
            named.then_some(command)
        };
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| names_it(&entry.path()))
            .collect()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // A test that failed may have left something running; ended already, it does no harm.
        let _ = self.command("down").output();
        let _ = fs::remove_dir_all(&self.state);
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[test]
fn a_taken_port_is_named_with_its_setting_and_nothing_is_left() {
    for setting in ["TRAEFIK_WEB_PORT", "NOMAD_SERF_PORT"] {
        let stack = Fresh::new();
        let port = stack.port(setting);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let complaint = stack.fails(&mut stack.command("up"));
        assert!(
            complaint.contains(&format!("port {port} is taken")) && complaint.contains(setting),
            "{complaint}"
        );
        stack.down();
    }
}

/// The agents are starting by the time that cargo fails.
#[test]
fn what_was_started_before_a_failure_is_ended() {
    let stack = Fresh::new();
    let complaint = stack.fails(stack.command("up").env("CARGO_BUILD_JOBS", "none"));
    assert!(complaint.contains("the build failed"), "{complaint}");
    assert!(
        stack.state.join("logs/consul.log").exists(),
        "no agent was started: {complaint}"
    );
    stack.down();
}

#[test]
fn a_missing_tool_is_named_in_one_line() {
    let stack = Fresh::new();
    // A checkout that was never set up.
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../ports.env"),
        stack.state.join("ports.env"),
    )
    .unwrap();
    let complaint = stack.fails(stack.command("up").current_dir(&stack.state));
    assert_eq!(complaint, "error: consul is missing: run `./justw setup`\n");
}

/// Nomad stops the jobs when it is asked to; this one can't be asked.
#[test]
fn a_nomad_that_hangs_is_ended_with_all_that_it_started() {
    let stack = Fresh::new();
    let up = stack.command("up").output().unwrap();
    assert!(up.status.success(), "{up:?}");
    let nomad = Process::recorded(&stack.state.join("nomad.pid")).unwrap();
    kill(Pid::from_raw(nomad.pid()), Signal::SIGSTOP).unwrap();
    stack.down();
    assert_eq!(stack.processes(), Vec::<String>::new());
}
