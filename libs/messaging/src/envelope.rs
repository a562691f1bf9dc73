//! An event with what the way needs: on its way out, in the stream, and at its listener.

use std::{borrow::Cow, collections::BTreeMap, str::FromStr};

use chrono::{DateTime, Utc};
use ticketing_contracts::events::Event;
use ticketing_runtime::telemetry::trace::TraceContext;
use uuid::Uuid;

use crate::stamp::Stamp;

/// The fields of a stream's entry, in the order in which they are written.
pub(crate) const FIELDS: [&str; 7] = [
    "id",
    "type",
    "subject",
    "version",
    "time",
    "traceparent",
    "data",
];

/// What a stream's entry holds: names and values, in the order in which they were written. They lie
/// where they were read.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// An event as it lies in the outbox and in a stream: not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The event: the same however often it is delivered.
    pub id: Uuid,
    /// `order:created`, say.
    pub kind: String,
    /// What it is about.
    pub subject: Uuid,
    /// The subject's version that it shows.
    pub version: i64,
    /// When it happened, by the clock of the service where it did.
    pub time: DateTime<Utc>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// JSON.
    pub data: String,
}

/// An event as a handler gets it.
#[derive(Debug, Clone)]
pub struct Delivery<E> {
    /// The entry that brought it. A repeat may come in another one.
    pub stamp: Stamp,
    /// What came.
    pub envelope: Envelope,
    /// What that means.
    pub event: E,
}

/// An entry that is no event.
#[derive(Debug, thiserror::Error)]
#[error("the entry's field {0} is missing or malformed")]
pub struct Malformed(&'static str);

impl Envelope {
    /// Wraps an event that happened at `time`, within the current trace if there is one.
    ///
    /// # Errors
    /// When the event has no JSON form.
    pub fn of<E: Event>(event: &E, time: DateTime<Utc>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: ticketing_contracts::ids::EventId::new(time).0,
            kind: event.kind().to_owned(),
            subject: event.subject(),
            version: event.version(),
            time,
            trace: TraceContext::current(),
            data: event.data()?,
        })
    }

    /// As part of the trace that another event brought.
    #[must_use]
    pub fn caused_by<E>(mut self, cause: &Delivery<E>) -> Self {
        self.trace = cause.envelope.trace;
        self
    }

    /// The values of [`FIELDS`].
    pub(crate) fn values(&self) -> [Cow<'_, str>; 7] {
        [
            Cow::Owned(self.id.to_string()),
            Cow::Borrowed(&self.kind),
            Cow::Owned(self.subject.to_string()),
            Cow::Owned(self.version.to_string()),
            Cow::Owned(ticketing_contracts::time::to_text(self.time)),
            self.trace
                .map_or(Cow::Borrowed(""), |trace| Cow::Owned(trace.traceparent())),
            Cow::Borrowed(&self.data),
        ]
    }

    /// Reads the fields of an entry. Others are left alone: they may come later. What is malformed is
    /// told as JSON as well.
    pub(crate) fn from_fields(fields: &Fields<'_>) -> Result<Self, (Malformed, String)> {
        Self::parse(fields).map_err(|malformed| {
            let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name, value)).collect();
            (malformed, serde_json::json!(fields).to_string())
        })
    }

    fn parse(fields: &Fields<'_>) -> Result<Self, Malformed> {
        fn parsed<T: FromStr>(name: &'static str, text: &str) -> Result<T, Malformed> {
            text.parse().map_err(|_| Malformed(name))
        }
        let field = |name| value_of(fields, name).ok_or(Malformed(name));
        let time = DateTime::parse_from_rfc3339(field("time")?).map_err(|_| Malformed("time"))?;
        Ok(Self {
            id: parsed("id", field("id")?)?,
            kind: field("type")?.to_owned(),
            subject: parsed("subject", field("subject")?)?,
            version: parsed("version", field("version")?)?,
            time: time.to_utc(),
            // A trace is a help, not a condition.
            trace: field("traceparent").ok().and_then(|it| it.parse().ok()),
            data: field("data")?.to_owned(),
        })
    }
}

/// The value of a field.
pub(crate) fn value_of<'a>(fields: &'a Fields<'_>, name: &str) -> Option<&'a str> {
    let field = fields.iter().find(|(found, _)| found == name);
    field.map(|(_, value)| value.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields<'static> {
        let values = [
            "01936f0a-7a70-7000-8000-000000000001",
            "thing:changed",
            "01936f0a-7a70-7000-8000-000000000002",
            "3",
            "2026-11-21T15:33:41.000Z",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            r#"{"a":1}"#,
        ];
        FIELDS
            .iter()
            .zip(values)
            .map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(value)))
            .collect()
    }

    fn with(name: &str, value: &str) -> Fields<'static> {
        let mut fields = fields();
        for (found, old) in &mut fields {
            if found == name {
                *old = Cow::Owned(value.to_owned());
            }
        }
        fields
    }

    #[test]
    fn an_envelope_goes_through_a_stream() {
        let envelope = Envelope::from_fields(&fields()).unwrap();
        let again = FIELDS
            .iter()
            .zip(envelope.values())
            .map(|(name, value)| (Cow::Borrowed(*name), value))
            .collect::<Fields<'_>>();
        assert_eq!(again, fields());
    }

    #[test]
    fn the_order_of_the_fields_does_not_matter_and_others_are_left_alone() {
        let mut mixed = fields();
        mixed.reverse();
        mixed.insert(3, ("later".into(), "unknown".into()));
        assert_eq!(
            Envelope::from_fields(&mixed).unwrap(),
            Envelope::from_fields(&fields()).unwrap()
        );
    }

    #[test]
    fn a_broken_field_is_named_and_nothing_is_lost() {
        for name in ["id", "type", "subject", "version", "time", "data"] {
            let mut broken = fields();
            broken.retain(|(found, _)| found != name);
            let (malformed, raw) = Envelope::from_fields(&broken).unwrap_err();
            assert!(malformed.to_string().contains(name), "{malformed}");
            let broken: BTreeMap<_, _> = broken.into_iter().collect();
            assert_eq!(serde_json::json!(broken).to_string(), raw);
        }
        assert!(Envelope::from_fields(&with("version", "three")).is_err());
    }

    #[test]
    fn a_broken_trace_is_no_reason_to_refuse_an_event() {
        let odd = with("traceparent", "whatever");
        assert_eq!(Envelope::from_fields(&odd).unwrap().trace, None);
    }
}
