//! What a test asks of the machine it runs on.

use std::{
    fs::{self, File, TryLockError},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};

use anyhow::{Context, bail, ensure};
use nix::unistd::{User, geteuid};

/// A port that is free, and stays so while its server is down: below 32768, where Linux begins to
/// hand out ports for outgoing connections, and nobody else's until this process ends.
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
        if is_ours(port)? && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port")
}

/// Takes the port for this process, unless another one has it. That it could be bound says little: the
/// other one's server may be about to start, or down for a moment. Two test runs would then share a
/// server, and each find what only the other has sent.
fn is_ours(port: u16) -> anyhow::Result<bool> {
    static TAKEN: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join(format!("ticketing-test-ports-{}", geteuid()));
    fs::create_dir_all(&folder)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(folder.join(port.to_string()))?;
    match file.try_lock() {
        Ok(()) => {
            let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
            taken.push(file);
            Ok(true)
        }
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
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
