//! Logs, metrics and traces: set up once, at the start of `main`.
//!
//! Logs are one JSON object a line, or plain lines on a terminal. Traces leave by OTLP when one of
//! the usual `OTEL_EXPORTER_OTLP_*ENDPOINT` variables is set. No personal data: users are named by
//! id, and addresses, e-mails and tokens never reach a field.

pub mod metrics;
pub mod trace;

use std::{io::IsTerminal, str::FromStr};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::Settings;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("neither json nor text"),
        }
    }
}

/// What is logged, how, and where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetrySettings {
    format: LogFormat,
    filter: String,
    export: bool,
}

impl TelemetrySettings {
    /// Reads `LOG_FORMAT` (json, text; by default text on a terminal), `RUST_LOG` and whether an
    /// OTLP endpoint is set.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let terminal = std::io::stdout().is_terminal();
        let format = if terminal {
            LogFormat::Text
        } else {
            LogFormat::Json
        };
        let format = settings.or("LOG_FORMAT", format);
        let filter: Option<String> = settings.or("RUST_LOG", "info".to_owned());
        if let Some(Err(error)) = filter.as_deref().map(EnvFilter::try_new) {
            settings.wrong("RUST_LOG", error);
        }
        let all = settings.optional::<String>("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let traces = settings.optional::<String>("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")?;
        let export = all.is_some() || traces.is_some();
        Some(Self {
            format: format?,
            filter: filter?,
            export,
        })
    }
}

/// Keeps the exporter alive; flushes it at the end.
#[derive(Debug)]
#[must_use = "dropping it ends the export of traces"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Installs the subscriber, once per process.
    ///
    /// # Errors
    /// When the exporter can't be built or a subscriber is installed already.
    pub fn install(service: &'static str, settings: &TelemetrySettings) -> anyhow::Result<Self> {
        let provider = settings.export.then(|| provider(service)).transpose()?;
        let export = provider.as_ref().map(|provider| {
            trace::exporting();
            tracing_opentelemetry::layer().with_tracer(provider.tracer(service))
        });
        let lines = match settings.format {
            LogFormat::Json => tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .boxed(),
            LogFormat::Text => tracing_subscriber::fmt::layer().compact().boxed(),
        };
        tracing_subscriber::registry()
            .with(EnvFilter::try_new(&settings.filter)?)
            .with(export)
            .with(lines)
            .try_init()?;
        Ok(Self { provider })
    }

    /// Sends what has not been sent. Call it last, even after a failure.
    pub fn flush(self) {
        if let Some(Err(error)) = self.provider.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

fn provider(service: &'static str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .build()?;
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come after, and win.
    let mut resource = Resource::builder();
    if Resource::builder()
        .build()
        .get(&"service.name".into())
        .is_none_or(|name| name.as_str().starts_with("unknown_service"))
    {
        resource = resource.with_service_name(service);
    }
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_filter_or_format_is_named() {
        let mut settings = Settings::from_pairs([("RUST_LOG", "a=b=c"), ("LOG_FORMAT", "xml")]);
        let telemetry = TelemetrySettings::read(&mut settings);
        let text = settings.finish(|| telemetry).unwrap_err().to_string();
        assert!(
            text.contains("RUST_LOG") && text.contains("LOG_FORMAT"),
            "{text}"
        );
    }

    #[test]
    fn export_is_off_unless_an_endpoint_is_set() {
        let mut none = Settings::from_pairs([("OTEL_EXPORTER_OTLP_ENDPOINT", "")]);
        assert!(!TelemetrySettings::read(&mut none).unwrap().export);
        let pairs = [(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://127.0.0.1:4318/v1/traces",
        )];
        assert!(
            TelemetrySettings::read(&mut Settings::from_pairs(pairs))
                .unwrap()
                .export
        );
    }
}
