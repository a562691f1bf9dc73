//! Programs that are ended, by the test or with it.

use std::{env, fs, process::Command, time::Duration};

use nix::sys::signal::Signal;
use ticketing_testkit::{Postgres, Process, eventually, eventually_within};

/// In the environment of a test that runs to be killed.
const INSIDE: &str = "TESTKIT_INSIDE";
/// Longer than it takes to be killed.
const LONG: Duration = Duration::from_secs(300);

const WAITS: &str = "sleep 600 & echo $!; wait";
const ENDS_WELL: &str = "trap 'echo bye >&2; exit 7' TERM; echo up; while :; do sleep 0.01; done";

fn shell(script: &str) -> Process {
    Process::start(Command::new("sh").args(["-c", script])).unwrap()
}

async fn first_line(process: &Process) -> String {
    eventually("it prints a line", async || {
        let log = process.log();
        Some(log.split_once('\n')?.0.to_owned())
    })
    .await
}

/// `R`, `S`, `T` and so on, as `ps` shows it; none when it has gone.
fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

async fn becomes(pid: &str, expected: char) {
    let what = format!("its state is {expected}");
    eventually(&what, async || (state(pid)? == expected).then_some(())).await;
}

async fn ends(pid: &str) {
    eventually("the process ends", async || {
        matches!(state(pid), None | Some('Z')).then_some(())
    })
    .await;
}

#[tokio::test]
async fn it_runs_the_command_as_that_stands() {
    let mut command = Command::new("/usr/bin/env");
    let process = Process::start(command.env_clear().env("NAME", "value")).unwrap();
    eventually("it ends", async || (!process.is_running()).then_some(())).await;
    assert_eq!(process.log(), "NAME=value\n");
    let error = process.kill().unwrap_err().to_string();
    assert!(error.contains("NAME=value"), "{error}");
}

#[test]
fn a_program_that_is_missing_is_named() {
    let error = Process::start(&mut Command::new("no-such-program")).unwrap_err();
    assert_eq!(error.to_string(), "no-such-program could not be started");
}

#[tokio::test]
async fn it_ends_by_itself_when_asked_to() {
    let process = shell(ENDS_WELL);
    assert_eq!(first_line(&process).await, "up");
    assert!(process.is_running());
    assert_eq!(process.end(Signal::SIGTERM).unwrap(), Some(7));
    assert!(!process.is_running());
    assert!(process.log().contains("bye"), "{}", process.log());
}

#[tokio::test]
async fn it_is_killed_with_what_it_has_started() {
    let process = shell(WAITS);
    let child = first_line(&process).await;
    process.freeze().unwrap();
    process.kill().unwrap();
    assert!(!process.is_running());
    ends(&child).await;
}

#[tokio::test]
async fn it_stands_still_while_it_is_frozen() {
    let process = Process::start(Command::new("sleep").arg("600")).unwrap();
    let pid = process.pid().to_string();
    process.freeze().unwrap();
    becomes(&pid, 'T').await;
    assert!(process.is_running());
    process.thaw().unwrap();
    becomes(&pid, 'S').await;
    assert_eq!(process.end(Signal::SIGTERM).unwrap(), None);
}

#[tokio::test]
async fn a_dropped_process_is_gone() {
    let process = shell(WAITS);
    let (pid, child) = (process.pid().to_string(), first_line(&process).await);
    drop(process);
    assert_eq!(state(&pid), None, "it is reaped");
    ends(&child).await;
}

/// Runs the test of that name once more, in a process of its own that can be killed, and returns the
/// pid that it prints there.
async fn run_inside(test: &str) -> (Process, String) {
    let mut tests = Command::new(env::current_exe().unwrap());
    tests.args([test, "--exact", "--quiet", "--nocapture"]);
    let tests = Process::start(tests.env(INSIDE, "1")).unwrap();
    // It may have to start an engine first.
    let limit = Duration::from_secs(120);
    let pid = eventually_within(limit, "it prints a pid", async || {
        let log = tests.log();
        let pid = log.lines().find(|line| line.parse::<u32>().is_ok())?;
        Some(pid.to_owned())
    })
    .await;
    (tests, pid)
}

#[tokio::test]
async fn a_process_ends_with_the_test_process() {
    if env::var_os(INSIDE).is_some() {
        let process = shell(WAITS);
        println!("{}", first_line(&process).await);
        return std::thread::sleep(LONG);
    }
    let (tests, child) = run_inside("process::a_process_ends_with_the_test_process").await;
    assert!(state(&child).is_some());
    tests.kill().unwrap();
    ends(&child).await;
}

#[tokio::test]
async fn a_frozen_engine_ends_with_the_test_process() {
    if env::var_os(INSIDE).is_some() {
        let postgres = Postgres::start().unwrap();
        let client = postgres.schema("mine").unwrap().superuser().await;
        let row = client.query_one("SELECT pg_backend_pid()::text", &[]).await;
        postgres.engine.freeze().unwrap();
        println!("{}", row.unwrap().get::<_, String>(0));
        return std::thread::sleep(LONG);
    }
    let (tests, backend) = run_inside("process::a_frozen_engine_ends_with_the_test_process").await;
    becomes(&backend, 'T').await;
    tests.kill().unwrap();
    ends(&backend).await;
}
