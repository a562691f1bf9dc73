//! Tells what is going on, and for how long.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::terminal;

/// A step that takes longer says so this often.
const REMINDER: Duration = Duration::from_secs(10);

/// Runs a step of a longer work and reports its end with the time it took.
///
/// # Errors
/// The step's own.
pub async fn step<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                let mark = if done.is_ok() { "✓" } else { "✗" };
                terminal::note(format_args!("{mark} {name:<34} {:>6.1} s", seconds(started)));
                return done;
            }
            () = tokio::time::sleep(REMINDER) => {
                terminal::note(format_args!("… {name:<34} {:>6.1} s so far", seconds(started)));
            }
        }
    }
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
