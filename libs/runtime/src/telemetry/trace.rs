//! Trace ids: one per request or event, in every log line and every error that a client sees.

use std::{
    fmt,
    future::Future,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

static EXPORTING: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The W3C trace context of what is being done, <https://www.w3.org/TR/trace-context/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
}

impl TraceContext {
    /// The context that the exporter made for `span`, as a part of the trace that the caller sent if
    /// it sent one; without an exporter, what the caller sent. Notes it on `span` as `trace_id`, which must be one of its fields.
    #[must_use]
    pub fn adopt(span: &Span, incoming: Option<Self>) -> Self {
        let context = Self::from_exporter(span, incoming)
            .or(incoming)
            .unwrap_or_else(Self::random);
        span.record("trace_id", tracing::field::display(context));
        context
    }

    /// A new trace.
    #[must_use]
    pub fn random() -> Self {
        Self {
            trace: TraceId::from_bytes(rand::random()),
            span: SpanId::from_bytes(rand::random()),
            sampled: true,
        }
    }

    /// The context of the current task, when it runs within [`Self::scope`].
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|context| *context).ok()
    }

    /// Runs `task` with this as its current context.
    pub fn scope<T: Future>(self, task: T) -> impl Future<Output = T::Output> {
        CURRENT.scope(self, task)
    }

    /// The id to look for in logs and traces: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.trace.to_string()
    }

    /// The `traceparent` header for a call that is a part of this.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!(
            "00-{}-{}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }

    fn from_exporter(span: &Span, incoming: Option<Self>) -> Option<Self> {
        if let Some(incoming) = incoming {
            let flags = TraceFlags::default().with_sampled(incoming.sampled);
            let (trace, parent) = (incoming.trace, incoming.span);
            let remote = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
            _ = span.set_parent(Context::new().with_remote_span_context(remote));
        }
        let context = span.context();
        let made = context.span().span_context().clone();
        made.is_valid().then(|| Self {
            trace: made.trace_id(),
            span: made.span_id(),
            sampled: made.is_sampled(),
        })
    }
}

/// Whether an exporter is installed and makes the ids.
#[must_use]
pub fn is_exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

pub(super) fn exporting() {
    EXPORTING.store(true, Ordering::Relaxed);
}

impl fmt::Display for TraceContext {
    /// The trace id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.fmt(f)
    }
}

/// A `traceparent` that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct NotATraceparent;

impl FromStr for TraceContext {
    type Err = NotATraceparent;

    fn from_str(header: &str) -> Result<Self, Self::Err> {
        let mut parts = header.splitn(4, '-');
        let mut part = |length: usize| {
            let part = parts.next().ok_or(NotATraceparent)?;
            // Upper case is not allowed, and neither is a sign, which the parsers would take.
            let hexadecimal = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            (part.len() == length && hexadecimal)
                .then_some(part)
                .ok_or(NotATraceparent)
        };
        let (version, trace, span) = (part(2)?, part(32)?, part(16)?);
        // Later versions may append fields.
        let flags = parts
            .next()
            .and_then(|rest| rest.get(..2))
            .ok_or(NotATraceparent)?;
        let trace = TraceId::from_hex(trace).map_err(|_| NotATraceparent)?;
        let span = SpanId::from_hex(span).map_err(|_| NotATraceparent)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| NotATraceparent)?;
        if version == "ff" || trace == TraceId::INVALID || span == SpanId::INVALID {
            return Err(NotATraceparent);
        }
        Ok(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_goes_through() {
        let context: TraceContext = HEADER.parse().unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.traceparent(), HEADER);
        let later = format!("01{}-whatever", &HEADER[2..]);
        assert_eq!(later.parse::<TraceContext>().unwrap(), context);
    }

    #[rstest]
    #[case("")]
    #[case("00")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    #[case("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    #[case("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    #[case("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz")]
    #[case("00-\u{fc}f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    fn broken_headers(#[case] header: &str) {
        assert_eq!(header.parse::<TraceContext>(), Err(NotATraceparent));
    }

    #[tokio::test]
    async fn the_current_context_is_the_scopes() {
        assert_eq!(TraceContext::current(), None);
        let context: TraceContext = HEADER.parse().unwrap();
        let seen = context.scope(async { TraceContext::current() }).await;
        assert_eq!(seen, Some(context));
    }
}
