//! A running browser.

use std::{cell::RefCell, fmt, thread};

use thirtyfour::WebDriver;
use ticketing_testkit::engine::Engine;

use super::{log::Log, view::View, witness};
use crate::harness::Stack;

/// A browser with a profile of its own. A test ends it by [`Browser::ends`], which is when its log is read
/// for the last time; one that fails leaves a picture and what was on the page.
pub struct Browser {
    // Dropped in this order: the session before the driver that it is in.
    pub(super) driver: WebDriver,
    _engine: Engine,
    pub(super) stack: Stack,
    pub(super) log: RefCell<Log>,
    pub(super) view: RefCell<View>,
    ended: bool,
}

impl Browser {
    pub(super) async fn new(stack: Stack, driver: WebDriver, engine: Engine) -> Self {
        let log = Log::new(stack.policy_reports().await);
        Self {
            driver,
            _engine: engine,
            stack,
            log: RefCell::new(log),
            view: RefCell::default(),
            ended: false,
        }
    }

    /// Closes it, and fails when it has complained of anything since it was started.
    pub async fn ends(mut self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the browser says: {complaints:#?}");
        self.ended = true;
        self.driver.clone().quit().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if thread::panicking() {
            witness::tell(&self.driver);
        } else {
            assert!(self.ended, "nobody has read this browser's log: end it");
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a browser at {}", self.stack.base)
    }
}
