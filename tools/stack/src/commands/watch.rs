//! `watch`: the newest source, always running.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use notify_debouncer_mini::{new_debouncer, notify::RecursiveMode};
use tokio::sync::mpsc;

use super::{interrupt, restart, up};
use crate::{
    build::Profile,
    jobs,
    services::{Service, built_here},
    stack::Stack,
    terminal,
    tools::Tools,
};

/// An editor's save is often several events.
const QUIET: Duration = Duration::from_millis(300);
/// What can change what runs, relative to the checkout.
const WATCHED: [&str; 7] = [
    "libs",
    "nomad",
    "postgres",
    "services",
    "tools/stripe-sim",
    "traefik",
    "Cargo.toml",
];

/// Rebuilds and redeploys what a save affects, until it is interrupted. What does not compile, or
/// does not come up, is told; the last good version keeps running.
///
/// # Errors
/// When the stack is not running, or the folders can't be watched.
pub async fn run(stack: &Stack, only: Option<&str>) -> Result<()> {
    let only = only.map(Service::named).transpose()?;
    let tools = Tools::find(&stack.checkout)?;
    stack.require_running().await?;
    let (sender, mut changes) = mpsc::unbounded_channel();
    let mut debouncer = new_debouncer(
        QUIET,
        move |events: notify_debouncer_mini::DebounceEventResult| {
            // Fails only when nobody listens any more.
            let _ = sender.send(events.unwrap_or_default());
        },
    )?;
    for path in WATCHED {
        let path = stack.checkout.join(path);
        debouncer
            .watcher()
            .watch(&path, RecursiveMode::Recursive)
            .with_context(|| format!("can't watch {}", path.display()))?;
    }
    let mut saves = Saves::since(now());
    terminal::answer("watching; Ctrl-C ends it");
    let watching = async {
        while let Some(mut events) = changes.recv().await {
            // What was saved during the last build counts once.
            while let Ok(more) = changes.try_recv() {
                events.extend(more);
            }
            let paths: Vec<PathBuf> = events.into_iter().map(|event| event.path).collect();
            let paths = saves.among(paths);
            let running: Vec<_> = jobs::of_stack(stack)?.collect();
            let affected = affected(&stack.checkout, &running, &paths);
            for job in affected
                .into_iter()
                .filter(|job| only.is_none_or(|only| only.name == *job))
            {
                if let Err(error) = redeploy(stack, &tools, job).await {
                    terminal::note(format_args!("error: {error:#}"));
                }
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = watching => ended,
        signal = interrupt::received() => signal,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the files' own times"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Tells saves from reads: a build or a deployment that reads a file is reported as well.
struct Saves {
    start: SystemTime,
    seen: HashMap<PathBuf, Option<SystemTime>>,
}

impl Saves {
    fn since(start: SystemTime) -> Self {
        Self {
            start,
            seen: HashMap::new(),
        }
    }

    /// The files that were written or removed since they were last asked about.
    fn among(&mut self, mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
        paths.retain(|path| !path.is_dir() && self.is_save(path));
        paths
    }

    fn is_save(&mut self, path: &Path) -> bool {
        let written = fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok();
        match self.seen.insert(path.to_owned(), written) {
            Some(seen) => seen != written,
            None => written.is_none_or(|written| written >= self.start),
        }
    }
}

async fn redeploy(stack: &Stack, tools: &Tools, job: &str) -> Result<()> {
    let _lock = stack.state.lock().await?;
    match built_here(job) {
        Some(service) => restart::rebuild(stack, tools, service, Profile::Dev).await,
        None => up::deploy_job(stack, tools, job, None).await,
    }
}

/// Those of the stack's jobs that a change of these files concerns.
fn affected(
    checkout: &Path,
    running: &[&'static str],
    paths: &[PathBuf],
) -> BTreeSet<&'static str> {
    let running = || running.iter().copied();
    let built = || running().filter(|job| built_here(job).is_some());
    let mut jobs = BTreeSet::new();
    for path in paths {
        let Ok(path) = path.strip_prefix(checkout) else {
            continue;
        };
        let mut parts = path.iter().map(|part| part.to_string_lossy());
        let (Some(top), below) = (parts.next(), parts.next()) else {
            continue;
        };
        let below = below.unwrap_or_default();
        match &*top {
            "postgres" | "traefik" => jobs.extend(running().find(|engine| *engine == top)),
            "services" | "tools" => jobs.extend(built().find(|job| *job == below)),
            "nomad" if below == "dev.vars.hcl" => jobs.extend(running()),
            "nomad" => {
                jobs.extend(running().find(|job| *below == format!("{job}.nomad.hcl")));
            }
            _ => jobs.extend(built()),
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        services::{self, all_jobs},
        stripe::Payments,
    };

    #[test]
    fn a_read_is_no_save() {
        let file = std::env::temp_dir().join(format!("stack-watch-{:x}", rand::random::<u64>()));
        fs::write(&file, "1").expect("written");
        let paths = || vec![file.clone()];
        assert!(
            Saves::since(now() + QUIET).among(paths()).is_empty(),
            "an old file"
        );
        let mut saves = Saves::since(SystemTime::UNIX_EPOCH);
        assert_eq!(saves.among(paths()), paths());
        assert!(saves.among(paths()).is_empty(), "it was only read since");
        fs::remove_file(&file).expect("removed");
        assert_eq!(saves.among(paths()), paths());
        assert!(saves.among(paths()).is_empty(), "it is still gone");
    }

    #[rstest]
    #[case::its_source("services/auth/src/main.rs", &["auth"])]
    #[case::a_library("libs/http/src/lib.rs", &[
        "auth", "expiration", "orders", "payments", "stripe-sim", "tickets", "web",
    ])]
    #[case::the_lock("Cargo.toml", &[
        "auth", "expiration", "orders", "payments", "stripe-sim", "tickets", "web",
    ])]
    #[case::the_simulator("tools/stripe-sim/src/main.rs", &["stripe-sim"])]
    #[case::its_job("nomad/auth.nomad.hcl", &["auth"])]
    #[case::an_engine("nomad/redis.nomad.hcl", &["redis"])]
    #[case::middlewares("traefik/middlewares.yml", &["traefik"])]
    #[case::a_new_service("services/unknown/src/main.rs", &[])]
    #[case::an_editor("nomad/.auth.nomad.hcl.swp", &[])]
    #[case::everything("nomad/dev.vars.hcl", &[
        "auth", "expiration", "orders", "payments", "postgres", "redis", "stripe-sim", "tickets", "traefik", "web",
    ])]
    fn a_save_concerns(#[case] path: &str, #[case] expected: &[&str]) {
        let checkout = Path::new("/checkout");
        let all: Vec<_> = all_jobs().collect();
        let jobs = affected(checkout, &all, &[checkout.join(path)]);
        assert_eq!(jobs.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_simulator_that_does_not_run_is_left_alone() {
        let checkout = Path::new("/checkout");
        let running: Vec<_> = services::jobs(Payments::ByStripe).collect();
        let saved = checkout.join("tools/stripe-sim/src/main.rs");
        assert!(affected(checkout, &running, &[saved]).is_empty());
    }
}
