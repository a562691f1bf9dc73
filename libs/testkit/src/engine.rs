//! A server process that ends with the test process, however that ends.
//!
//! Between the two stands a shell that waits for its standard input to close. The kernel
//! closes it when the test process is gone (returned, panicked or killed), and the shell then ends
//! the server and removes its folder. A `Drop` alone would not run for a static or after a SIGKILL.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::{Pid, User},
};

pub use crate::machine::{folder, free_port, run, unprivileged};

/// How long a server may take to start, or to end.
const DEADLINE: Duration = Duration::from_secs(60);

/// `$1` is the folder to remove at the end, the rest the server's command line. Starts the server,
/// and again for every line that it reads; tells the pid each time.
const KEEPER: &str = r#"
# The kernel hangs up on a process group that has a stopped process when nobody is left to wake it.
trap : HUP
folder=$1; shift
start() { "$@" >>"$folder/log" 2>&1 </dev/null & server=$!; echo "$server"; }
start "$@"
while read -r _; do
  wait "$server" 2>/dev/null
  start "$@"
done
# Children as well: frozen ones would not notice that the server is gone.
read -r children 2>/dev/null <"/proc/$server/task/$server/children"
kill -KILL "$server" $children 2>/dev/null
wait "$server" 2>/dev/null
# Once more for what its children's children were about to write.
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
"#;

/// A running server.
#[derive(Debug)]
pub struct Engine {
    keeper: Mutex<Keeper>,
    port: u16,
    folder: PathBuf,
}

/// The shell in between. Closing its input ends the server.
#[derive(Debug)]
struct Keeper {
    _shell: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    server: Pid,
}

impl Engine {
    /// Starts `command` and waits until it listens on `port`. `folder` becomes the engine's: it holds
    /// the server's log and is removed at the end.
    ///
    /// # Errors
    /// When it can't be started or does not listen; the error holds its log.
    pub fn start(
        command: &[String],
        port: u16,
        folder: PathBuf,
        user: Option<&User>,
    ) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .args(command);
        // Ctrl-C goes to the terminal's foreground group; the engine ends when the tests have.
        shell
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(user) = user {
            shell
                .uid(user.uid.as_raw())
                .gid(user.gid.as_raw())
                .current_dir(&folder);
        }
        let mut shell = shell.spawn().context("sh could not be started")?;
        let input = shell.stdin.take().context("the keeper has no input")?;
        let mut output = BufReader::new(shell.stdout.take().context("the keeper has no output")?);
        let server = read_pid(&mut output)?;
        let keeper = Mutex::new(Keeper {
            _shell: shell,
            input,
            output,
            server,
        });
        let engine = Self {
            keeper,
            port,
            folder,
        };
        engine.wait_until_listening()?;
        Ok(engine)
    }

    /// Stops the server and its child processes without ending them: connections stay open and
    /// nothing answers.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&self) -> anyhow::Result<()> {
        // The parent first: while it stands still it starts no child.
        self.signal(Signal::SIGSTOP)?;
        self.signal_children(Signal::SIGSTOP)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal_children(Signal::SIGCONT)?;
        self.signal(Signal::SIGCONT)
    }

    /// Ends the server by `signal`, and waits until it has gone.
    ///
    /// # Errors
    /// When it has ended already, or does not end.
    pub fn end(&self, signal: Signal) -> anyhow::Result<()> {
        self.signal(signal)?;
        let started = Instant::now();
        while self.is_running() {
            ensure!(
                started.elapsed() < DEADLINE,
                "the server does not end on {signal}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Starts a server that has ended once more, with what it left in its folder.
    ///
    /// # Errors
    /// When it can't be started or does not listen; the error holds its log.
    pub fn start_again(&self) -> anyhow::Result<()> {
        {
            let mut keeper = self.keeper();
            writeln!(keeper.input)?;
            keeper.server = read_pid(&mut keeper.output)?;
        }
        self.wait_until_listening()
    }

    /// Waits until `ready` says that the server is `what`.
    ///
    /// # Errors
    /// When the server ends before, or a minute has gone by; the error holds its log.
    pub fn wait_until(&self, what: &str, ready: impl Fn() -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while !ready() {
            if !self.is_running() || started.elapsed() > DEADLINE {
                bail!("the server is not {what}; its log:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Whether the server has not ended. One that is frozen runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        // A zombie has ended: the keeper reaps it when it is next asked.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.keeper().server));
        stat.unwrap_or_default()
            .rsplit_once(')')
            .is_some_and(|(_, state)| !state.trim_start().starts_with('Z'))
    }

    /// Where it keeps its log and its data. The folder outlives the server, not the engine.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the server has printed since it was first started.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        // The pid of one that has ended stays a zombie's, which takes every signal.
        ensure!(self.is_running(), "the server has ended");
        Ok(kill(self.keeper().server, signal)?)
    }

    /// Postgres has a child per connection, and none of them is in its process group.
    fn signal_children(&self, signal: Signal) -> anyhow::Result<()> {
        let server = self.keeper().server;
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        for child in children.split_whitespace() {
            match kill(Pid::from_raw(child.parse()?), signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn wait_until_listening(&self) -> anyhow::Result<()> {
        self.wait_until(&format!("listening on port {}", self.port), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        })
    }
}

fn read_pid(output: &mut BufReader<ChildStdout>) -> anyhow::Result<Pid> {
    let mut pid = String::new();
    output.read_line(&mut pid)?;
    Ok(Pid::from_raw(
        pid.trim().parse().context("the keeper told no pid")?,
    ))
}
