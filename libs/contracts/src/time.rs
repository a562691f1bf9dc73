//! Times as text: RFC 3339, UTC, whole milliseconds, always of the form `2026-11-21T15:33:41.000Z`.
//!
//! For a field of a JSON form: `#[serde(with = "crate::time")]`; for one that may be absent,
//! `#[serde(default, skip_serializing_if = "Option::is_none", with = "crate::time::optional")]`.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serializer};

/// The time, cut to milliseconds.
#[must_use]
pub fn to_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes what [`to_text`] makes.
///
/// # Errors
///
/// The serializer's.
pub fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_text(*time))
}

/// Reads RFC 3339 at any offset and precision; cut to milliseconds.
///
/// # Errors
///
/// When it is not such a text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    DateTime::<Utc>::deserialize(deserializer).map(|time| time.trunc_subsecs(3))
}

/// The same for a time that may be absent.
pub mod optional {
    use super::{DateTime, Deserialize, Deserializer, Serializer, Utc};

    /// Writes the time, or null.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a time, or null.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        #[derive(Deserialize)]
        struct Present(#[serde(with = "super")] DateTime<Utc>);

        Option::<Present>::deserialize(deserializer).map(|time| time.map(|Present(time)| time))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Form {
        #[serde(with = "crate::time")]
        at: DateTime<Utc>,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::time::optional"
        )]
        until: Option<DateTime<Utc>>,
    }

    #[rstest]
    #[case("2026-11-21T15:33:41.000Z", "2026-11-21T15:33:41.000Z")]
    #[case("2026-11-21T15:33:41Z", "2026-11-21T15:33:41.000Z")]
    #[case("2026-11-21T15:33:41.1Z", "2026-11-21T15:33:41.100Z")]
    #[case("2026-11-21T15:33:41.123999Z", "2026-11-21T15:33:41.123Z")]
    #[case("2026-11-21T17:33:41.5+02:00", "2026-11-21T15:33:41.500Z")]
    fn three_decimals_and_z(#[case] read: &str, #[case] written: &str) {
        let form: Form = serde_json::from_str(&format!(r#"{{"at":"{read}"}}"#)).unwrap();
        assert_eq!(form.until, None);
        let text = serde_json::to_string(&form).unwrap();
        assert_eq!(text, format!(r#"{{"at":"{written}"}}"#));
        assert_eq!(serde_json::from_str::<Form>(&text).unwrap(), form);
    }

    #[test]
    fn a_time_that_may_be_absent() {
        let both = r#"{"at":"2026-11-21T15:33:41.000Z","until":"2026-11-21T15:48:41.250Z"}"#;
        let form: Form = serde_json::from_str(both).unwrap();
        assert_eq!(form.until.map(|time| time - form.at), {
            Some(chrono::TimeDelta::milliseconds(900_250))
        });
        assert_eq!(serde_json::to_string(&form).unwrap(), both);
        let null = r#"{"at":"2026-11-21T15:33:41.000Z","until":null}"#;
        assert_eq!(serde_json::from_str::<Form>(null).unwrap().until, None);
    }

    #[rstest]
    #[case("\"tomorrow\"")]
    #[case("\"2026-11-21\"")]
    #[case("\"2026-11-21T15:33:41\"")]
    #[case("1795275221")]
    #[case("null")]
    fn others_are_refused(#[case] at: &str) {
        assert!(serde_json::from_str::<Form>(&format!(r#"{{"at":{at}}}"#)).is_err());
    }
}
