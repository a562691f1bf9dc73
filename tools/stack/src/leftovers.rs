//! What is left when Nomad could not end its tasks itself: it was killed, or the machine was reset.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::{process::Process, state::State};

/// The variable in the agents' environment that tells which stack they and their children are of.
pub(crate) const MARK: &str = "TICKETING_AGENT_OF";

const ENDED_WITHIN: Duration = Duration::from_secs(15);

/// Ends the tasks that still run, then takes Nomad's mounts and data away.
///
/// # Errors
/// When Nomad's data can't be removed.
pub async fn clear(state: &State) -> Result<()> {
    let postmaster = postmaster(state);
    if let Some(postmaster) = postmaster {
        // Fast shutdown, as the job file has it; SIGTERM would wait for every client.
        postmaster.end(Signal::SIGINT, ENDED_WITHIN).await;
    }
    for process in left(state) {
        process.signal(Signal::SIGTERM);
    }
    for process in left(state) {
        process.end(Signal::SIGTERM, ENDED_WITHIN).await;
    }
    for mount in mounts_below(&state.nomad()) {
        // Secrets are on a tmpfs of their own. One that stays makes the removal fail, by name.
        let _ = Command::new("umount").arg(&mount).status();
    }
    match fs::remove_dir_all(state.nomad()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove {}", state.nomad().display()))
        }
        _ => Ok(()),
    }
}

/// Postgres, by the number that it writes down.
fn postmaster(state: &State) -> Option<Process> {
    let cluster = state.data("postgres").join("cluster");
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let process = Process::running(text.lines().next()?.trim().parse().ok()?)?;
    is_engine(process, state, "postgres").then_some(process)
}

/// Postgres and Redis write their titles over their environment: they are known by their program
/// and by the folder that they work in. (By the folder alone, a user's shell would be as well.)
fn is_engine(process: Process, state: &State, engine: &str) -> bool {
    let link = |name| fs::read_link(format!("/proc/{}/{name}", process.pid()));
    let (Ok(folder), Ok(program)) = (link("cwd"), link("exe")) else {
        return false;
    };
    let of_engine = program
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(engine.as_bytes()));
    of_engine && folder.starts_with(state.data(engine))
}

/// The processes that an agent of this stack started, and the agents: all inherit the mark.
fn left(state: &State) -> Vec<Process> {
    let mark = [MARK.as_bytes(), b"=", state.root().as_os_str().as_bytes()].concat();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Process::running)
        .filter(|process| {
            let environment = fs::read(format!("/proc/{}/environ", process.pid()));
            environment.is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == mark))
                || ["postgres", "redis"]
                    .iter()
                    .any(|engine| is_engine(*process, state, engine))
        })
        .collect()
}

/// The deepest come first.
fn mounts_below(folder: &Path) -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut mounts: Vec<PathBuf> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(|path| PathBuf::from(path.replace("\\040", " ")))
        .filter(|path| path.starts_with(folder))
        .collect();
    mounts.sort_by(|a, b| b.cmp(a));
    mounts
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[tokio::test]
    async fn what_carries_the_mark_is_ended_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("stack-left-{:x}", rand::random::<u64>()));
        let state = State::at(folder.clone());
        let sleep = |mark: &Path| {
            let mut command = Command::new("sleep");
            command
                .arg("60")
                .env(MARK, mark)
                .stdin(Stdio::null())
                .spawn()
                .expect("sleep")
        };
        let (mut ours, mut foreign) = (sleep(&folder), sleep(&folder.join("other")));
        clear(&state).await.expect("cleared");
        assert!(ours.try_wait().expect("a status").is_some());
        assert!(foreign.try_wait().expect("a status").is_none());
        foreign.kill().expect("killed");
        foreign.wait().expect("ended");
    }
}
