//! Builds the services and keeps a copy of each binary under a name that tells its content.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::{services::Service, stack::Stack};

/// How many copies of a service are kept: the running one, and those a rollout may go back to.
const KEPT: usize = 3;

/// Cargo's profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Quick to build.
    #[default]
    Dev,
    /// What production runs.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds the binaries of these packages; cargo's output is shown.
///
/// # Errors
/// When they do not compile.
pub async fn build(stack: &Stack, packages: &[&str], profile: Profile) -> Result<()> {
    let mut command = Command::new("cargo");
    command
        // With the whole workspace's features, as everything else is built: see scripts/stack.sh.
        .args(["build", "--workspace"])
        .current_dir(&stack.checkout)
        .kill_on_drop(true);
    for package in packages {
        command.args(["--bin", package]);
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    let status = command
        .status()
        .await
        .context("cargo is missing: see https://rustup.rs")?;
    ensure!(status.success(), "the build failed");
    Ok(())
}

/// Where cargo puts a package's binary.
#[must_use]
pub fn built(stack: &Stack, package: &str, profile: Profile) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || stack.checkout.join("target"),
        |folder| stack.checkout.join(folder),
    );
    target.join(profile.folder()).join(package)
}

/// Copies the program's binary into the state folder, where no later build overwrites it while it
/// runs. The same content gives the same path, hence the same job.
///
/// # Errors
/// When there is no binary, or no room for it.
pub fn keep_binary(stack: &Stack, service: &Service, profile: Profile) -> Result<PathBuf> {
    let built = built(stack, service.package, profile);
    let digest = digest(&built).with_context(|| format!("can't read {}", built.display()))?;
    let kept = stack.state.bin().join(format!("{}-{digest}", service.name));
    if !kept.exists() {
        let unfinished = kept.with_extension("new");
        fs::copy(&built, &unfinished)
            .and_then(|_| fs::rename(&unfinished, &kept))
            .with_context(|| format!("can't write {}", kept.display()))?;
        prune(&stack.state.bin(), service, &kept);
    }
    Ok(kept)
}

fn digest(file: &Path) -> io::Result<String> {
    let mut file = fs::File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(hasher.finalize()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Best effort: a copy too many does no harm.
fn prune(folder: &Path, service: &Service, newest: &Path) {
    let prefix = format!("{}-", service.name);
    let mut copies: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .filter(|(_, path)| path != newest)
        .collect();
    copies.sort();
    let surplus = copies.len().saturating_sub(KEPT - 1);
    for (_, path) in &copies[..surplus] {
        let _ = fs::remove_file(path);
    }
}
