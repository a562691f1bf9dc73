//! Ids of stream entries as one number, so that Postgres can store, compare and index them.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

/// An entry's id: `milliseconds-sequence` in Redis, `milliseconds << 20 | sequence` in Postgres.
///
/// We choose the ids (Redis' own would not survive a clock that is set back): each is above the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(i64);

const SEQUENCE_BITS: u32 = 20;
const SEQUENCES: i64 = 1 << SEQUENCE_BITS;

impl Stamp {
    /// Below every entry: the id of nothing.
    pub const ZERO: Self = Self(0);

    /// The number, as Postgres stores it.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The stamp that Postgres stored.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The lowest stamp of a moment. Times before 1970 count as 1970.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_millis().max(0) << SEQUENCE_BITS)
    }

    /// The id for an entry that is published `now`, after this one.
    #[must_use]
    pub fn next(self, now: DateTime<Utc>) -> Self {
        Self::at(now).max(Self(self.0 + 1))
    }

    /// The stamp right before this one.
    #[must_use]
    pub fn before(self) -> Self {
        Self((self.0 - 1).max(0))
    }

    /// Milliseconds since 1970: when it was published, unless the clock was set back.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0 >> SEQUENCE_BITS
    }
}

impl fmt::Display for Stamp {
    /// As Redis writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis(), self.0 & (SEQUENCES - 1))
    }
}

/// Not the id of an entry that a relay has appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id of a relay's entry")]
pub struct NotAStamp(String);

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(id: &str) -> Result<Self, NotAStamp> {
        let parts = id.split_once('-').and_then(|(millis, sequence)| {
            Some((millis.parse::<i64>().ok()?, sequence.parse::<i64>().ok()?))
        });
        match parts {
            Some((millis, sequence))
                if (0..1 << (63 - SEQUENCE_BITS)).contains(&millis)
                    && (0..SEQUENCES).contains(&sequence) =>
            {
                Ok(Self(millis << SEQUENCE_BITS | sequence))
            }
            _ => Err(NotAStamp(id.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_763_000_000_123).unwrap()
    }

    #[test]
    fn a_stamp_is_the_entrys_id() {
        let first = Stamp::ZERO.next(moment());
        assert_eq!(first.to_string(), "1763000000123-0");
        assert_eq!(first.next(moment()).to_string(), "1763000000123-1");
        assert_eq!(first.next(moment()).before(), first);
        assert_eq!(Stamp::ZERO.before(), Stamp::ZERO);
    }

    #[test]
    fn a_clock_that_is_set_back_does_no_harm() {
        let first = Stamp::ZERO.next(moment());
        assert!(first.next(moment() - TimeDelta::hours(1)) > first);
    }

    #[rstest]
    #[case("")]
    #[case("1")]
    #[case("1-")]
    #[case("-1-0")]
    #[case("1-1048576")]
    #[case("18446744073709551615-18446744073709551615")]
    #[case("8796093022208-0")]
    fn what_is_no_stamp(#[case] id: &str) {
        assert_eq!(id.parse::<Stamp>(), Err(NotAStamp(id.to_owned())));
    }

    proptest! {
        #[test]
        fn there_and_back(number in 0..i64::MAX) {
            let stamp = Stamp::from_number(number);
            prop_assert_eq!(stamp.to_string().parse::<Stamp>().unwrap(), stamp);
        }

        #[test]
        fn sorts_as_redis_sorts(a in 0..i64::MAX, b in 0..i64::MAX) {
            let parts = |n: i64| (n >> SEQUENCE_BITS, n & (SEQUENCES - 1));
            prop_assert_eq!(Stamp(a).cmp(&Stamp(b)), parts(a).cmp(&parts(b)));
        }
    }
}
