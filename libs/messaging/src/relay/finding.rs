//! What the stream's last id says about it.

use crate::stamp::Stamp;

/// A relay's conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The stream ends where it should.
    InStep,
    /// It has entries that were not stamped: a relay died in between, or another one leads. Go on
    /// after them; rows that were not stamped come again.
    Ahead(Stamp),
    /// Redis was restarted without its latest entries. Those above this one are to be published
    /// again, under the ids that they had.
    LostTail(Stamp),
    /// Redis was restarted empty, or the stream was deleted.
    Wiped,
}

/// Compares the last id in the stream with the highest that was stamped.
#[must_use]
pub fn compare(highest: Stamp, last: Option<Stamp>) -> Finding {
    match last.unwrap_or(Stamp::ZERO) {
        last if last == highest => Finding::InStep,
        Stamp::ZERO => Finding::Wiped,
        last if last > highest => Finding::Ahead(last),
        last => Finding::LostTail(last),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::never_used(0, None, Finding::InStep)]
    #[case::only_a_group_made_it(0, Some(0), Finding::InStep)]
    #[case::in_step(7, Some(7), Finding::InStep)]
    #[case::not_stamped(7, Some(9), Finding::Ahead(Stamp::from_number(9)))]
    #[case::first_not_stamped(0, Some(9), Finding::Ahead(Stamp::from_number(9)))]
    #[case::lost_tail(7, Some(5), Finding::LostTail(Stamp::from_number(5)))]
    #[case::gone(7, None, Finding::Wiped)]
    #[case::gone_and_made_again_by_a_group(7, Some(0), Finding::Wiped)]
    fn table(#[case] highest: i64, #[case] last: Option<i64>, #[case] expected: Finding) {
        let last = last.map(Stamp::from_number);
        assert_eq!(compare(Stamp::from_number(highest), last), expected);
    }
}
