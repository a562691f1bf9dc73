//! What a payment waits for, as a metric.

use std::{future::Future, time::Instant};

/// Does `work`, and records how long it took in `payments_stage_seconds`.
pub(super) async fn timed<T>(stage: &'static str, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    metrics::histogram!("payments_stage_seconds", "stage" => stage).record(began.elapsed());
    done
}
