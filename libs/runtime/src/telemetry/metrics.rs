//! Prometheus metrics of the process.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

/// Upper bounds in seconds: from a cached answer to a request that waited for a dependency.
const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

static EXPORTER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();

/// The process's metrics, ready to be rendered.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Installs the recorder on the first call; later calls share it.
    ///
    /// # Errors
    /// When another recorder is installed already.
    pub fn install() -> anyhow::Result<Self> {
        let install = || build().map_err(|error| error.to_string());
        let handle = EXPORTER
            .get_or_init(install)
            .clone()
            .map_err(anyhow::Error::msg)?;
        let process = Collector::default();
        process.describe();
        Ok(Self { handle, process })
    }

    /// The text format, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    #[must_use]
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// Moves what was observed into the histograms, so that they don't grow between scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn build() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(DURATION_BUCKETS)?
        .install_recorder()
}
