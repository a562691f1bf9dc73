//! The folder that holds everything a stack leaves on disk.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, TryLockError},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};
use sha2::{Digest, Sha256};

use crate::{services::SIMULATOR, terminal};

/// A stack's state folder.
#[derive(Clone, Debug)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// The state in this folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of the checkout at `checkout`: `TICKETING_STATE`, or else one named after the
    /// checkout's path, so that two checkouts do not share their data.
    ///
    /// # Errors
    /// When there is no home folder to put it in.
    pub fn locate(checkout: &Path) -> Result<Self> {
        let root = match std::env::var_os("TICKETING_STATE").filter(|value| !value.is_empty()) {
            Some(explicit) => std::path::absolute(explicit)?,
            None => parent_folder()?.join(short_hash(checkout)),
        };
        Ok(Self { root })
    }

    /// A folder of its own for a stack that is thrown away, told apart by `id`.
    ///
    /// # Errors
    /// When there is no home folder to put it in.
    pub fn throwaway(checkout: &Path, id: &str) -> Result<Self> {
        Ok(Self {
            root: parent_folder()?.join(format!("{}-exec-{id}", short_hash(checkout))),
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Copies of the services' binaries, named by content.
    #[must_use]
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// The agents' logs, and those of tasks that failed.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The data of an engine, or of the simulator.
    #[must_use]
    pub fn data(&self, engine: &str) -> PathBuf {
        self.root.join(engine)
    }

    /// Nomad's data: allocations, and the tasks' output.
    #[must_use]
    pub fn nomad(&self) -> PathBuf {
        self.root.join("nomad")
    }

    /// The stack's secrets, readable by its owner only.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.root.join("secrets.json")
    }

    /// How many instances of which service were asked for.
    #[must_use]
    pub fn scale(&self) -> PathBuf {
        self.root.join("scale.json")
    }

    /// The process that an agent runs in.
    #[must_use]
    pub fn pid(&self, agent: &str) -> PathBuf {
        self.root.join(format!("{agent}.pid"))
    }

    /// Makes the folders. As root, others may enter (not list) the state: Postgres and Redis run
    /// as users of their own, and their data belongs to them.
    ///
    /// # Errors
    /// When a folder can't be made.
    pub fn create(&self) -> Result<()> {
        let mode = if Uid::effective().is_root() {
            0o711
        } else {
            0o700
        };
        for folder in [&self.root, &self.bin(), &self.nomad()] {
            make_folder(folder, mode)?;
        }
        make_folder(&self.logs(), 0o700)?;
        make_folder(&self.data(SIMULATOR.name), 0o700)?;
        for (engine, user) in [("postgres", "postgres"), ("redis", "redis")] {
            let folder = self.data(engine);
            make_folder(&folder, 0o700)?;
            if let Some(user) = task_user(user)? {
                chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).with_context(
                    || format!("{} can't be given to {}", folder.display(), user.name),
                )?;
            }
        }
        Ok(())
    }

    /// Waits until no other command is at work on this state, and keeps others out until the
    /// returned file is dropped.
    ///
    /// # Errors
    /// When the lock can't be had.
    pub async fn lock(&self) -> Result<File> {
        make_folder(
            &self.root,
            if Uid::effective().is_root() {
                0o711
            } else {
                0o700
            },
        )?;
        let path = self.root.join("lock");
        let file =
            File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                terminal::note("another command is at work on this stack; waiting for it");
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }

    /// Removes what earlier starts have logged.
    ///
    /// # Errors
    /// When a log can't be removed.
    pub fn clear_logs(&self) -> Result<()> {
        for log in fs::read_dir(self.logs())? {
            fs::remove_file(log?.path())?;
        }
        Ok(())
    }

    /// Removes the folder and everything in it.
    ///
    /// # Errors
    /// When something in it can't be removed.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.root) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("can't remove {}", self.root.display()))
            }
            _ => Ok(()),
        }
    }
}

/// The user that an engine's task runs as: its own when we are root, else ours (`None`).
///
/// # Errors
/// When we are root and there is no such user.
pub fn task_user(name: &str) -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let user = User::from_name(name)?;
    Ok(Some(user.with_context(|| {
        format!("there is no user {name}: run `./justw setup`")
    })?))
}

fn parent_folder() -> Result<PathBuf> {
    if Uid::effective().is_root() {
        return Ok(PathBuf::from("/var/lib/ticketing"));
    }
    let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let base = match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(state), _) => PathBuf::from(state),
        (None, Some(home)) => PathBuf::from(home).join(".local/state"),
        (None, None) => anyhow::bail!("neither TICKETING_STATE nor HOME is set"),
    };
    Ok(base.join("ticketing"))
}

fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn make_folder(path: &Path, mode: u32) -> Result<()> {
    if let Some(parent) = path.parent() {
        // Made by us or not, what lies above is entered by other users too.
        fs::create_dir_all(parent).with_context(|| format!("can't make {}", parent.display()))?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("can't make {}", path.display()))
        }
        _ => Ok(()),
    }
}
