//! Waiting for what will be so.

use std::time::{Duration, Instant};

/// How long [`eventually`] waits. Generous: it bounds a failure, it does not measure.
const DEADLINE: Duration = Duration::from_secs(30);

/// Asks until the answer is `Some`, and returns it.
///
/// # Panics
/// With `what` when it has not come true in 30 s.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(DEADLINE, what, ask).await
}

/// The same for what takes longer.
///
/// # Panics
/// With `what` when it has not come true within `limit`.
pub async fn eventually_within<T>(
    limit: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < limit, "it never came true: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
