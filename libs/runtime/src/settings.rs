//! Settings from the environment: read once at start, every error reported at once.
//!
//! ```
//! use ticketing_runtime::Settings;
//!
//! struct Config { port: u16, greeting: String }
//!
//! let mut settings = Settings::from_pairs([("PORT", "8080")]);
//! let port = settings.required("PORT");
//! let greeting = settings.or("GREETING", "hello".to_owned());
//! let config = settings.finish(|| Some(Config { port: port?, greeting: greeting? })).unwrap();
//! assert_eq!(config.port, 8080);
//! ```

use std::{collections::HashMap, ffi::OsString, fmt, str::FromStr, time::Duration};

use secrecy::SecretString;

/// A reader that remembers what was wrong, so that an operator sees all of it in one start.
///
/// A setting that is empty counts as absent: Nomad's templates can't leave a variable out.
#[derive(Debug)]
pub struct Settings {
    values: HashMap<String, String>,
    errors: Vec<String>,
}

/// Everything that is wrong with the environment, one line each. No value is shown: it may be a
/// secret in the wrong place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the settings can't be used:\n  {}", .0.join("\n  "))]
pub struct SettingsError(pub Vec<String>);

impl Settings {
    /// The process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        // A variable that is not UTF-8 is none of ours.
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            values: std::env::vars_os().filter_map(text).collect(),
            errors: Vec::new(),
        }
    }

    /// The given pairs, and nothing else.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let values = pairs
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        Self {
            values,
            errors: Vec::new(),
        }
    }

    /// A setting that has to be there.
    pub fn required<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<T> {
        if self.text(name).is_none() {
            self.missing(name);
            return None;
        }
        self.optional(name)?
    }

    /// A setting with a default.
    pub fn or<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, default: T) -> Option<T> {
        self.optional(name).map(|value| value.unwrap_or(default))
    }

    /// A setting that may be absent: `Some(None)` then, and `None` when it is there but wrong.
    pub fn optional<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<Option<T>> {
        let Some(text) = self.text(name) else {
            return Some(None);
        };
        match text.parse() {
            Ok(value) => Some(Some(value)),
            Err(error) => {
                self.wrong(name, error);
                None
            }
        }
    }

    /// A secret that has to be there. The error names it and where it should come from.
    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        let value = self.text(name).map(SecretString::from);
        if value.is_none() {
            self.errors.push(format!(
                "{name} is missing: it is a secret, given to the task from its Nomad Variable"
            ));
        }
        value
    }

    /// A length of time: a whole number followed by `ms`, `s`, `m` or `h`.
    pub fn duration_or(&mut self, name: &str, default: Duration) -> Option<Duration> {
        let Some(text) = self.text(name) else {
            return Some(default);
        };
        let parsed = parse_duration(&text);
        if parsed.is_none() {
            self.wrong(name, "not a length of time such as 500ms, 20s, 5m or 1h");
        }
        parsed
    }

    /// Notes that `name` has a value that can't be used, and why. The value itself is not shown.
    pub fn wrong(&mut self, name: &str, why: impl fmt::Display) {
        self.errors
            .push(format!("{name} has a value that can't be used: {why}"));
    }

    /// The configuration, or all that was wrong.
    ///
    /// # Errors
    /// When any setting that was asked for was missing or wrong.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, SettingsError> {
        if !self.errors.is_empty() {
            return Err(SettingsError(self.errors));
        }
        build().ok_or_else(|| SettingsError(vec!["a setting was read but not noted".into()]))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.values
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(Into::into)
    }

    fn missing(&mut self, name: &str) {
        self.errors.push(format!("{name} is missing"));
    }
}

/// Reads `500ms`, `20s`, `5m` or `1h`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_error_is_reported_and_no_value_is_shown() {
        let mut settings = Settings::from_pairs([("PORT", "hunter2"), ("EMPTY", " ")]);
        let port = settings.required::<u16>("PORT");
        let empty = settings.required::<String>("EMPTY");
        let secret = settings.secret("DATABASE_PASSWORD");
        let wait = settings.duration_or("WAIT", Duration::from_secs(1));
        let error = settings
            .finish(|| Some((port?, empty?, secret?, wait?)))
            .unwrap_err();
        assert_eq!(error.0.len(), 3);
        let text = error.to_string();
        for name in ["PORT", "EMPTY", "DATABASE_PASSWORD"] {
            assert!(text.contains(name), "{text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn an_absent_optional_setting_is_no_error() {
        let mut settings = Settings::from_pairs([("A", "1")]);
        let (a, b) = (settings.optional::<u8>("A"), settings.optional::<u8>("B"));
        assert_eq!(settings.finish(|| Some((a?, b?))), Ok((Some(1), None)));
    }

    #[rstest]
    #[case("500ms", Some(Duration::from_millis(500)))]
    #[case("20s", Some(Duration::from_secs(20)))]
    #[case("5m", Some(Duration::from_secs(300)))]
    #[case("1h", Some(Duration::from_secs(3600)))]
    #[case("5", None)]
    #[case("s", None)]
    #[case("-5s", None)]
    #[case("1.5s", None)]
    #[case("99999999999999999999h", None)]
    fn durations(#[case] text: &str, #[case] expected: Option<Duration>) {
        assert_eq!(parse_duration(text), expected);
    }
}
