//! The programs that a stack runs. `scripts/bootstrap.sh` links the agents and Traefik into
//! `.tools/bin`; Postgres and Redis are the distribution's.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// Where each program is.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The Consul agent.
    pub consul: PathBuf,
    /// The Nomad agent and client.
    pub nomad: PathBuf,
    /// Traefik.
    pub traefik: PathBuf,
    /// Redis.
    pub redis_server: PathBuf,
    /// The folder of Postgres' programs.
    pub postgres_bin: PathBuf,
}

impl Tools {
    /// Finds all of them.
    ///
    /// # Errors
    /// Names the first that is missing.
    pub fn find(checkout: &Path) -> Result<Self> {
        Ok(Self {
            consul: linked(checkout, "consul")?,
            nomad: linked(checkout, "nomad")?,
            traefik: linked(checkout, "traefik")?,
            redis_server: on_path("redis-server").with_context(|| missing("redis-server"))?,
            postgres_bin: postgres_bin(Path::new("/usr/lib/postgresql"))
                .with_context(|| missing("postgres"))?,
        })
    }
}

fn missing(tool: &str) -> String {
    format!("{tool} is missing: run `./justw setup`")
}

/// The program itself, not the link: a job that names it changes when its version does.
fn linked(checkout: &Path, tool: &str) -> Result<PathBuf> {
    let link = checkout.join(".tools/bin").join(tool);
    match fs::canonicalize(&link) {
        Ok(program) => Ok(program),
        Err(_) => bail!(missing(tool)),
    }
}

fn on_path(tool: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(tool))
        .find(|p| p.is_file())
}

/// Debian keeps each major version's programs apart; the newest is taken, or else what is on PATH.
fn postgres_bin(versions: &Path) -> Option<PathBuf> {
    let newest = fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").is_file().then_some((major, bin))
        });
    match newest.max() {
        Some((_, bin)) => Some(bin),
        None => on_path("initdb")
            .and_then(|initdb| Some(fs::canonicalize(initdb).ok()?.parent()?.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rstest::rstest;

    use super::*;

    /// The bootstrap is a script, because it runs before anything is built.
    fn bash(script: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
        let script = format!("set -euo pipefail; source version.sh; {script}");
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder)
            .output();
        String::from_utf8(output.expect("bash").stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    #[rstest]
    #[case::same("1.11.1", "1.11.1", true)]
    #[case::newer("1.12.0", "1.11.1", true)]
    #[case::two_digits("1.9.9", "1.11.1", false)]
    #[case::older_patch("1.11.0", "1.11.1", false)]
    #[case::major("2.0.0", "1.22.2", true)]
    #[case::unknown("0.0.0", "1.22.2", false)]
    fn versions_compare_by_number(#[case] is: &str, #[case] wanted: &str, #[case] enough: bool) {
        let answer = bash(&format!(
            "at_least {is} {wanted} && echo true || echo false"
        ));
        assert_eq!(answer, enough.to_string());
    }

    #[rstest]
    #[case::consul("Consul v1.22.2\nBuild Date 1970-01-01T00:00:01Z", "1.22.2")]
    #[case::nomad("Nomad v1.11.1-dev+ent", "1.11.1")]
    #[case::nothing("command not found", "0.0.0")]
    fn a_version_is_found_in_what_a_program_says(#[case] says: &str, #[case] version: &str) {
        assert_eq!(bash(&format!("version_in <<<'{says}'")), version);
    }

    #[test]
    fn the_newest_postgres_is_taken_by_number_not_by_name() {
        let folder = env::temp_dir().join(format!("stack-pg-{:x}", rand::random::<u64>()));
        for version in ["9", "15", "common"] {
            let bin = folder.join(version).join("bin");
            fs::create_dir_all(&bin).expect("a folder");
            fs::write(bin.join("initdb"), "").expect("a file");
        }
        fs::create_dir_all(folder.join("16/bin")).expect("a folder without programs");
        assert_eq!(postgres_bin(&folder), Some(folder.join("15/bin")));
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_missing_tool_is_named_with_its_remedy() {
        let error = Tools::find(Path::new("/nonexistent"))
            .expect_err("nothing there")
            .to_string();
        assert_eq!(error, "consul is missing: run `./justw setup`");
    }
}
