//! How a browser is started.

use std::time::Duration;

use serde_json::json;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel, WebDriver};
use ticketing_testkit::engine::{Engine, folder, free_port};

use super::{Browser, view::View};
use crate::harness::{Stack, plain_client};

/// One that talks to nobody but the page, and starts with an empty profile.
const FLAGS: [&str; 13] = [
    "--headless=new",
    // It ends when chromedriver does, even by a SIGKILL: the pipe between them closes.
    "--remote-debugging-pipe",
    // Debian's sandbox refuses root, which CI is.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-breakpad",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // The other tabs and browsers of a test are as much in view as this one.
    "--disable-backgrounding-occluded-windows",
];

/// A page that has not loaded by then has failed.
const COMMANDS_END_WITHIN: Duration = Duration::from_secs(60);

/// The browser that a person uses, before it is started.
#[derive(Debug, Clone)]
pub struct Chromium {
    languages: &'static str,
    zone: &'static str,
    script: bool,
    view: View,
}

impl Chromium {
    /// An English one at a desk in London, that runs scripts.
    pub fn new() -> Self {
        Self {
            languages: "en-GB,en",
            zone: "Europe/London",
            script: true,
            view: View::default(),
        }
    }

    /// As its `Accept-Language` has them, the preferred one first.
    pub fn speaking(mut self, languages: &'static str) -> Self {
        self.languages = languages;
        self
    }

    /// A zone of the IANA database.
    pub fn in_zone(mut self, zone: &'static str) -> Self {
        self.zone = zone;
        self
    }

    /// Whoever uses it has switched JavaScript off.
    pub fn without_script(mut self) -> Self {
        self.script = false;
        self
    }

    /// In the hand instead of on a desk.
    pub fn on_a_phone(mut self) -> Self {
        self.view = View::phone();
        self
    }

    /// Starts chromedriver and by it the browser. Both end with the test's process, however that ends,
    /// and all that they leave on disk with them.
    pub async fn start(self, stack: &Stack) -> Browser {
        let (folder, port) = (folder(None).unwrap(), free_port().unwrap());
        let home = folder.display();
        let command = [
            "env".to_owned(),
            // The profile, caches and crash reports.
            format!("HOME={home}"),
            format!("TMPDIR={home}"),
            format!("TZ={}", self.zone),
            "chromedriver".to_owned(),
            format!("--port={port}"),
        ];
        let engine = Engine::start(&command, port, folder, None).unwrap();
        // A connection belongs to the runtime that opened it, and the last commands of a test that failed
        // are sent from another.
        let client = plain_client()
            .pool_max_idle_per_host(0)
            .timeout(COMMANDS_END_WITHIN)
            .build()
            .unwrap();
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), self.capabilities());
        let driver = driver.client(client).await;
        let driver = driver.unwrap_or_else(|error| panic!("{error}\n{}", engine.log()));
        let browser = Browser::new(stack.clone(), driver, engine).await;
        browser.is_viewed(self.view).await;
        browser
    }

    fn capabilities(&self) -> ChromeCapabilities {
        let mut capabilities = ChromeCapabilities::new();
        for flag in FLAGS {
            capabilities.add_arg(flag).unwrap();
        }
        let script = if self.script { 1 } else { 2 };
        let preferences = json!({
            "intl.accept_languages": self.languages,
            "profile.managed_default_content_settings.javascript": script,
            "credentials_enable_service": false,
        });
        capabilities
            .add_experimental_option("prefs", preferences)
            .unwrap();
        capabilities
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        capabilities
    }
}
