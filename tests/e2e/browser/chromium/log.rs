//! What the browser says to developers: a page's errors, what it refused by the page's policy, requests
//! that failed; and what it has told web of that policy.

use thirtyfour::BrowserLogEntry;

use super::Browser;

/// All that was said so far, and what of it is no fault.
#[derive(Debug)]
pub struct Log {
    severe: Vec<String>,
    expected: Vec<&'static str>,
    /// Web has counted so many without this browser.
    policy_reports: u64,
}

impl Log {
    pub fn new(policy_reports: u64) -> Self {
        Self {
            severe: Vec::new(),
            expected: Vec::new(),
            policy_reports,
        }
    }
}

impl Browser {
    /// From now on it is no fault when an error has this in it: `status of 402`, where a card is declined.
    pub fn may_say(&self, message: &'static str) {
        self.log.borrow_mut().expected.push(message);
    }

    /// The errors that nobody expects, since the browser was started.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        let reports = self.stack.policy_reports().await;
        let mut log = self.log.borrow_mut();
        let severe = entries.into_iter().filter(|entry| entry.level == "SEVERE");
        log.severe.extend(severe.map(line));
        let unexpected = |line: &&String| !log.expected.iter().any(|part| line.contains(part));
        let mut complaints: Vec<_> = log.severe.iter().filter(unexpected).cloned().collect();
        let reports = reports.saturating_sub(log.policy_reports);
        if reports > 0 {
            complaints.push(format!("{reports} reports of a breach of a page's policy"));
        }
        complaints
    }

    /// Takes all that was said until now for read: for a test that has provoked it.
    pub async fn forgets_complaints(&self) {
        self.complaints().await;
        let reports = self.stack.policy_reports().await;
        let mut log = self.log.borrow_mut();
        log.severe.clear();
        log.policy_reports = reports;
    }
}

fn line(entry: BrowserLogEntry) -> String {
    let source = entry.source.unwrap_or_default();
    format!("{source}: {}", entry.message)
}
