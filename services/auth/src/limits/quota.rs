//! How many in how long.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

use ticketing_runtime::settings::parse_duration;

/// `count` at once, and `count` in every `period` after that, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    count: NonZeroU32,
    period: Duration,
}

impl Quota {
    /// How many at once.
    #[must_use]
    pub fn burst(&self) -> NonZeroU32 {
        self.count
    }

    /// The time in which one attempt comes free. At least a microsecond.
    #[must_use]
    pub fn interval(&self) -> Duration {
        (self.period / self.count.get()).max(Duration::from_micros(1))
    }
}

impl FromStr for Quota {
    type Err = &'static str;

    /// Reads `10/5m`: ten in five minutes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "not a number of attempts and a period such as 10/5m";
        let (count, period) = text.split_once('/').ok_or(WRONG)?;
        let count = count.parse().map_err(|_| WRONG)?;
        let period = parse_duration(period)
            .filter(|period| !period.is_zero())
            .ok_or(WRONG)?;
        Ok(Self { count, period })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10/5m", 10, 30_000)]
    #[case("1/500ms", 1, 500)]
    fn quotas(#[case] text: &str, #[case] burst: u32, #[case] interval_ms: u64) {
        let quota: Quota = text.parse().unwrap();
        assert_eq!(quota.burst().get(), burst);
        assert_eq!(quota.interval(), Duration::from_millis(interval_ms));
    }

    #[rstest]
    #[case("")]
    #[case("10")]
    #[case("0/5m")]
    #[case("-1/5m")]
    #[case("10/0s")]
    #[case("10/5")]
    #[case("10/5m/3")]
    fn no_quotas(#[case] text: &str) {
        assert!(text.parse::<Quota>().is_err());
    }
}
