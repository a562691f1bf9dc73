//! Where somebody stands in all streams at once: what a browser tells when it comes back, to any instance.

use std::{fmt, str::FromStr};

use ticketing_contracts::events::{Event, OrderEvent, PaymentEvent, TicketEvent};
use ticketing_messaging::{Stamp, tail::Places};

/// What is heard, in the order of [`Positions`].
pub const STREAMS: [&str; 3] = [
    TicketEvent::STREAM,
    OrderEvent::STREAM,
    PaymentEvent::STREAM,
];

/// Of which streams the changes are.
pub(super) const TICKETS: usize = 0;
pub(super) const ORDERS: usize = 1;
pub(super) const PAYMENTS: usize = 2;

/// The last entry of each stream that was seen. As text: `tickets=5-0,orders=7-2,payments=0-0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions(pub Places<3>);

/// A text that names no position in each of the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position in each stream")]
pub struct NotPositions;

impl Positions {
    /// The same with another position in one stream.
    #[must_use]
    pub fn with(mut self, stream: usize, stamp: Stamp) -> Self {
        self.0[stream] = stamp;
        self
    }

    /// Whether nothing that `other` has seen is missing here.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(other.0)
            .all(|(ours, theirs)| *ours >= theirs)
    }

    /// The later of the two in each stream.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        let mut later = self;
        for (ours, theirs) in later.0.iter_mut().zip(other.0) {
            *ours = (*ours).max(theirs);
        }
        later
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (stream, stamp)) in STREAMS.iter().zip(self.0).enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{stream}={stamp}")?;
        }
        Ok(())
    }
}

impl FromStr for Positions {
    type Err = NotPositions;

    /// In any order, and among others: an instance of another version may hear more.
    fn from_str(text: &str) -> Result<Self, NotPositions> {
        let mut found = [None; 3];
        for pair in text.split(',') {
            let (name, stamp) = pair.split_once('=').ok_or(NotPositions)?;
            if let Some(number) = STREAMS.iter().position(|stream| *stream == name) {
                found[number] = Some(stamp.parse().map_err(|_| NotPositions)?);
            }
        }
        let [Some(tickets), Some(orders), Some(payments)] = found else {
            return Err(NotPositions);
        };
        Ok(Self([tickets, orders, payments]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn positions(numbers: [i64; 3]) -> Positions {
        Positions(numbers.map(Stamp::from_number))
    }

    #[test]
    fn as_text() {
        let text = "tickets=5-0,orders=7-2,payments=0-0";
        let parsed: Positions = text.parse().unwrap();
        assert_eq!(parsed, positions([5 << 20, 7 << 20 | 2, 0]));
        assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn of_an_instance_that_hears_more() {
        let more = "refunds=1-0,payments=0-0,orders=7-2,tickets=5-0";
        let ours = "tickets=5-0,orders=7-2,payments=0-0";
        assert_eq!(more.parse::<Positions>(), ours.parse());
    }

    #[rstest]
    #[case("")]
    #[case("7-2")]
    #[case("tickets=5-0,orders=7-2")]
    #[case("tickets=5-0,orders=7-2,payments=")]
    #[case("tickets=5-0,orders=7-2,payments=$")]
    #[case("tickets=5-0,orders=-7-2,payments=0-0")]
    #[case("tickets=5-0;orders=7-2;payments=0-0")]
    fn what_names_none(#[case] text: &str) {
        assert_eq!(text.parse::<Positions>(), Err(NotPositions));
    }

    #[test]
    fn one_covers_another_only_in_every_stream() {
        let (a, b) = (positions([1, 5, 1]), positions([1, 4, 1]));
        assert!(a.covers(&a) && a.covers(&b) && !b.covers(&a));
        let crossed = positions([2, 3, 1]);
        assert!(!a.covers(&crossed) && !crossed.covers(&a));
        assert_eq!(a.max(crossed), positions([2, 5, 1]));
    }

    proptest! {
        #[test]
        fn there_and_back(numbers in prop::array::uniform3(0..i64::MAX)) {
            let places = positions(numbers);
            prop_assert_eq!(places.to_string().parse(), Ok(places));
        }
    }
}
