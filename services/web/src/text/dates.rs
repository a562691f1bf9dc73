//! Moments. The server does not know the reader's time zone: it writes UTC and says so, and
//! `static/app.js` writes the reader's own, with its name.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, Datelike, Timelike, Utc};
use fluent_bundle::FluentArgs;
use ticketing_contracts::time::to_text;

use super::{Text, bundle};

/// `<time datetime="…" data-local>26 November 2026, 15:33 UTC</time>`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment(String);

impl Moment {
    pub(super) fn new(t: Text, at: DateTime<Utc>) -> Self {
        let (machine, reader) = (to_text(at), text(t, at));
        // Neither has a character that would need escaping: figures, and the names of months.
        Self(format!(
            r#"<time datetime="{machine}" data-local>{reader}</time>"#
        ))
    }

    /// Without the date, for what is some minutes away: `<time datetime="…" data-local="time">15:33 UTC</time>`.
    #[must_use]
    pub fn of_day(at: DateTime<Utc>) -> Self {
        let (machine, hour, minute) = (to_text(at), at.hour(), at.minute());
        Self(format!(
            r#"<time datetime="{machine}" data-local="time">{hour:02}:{minute:02} UTC</time>"#
        ))
    }
}

pub(super) fn text(t: Text, at: DateTime<Utc>) -> String {
    let mut arguments = FluentArgs::with_capacity(4);
    arguments.set("day", at.day());
    arguments.set("month", at.month());
    // As text: a number would be grouped.
    arguments.set("year", at.year().to_string());
    arguments.set("time", format!("{:02}:{:02}", at.hour(), at.minute()));
    bundle::say(t.language(), "moment", Some(&arguments)).into_owned()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is an element, not text.
impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::Language;

    #[test]
    fn the_zone_is_said() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let moment = Text::new(Language::English).time(at);
        assert_eq!(
            moment.to_string(),
            r#"<time datetime="2023-11-14T22:13:20.123Z" data-local>14 November 2023, 22:13 UTC</time>"#
        );
        assert_eq!(
            Moment::of_day(at).to_string(),
            r#"<time datetime="2023-11-14T22:13:20.123Z" data-local="time">22:13 UTC</time>"#
        );
        let german = Text::new(Language::German).plain_time(at);
        assert_eq!(german, "14. November 2023, 22:13 UTC");
    }
}
