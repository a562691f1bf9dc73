//! A program under test that ends with the test process, however that ends.
//!
//! Unlike an [`Engine`](crate::engine::Engine) it is the test's own child, started from a
//! [`Command`] as that stands. The shell beside it waits for its standard input to close, which the
//! kernel does when the test process is gone.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};

use crate::engine::folder;

/// How long a process may take to end.
const DEADLINE: Duration = Duration::from_secs(60);

/// `$1` is the folder to remove at the end. Reads the process's pid, and a second line once it has
/// ended: without that the process is killed, with all of its group.
const KEEPER: &str = r#"
if read -r pid; then
  read -r _ || kill -s KILL -- "-$pid"
fi
rm -rf "$1"
"#;

/// A running program. A signal goes to it and to what it has started itself.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Its own and its group's. Nobody else's, since it is reaped no earlier than on drop.
    pid: Pid,
    keeper: Child,
    folder: PathBuf,
}

impl Process {
    /// Starts `command`, with nothing to read and with its output in the log.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let folder = folder(None)?;
        let log = File::create(folder.join("log"))?;
        // First, so that it removes the folder when the command can't be started. Ctrl-C goes to the
        // terminal's foreground group; these two end when the tests have.
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("sh could not be started")?;
        let program = Path::new(command.get_program()).display().to_string();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{program} could not be started"))?;
        let pid = Pid::from_raw(child.id().try_into()?);
        let mut process = Self {
            child,
            pid,
            keeper,
            folder,
        };
        process.tell_keeper(&pid.to_string())?;
        Ok(process)
    }

    /// Kills it, and waits until it has gone.
    ///
    /// # Errors
    /// When it has ended already; the error holds its log.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.end(Signal::SIGKILL).map(drop)
    }

    /// Ends it by `signal`, and waits until it has gone. Returns its exit code, or none when the signal
    /// itself has ended it.
    ///
    /// # Errors
    /// When it has ended already, or does not end; the error holds its log.
    pub fn end(&self, signal: Signal) -> anyhow::Result<Option<i32>> {
        self.signal(signal)?;
        let started = Instant::now();
        loop {
            match self.status()? {
                WaitStatus::Exited(_, code) => return Ok(Some(code)),
                WaitStatus::Signaled(..) => return Ok(None),
                _ => ensure!(
                    started.elapsed() < DEADLINE,
                    "the process does not end on {signal}; its log:\n{}",
                    self.log()
                ),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it without ending it: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it has ended; the error holds its log.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a frozen process go on.
    ///
    /// # Errors
    /// When it has ended; the error holds its log.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended; the error holds its log.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        ensure!(
            self.is_running(),
            "the process has ended; its log:\n{}",
            self.log()
        );
        Ok(killpg(self.pid, signal)?)
    }

    /// Whether it has not ended. One that is frozen runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.status(), Ok(WaitStatus::StillAlive))
    }

    /// Its id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What it has printed, to its standard output and error.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn tell_keeper(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.keeper.stdin.as_mut();
        Ok(writeln!(
            input.context("the keeper has no input")?,
            "{line}"
        )?)
    }

    /// Asks, and does not reap.
    fn status(&self) -> nix::Result<WaitStatus> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(self.pid), flags)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = killpg(self.pid, Signal::SIGKILL);
        _ = self.tell_keeper("ended");
        _ = self.child.wait();
        // Closes its input, and waits until the folder is gone.
        _ = self.keeper.wait();
    }
}
