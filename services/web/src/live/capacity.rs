//! How many browsers an instance can tell: each is an open file.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More are not taken in, whatever the system allows: each needs some kilobytes as well.
const MOST: u64 = 15_000;

/// Takes all files that the system allows, and returns for how many browsers they are enough. A quarter is
/// left for pages and for what they ask.
pub(super) fn browsers() -> usize {
    usize::try_from(enough_for(open_files())).unwrap_or(usize::MAX)
}

fn enough_for(files: u64) -> u64 {
    (files / 4 * 3).min(MOST)
}

/// A process begins with the lower of its two limits, and may raise it to the other.
fn open_files() -> u64 {
    let kind = Resource::RLIMIT_NOFILE;
    let raised = getrlimit(kind).and_then(|(soft, hard)| {
        if soft < hard {
            setrlimit(kind, hard, hard)?;
        }
        Ok(hard)
    });
    raised.unwrap_or_else(|error| {
        tracing::warn!(%error, "the number of open files can't be raised");
        // What a process has at least, nearly anywhere.
        getrlimit(kind).map_or(1_024, |(soft, _)| soft)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_left_for_pages() {
        assert_eq!(enough_for(1_024), 768);
        assert_eq!(enough_for(20_000), 15_000);
        assert_eq!(enough_for(u64::MAX), 15_000);
    }

    #[test]
    fn all_that_there_are_are_taken() {
        let files = open_files();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!((soft, files), (hard, hard));
    }
}
