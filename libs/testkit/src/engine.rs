//! A server process that ends with the test process, however that ends.
//!
//! Between the two stands a shell that waits for its standard input to close. The kernel
//! closes it when the test process is gone (returned, panicked or killed), and the shell then ends
//! the server and removes its folder. A `Drop` alone would not run for a static or after a SIGKILL.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};

/// How long a server may take to listen.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// `$1` is the folder to remove at the end, the rest the server's command line. Starts the server,
/// and again for every line that it reads; tells the pid each time.
const KEEPER: &str = r#"
folder=$1; shift
start() { "$@" >>"$folder/log" 2>&1 </dev/null & server=$!; echo "$server"; }
start "$@"
while read -r _; do
  wait "$server" 2>/dev/null
  start "$@"
done
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$folder"
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

    /// Stops the server without ending it: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it is gone.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Ends the server by `signal`, and waits until it has gone.
    ///
    /// # Errors
    /// When it is gone already, or does not go.
    pub fn end(&self, signal: Signal) -> anyhow::Result<()> {
        self.signal(signal)?;
        let started = Instant::now();
        while is_running(self.keeper().server) {
            ensure!(
                started.elapsed() < START_DEADLINE,
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

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill(self.keeper().server, signal)?)
    }

    fn wait_until_listening(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if !is_running(self.keeper().server) || started.elapsed() > START_DEADLINE {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!(
                    "the server does not listen on port {}; its log:\n{log}",
                    self.port
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

fn read_pid(output: &mut BufReader<ChildStdout>) -> anyhow::Result<Pid> {
    let mut pid = String::new();
    output.read_line(&mut pid)?;
    Ok(Pid::from_raw(
        pid.trim().parse().context("the keeper told no pid")?,
    ))
}

/// A zombie has ended: the keeper reaps it when it is next asked.
fn is_running(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, state)| !state.trim_start().starts_with('Z'))
}

/// A port that is free, and stays so while its server is down: below 32768, where Linux begins to
/// hand out ports for outgoing connections, and handed out once per process.
///
/// # Errors
/// When there is none.
pub fn free_port() -> anyhow::Result<u16> {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 4_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes begin at different places.
    let start = u16::try_from(std::process::id() % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(step) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port")
}

/// A new folder for an engine, owned by `user` if one is given.
///
/// # Errors
/// When it can't be made.
pub fn folder(user: Option<&User>) -> anyhow::Result<PathBuf> {
    let folder = tempfile::Builder::new()
        .prefix("ticketing-test-")
        .tempdir()?
        .keep();
    if let Some(user) = user {
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(folder)
}

/// Whom a server that refuses to run as root runs as: `name` if we are root, else ourselves.
///
/// # Errors
/// When there is no such user.
pub fn unprivileged(name: &str) -> anyhow::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = User::from_name(name)?.with_context(|| format!("there is no user {name}"))?;
    Ok(Some(user))
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it can't be started or fails; the error holds what it printed.
pub fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command
        .output()
        .with_context(|| format!("{name} could not be started"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name} failed:\n{printed}{complaint}"
    );
    Ok(printed)
}
