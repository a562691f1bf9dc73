//! The processes of this stack, and no others.

use std::{
    fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
};

use futures::FutureExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ticketing_testkit::eventually_within;

use super::{RECOVERED_WITHIN, Stack};

impl Stack {
    /// The process that serves on `address`, unless it is just being replaced.
    pub fn pid_on(&self, address: &str) -> Option<i32> {
        pids().find(|pid| environment_has(*pid, &format!("HTTP_ADDRESS={address}")))
    }

    /// The processes that run a service of this stack: its binary is a copy in the state folder.
    pub fn pids_of(&self, service: &str) -> Vec<i32> {
        let task = format!("NOMAD_TASK_NAME={service}");
        let ours = |pid: &i32| {
            link(*pid, "exe").is_some_and(|exe| exe.starts_with(self.state.join("bin")))
                && environment_has(*pid, &task)
        };
        pids().filter(ours).collect()
    }

    /// Waits until all processes of a service have these settings, and none is left that has others.
    pub async fn all_run_with(&self, service: &str, settings: &[(&str, &str)]) {
        let settings: Vec<_> = settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let what = format!("{service} runs with {settings:?} only");
        eventually_within(RECOVERED_WITHIN, &what, async || {
            let pids = self.pids_of(service);
            let has_all = |pid: &i32| settings.iter().all(|one| environment_has(*pid, one));
            (!pids.is_empty() && pids.iter().all(has_all)).then_some(())
        })
        .await;
    }

    /// The engine's main process: the one that works in this stack's folder and is nobody's of the
    /// same program. (Both write their titles over their environment.)
    pub fn pid_of_engine(&self, engine: &str) -> Option<i32> {
        if engine == "postgres" {
            let file = self.state.join("postgres/cluster/postmaster.pid");
            let pid: i32 = fs::read_to_string(file)
                .ok()?
                .lines()
                .next()?
                .trim()
                .parse()
                .ok()?;
            return runs(pid, "postgres", &self.state.join(engine)).then_some(pid);
        }
        let folder = self.state.join(engine);
        pids().find(|pid| runs(*pid, engine, &folder))
    }
}

/// Does something while a process stands still: connections stay open and nothing answers.
pub async fn frozen<T>(pid: i32, work: impl Future<Output = T>) -> T {
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    let done = AssertUnwindSafe(work).catch_unwind().await;
    kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Ends a process as the kernel would that runs out of memory. Whether it was still there.
pub fn kill_at_once(pid: i32) -> bool {
    kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok()
}

fn runs(pid: i32, program: &str, folder: &Path) -> bool {
    let named = link(pid, "exe").and_then(|exe| Some(exe.file_name()?.to_owned()));
    named.is_some_and(|name| name.as_encoded_bytes().starts_with(program.as_bytes()))
        && link(pid, "cwd").is_some_and(|cwd| cwd.starts_with(folder))
}

fn pids() -> impl Iterator<Item = i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn link(pid: i32, name: &str) -> Option<std::path::PathBuf> {
    fs::read_link(format!("/proc/{pid}/{name}")).ok()
}

fn environment_has(pid: i32, variable: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|one| one == variable.as_bytes())
}
