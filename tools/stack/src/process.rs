//! Processes that outlive the command that started them.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

const POLL: Duration = Duration::from_millis(50);

/// A process that is told apart from a later one with the same number by the time it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    pid: i32,
    /// In clock ticks since boot, as in `/proc/PID/stat`.
    started: u64,
}

impl Process {
    /// The process that has this number now.
    #[must_use]
    pub fn running(pid: i32) -> Option<Self> {
        started(pid).map(|started| Self { pid, started })
    }

    /// The process that was recorded in a file, if it was and still runs.
    #[must_use]
    pub fn recorded(file: &Path) -> Option<Self> {
        let process: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        process.is_alive().then_some(process)
    }

    /// Writes it down for [`Process::recorded`].
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn record(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_vec(self)?)
            .with_context(|| format!("can't write {}", file.display()))
    }

    /// Whether this very process still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        started(self.pid) == Some(self.started)
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Sends a signal, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if self.is_alive() {
            // It may have ended in between, which is as well.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// Ends it: asks by `signal`, and after `deadline` insists.
    pub async fn end(&self, signal: Signal, deadline: Duration) {
        self.signal(signal);
        if !self.ends_within(deadline).await {
            self.signal(Signal::SIGKILL);
            self.ends_within(Duration::from_secs(5)).await;
        }
    }

    async fn ends_within(&self, deadline: Duration) -> bool {
        let started = Instant::now();
        while self.is_alive() {
            if started.elapsed() >= deadline {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }
}

/// When the process started; nothing for one that has ended, be it waited for or not.
fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything, parentheses too.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    // Field 22; the state was field 3.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn own_pid() -> i32 {
        i32::try_from(std::process::id()).expect("a pid")
    }

    #[test]
    fn a_reused_number_is_not_the_recorded_process() {
        let mut process = Process::running(own_pid()).expect("this process");
        assert!(process.is_alive());
        process.started += 1;
        assert!(!process.is_alive());
    }

    #[tokio::test]
    async fn a_process_is_ended_and_known_to_be() {
        let mut child = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::null())
            .spawn()
            .expect("sleep");
        let pid = i32::try_from(child.id()).expect("a pid");
        let process = Process::running(pid).expect("the child");
        process.end(Signal::SIGTERM, Duration::from_secs(5)).await;
        assert!(!process.is_alive(), "a zombie counts as ended");
        child.wait().expect("its end");
        assert_eq!(Process::running(pid), None);
    }

    #[test]
    fn a_record_that_makes_no_sense_is_no_process() {
        let file = std::env::temp_dir().join(format!("stack-pid-{}", own_pid()));
        assert_eq!(Process::recorded(&file), None);
        fs::write(&file, "{").expect("a file");
        assert_eq!(Process::recorded(&file), None);
        let process = Process::running(own_pid()).expect("this process");
        process.record(&file).expect("recorded");
        assert_eq!(Process::recorded(&file), Some(process));
        fs::remove_file(&file).expect("removed");
    }
}
