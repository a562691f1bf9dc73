//! How closely rounds of work follow each other.

use std::time::{Duration, Instant};

/// The pace of a task that does in rounds what others ask for.
///
/// What a small round costs is hardly what it does: processes are woken, a commit is waited for, everybody is
/// told. So after one the task rests for as long as it took, and what is asked meanwhile is done together:
/// the busier the machine is, the longer a round takes, and the more the next one does. Whoever asks after
/// the rest waits for nobody.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A round that did as much is followed by the next one at once.
    pub enough: usize,
    /// The longest rest.
    pub most: Duration,
}

impl Pace {
    /// Rests after a round that `began` then and did so much.
    pub async fn rest(self, began: Instant, done: usize) {
        let rest = self.after(began.elapsed(), done);
        // Sleeping for no time takes a millisecond.
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }

    fn after(self, took: Duration, done: usize) -> Duration {
        if done < self.enough {
            took.min(self.most)
        } else {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(3, 1, 3)]
    #[case(3, 7, 3)]
    #[case(100, 7, 20)]
    #[case(100, 8, 0)]
    fn as_long_as_a_small_round_took(#[case] took: u64, #[case] done: usize, #[case] rest: u64) {
        let pace = Pace {
            enough: 8,
            most: Duration::from_millis(20),
        };
        let rested = pace.after(Duration::from_millis(took), done);
        assert_eq!(rested, Duration::from_millis(rest));
    }
}
