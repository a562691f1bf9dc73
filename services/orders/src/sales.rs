//! Which moments a seller's figures are given for.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

/// The most points of a series.
const MAX_POINTS: i64 = 1_000;

/// The most when the caller leaves the step to us.
const COMFORTABLE_POINTS: i64 = 300;

/// How far apart the points of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(TimeDelta);

/// How a ticket stood at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// How many open orders held.
    pub held: i32,
    /// How many had been paid.
    pub sold: i32,
    /// What had been paid, in minor units.
    pub revenue: i64,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// By default when the ticket was first ordered.
    pub from: Option<DateTime<Utc>>,
    /// By default, and at the latest, now.
    pub to: Option<DateTime<Utc>>,
    /// By default one that makes a comfortable number of points.
    pub step: Option<Step>,
}

/// It can't be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// Because of this parameter.
    pub field: &'static str,
    /// In words for a person.
    pub message: &'static str,
}

impl Step {
    const ALL: [(&'static str, Self); 5] = [
        ("1m", Self(TimeDelta::minutes(1))),
        ("5m", Self(TimeDelta::minutes(5))),
        ("15m", Self(TimeDelta::minutes(15))),
        ("1h", Self(TimeDelta::hours(1))),
        ("1d", Self(TimeDelta::days(1))),
    ];

    const DAY: Self = Self::ALL[4].1;

    fn millis(self) -> i64 {
        self.0.num_milliseconds()
    }

    /// The last moment up to `time` at which a step begins.
    fn begin(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let into = time.timestamp_millis().rem_euclid(self.millis());
        let cut = TimeDelta::microseconds((time.timestamp_subsec_micros() % 1_000).into());
        time - TimeDelta::milliseconds(into) - cut
    }

    /// How many steps it takes from the begin of that of `from` to `to`.
    fn count(self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        let span = (to - self.begin(from)).num_milliseconds();
        span.div_euclid(self.millis()) + i64::from(span.rem_euclid(self.millis()) > 0)
    }

    /// The finest that makes no more points than are comfortable.
    fn fitting(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let mut steps = Self::ALL.into_iter().map(|(_, step)| step);
        steps
            .find(|step| step.count(from, to) <= COMFORTABLE_POINTS)
            .unwrap_or(Self::DAY)
    }
}

impl FromStr for Step {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, step)| step).ok_or(Invalid {
            field: "step",
            message: "Step must be 1m, 5m, 15m, 1h or 1d",
        })
    }
}

impl Asked {
    /// The end of each step, oldest first; the last is not after `to`. `first`: when there was first
    /// something to tell.
    ///
    /// # Errors
    /// When that is too many, or none because `from` is not before `to`.
    pub fn moments(
        &self,
        first: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, Invalid> {
        if self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            return Err(Invalid {
                field: "from",
                message: "From must be before to",
            });
        }
        let to = self.to.unwrap_or(now).min(now);
        // Before `first` there is nothing that anybody could have meant to see.
        let days = TimeDelta::days(MAX_POINTS - 1);
        let oldest = first.map(|first| first.max(Step::DAY.begin(to) - days));
        let Some(from) = self.from.or(oldest).filter(|from| *from < to) else {
            return Ok(Vec::new());
        };
        let step = self.step.unwrap_or_else(|| Step::fitting(from, to));
        let count = step.count(from, to);
        if count > MAX_POINTS {
            return Err(Invalid {
                field: "step",
                message: "At most 1000 points: take a longer step or a shorter time",
            });
        }
        let begin = step.begin(from);
        let end = |number| (begin + TimeDelta::milliseconds(number * step.millis())).min(to);
        Ok((1..=count).map(end).collect())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn moments(from: &str, to: &str, step: Option<&str>) -> Result<Vec<DateTime<Utc>>, Invalid> {
        let asked = Asked {
            from: Some(time(from)),
            to: Some(time(to)),
            step: step.map(|step| step.parse().unwrap()),
        };
        asked.moments(None, time("2026-11-21T15:00:00Z"))
    }

    #[test]
    fn steps_end_where_the_clock_says_so_and_the_last_where_it_was_asked() {
        let from = "2026-11-21T10:07:30Z";
        let moments = moments(from, "2026-11-21T10:20:10.250Z", Some("5m")).unwrap();
        let expected = ["10:10:00", "10:15:00", "10:20:00", "10:20:10.250"];
        let expected = expected.map(|at| time(&format!("2026-11-21T{at}Z")));
        assert_eq!(moments, expected);
    }

    #[rstest]
    #[case::five_hours("2026-11-21T09:00:00Z", "2026-11-21T14:00:00Z", 300, 60)]
    #[case::and_a_minute("2026-11-21T08:59:00Z", "2026-11-21T14:00:00Z", 61, 300)]
    #[case::a_day("2026-11-20T14:00:00Z", "2026-11-21T14:00:00Z", 288, 300)]
    #[case::three_days("2026-11-18T14:00:00Z", "2026-11-21T14:00:00Z", 288, 900)]
    #[case::ten_days("2026-11-11T14:00:00Z", "2026-11-21T14:00:00Z", 240, 3_600)]
    #[case::two_years("2024-11-21T00:00:00Z", "2026-11-21T00:00:00Z", 730, 86_400)]
    fn a_fitting_step_is_chosen(
        #[case] from: &str,
        #[case] to: &str,
        #[case] count: usize,
        #[case] seconds: i64,
    ) {
        let moments = moments(from, to, None).unwrap();
        assert_eq!(moments.len(), count);
        assert_eq!((moments[1] - moments[0]).num_seconds(), seconds);
    }

    #[rstest]
    #[case("2026-11-20T22:20:00Z", "2026-11-21T15:00:00Z", Ok(1_000))]
    #[case("2026-11-20T22:19:59Z", "2026-11-21T15:00:00Z", Err("step"))]
    #[case("0001-01-01T00:00:00Z", "2026-11-21T15:00:00Z", Err("step"))]
    #[case("2026-11-21T15:00:00Z", "2026-11-21T15:00:00Z", Err("from"))]
    #[case("2026-11-21T15:00:00Z", "2026-11-21T14:00:00Z", Err("from"))]
    // What is to come can't be told.
    #[case("2026-11-21T14:59:00Z", "2027-01-01T00:00:00Z", Ok(1))]
    #[case("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", Ok(0))]
    fn bounds(#[case] from: &str, #[case] to: &str, #[case] expected: Result<usize, &str>) {
        let moments = moments(from, to, Some("1m"));
        let count = moments.map(|moments| moments.len());
        assert_eq!(count.map_err(|invalid| invalid.field), expected);
    }

    #[test]
    fn by_default_all_there_was() {
        let now = time("2026-11-21T15:00:30Z");
        let asked = Asked::default();
        assert_eq!(asked.moments(None, now), Ok(Vec::new()));
        let moments = asked.moments(Some(time("2026-11-21T14:58:00Z")), now);
        let expected = ["14:59:00", "15:00:00", "15:00:30"];
        let expected = expected.map(|at| time(&format!("2026-11-21T{at}Z")));
        assert_eq!(moments.unwrap(), expected);
        // A ticket that is older than a series is long.
        let moments = asked.moments(Some(time("2019-01-01T00:00:00Z")), now);
        assert_eq!(moments.unwrap().len(), 1_000);
    }

    #[rstest]
    #[case("2m")]
    #[case("")]
    #[case("1M")]
    fn other_steps_are_refused(#[case] step: &str) {
        assert_eq!(step.parse::<Step>().unwrap_err().field, "step");
    }
}
