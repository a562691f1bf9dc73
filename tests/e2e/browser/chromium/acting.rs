//! What a person does.

use serde_json::json;
use thirtyfour::{
    Key, TypingData, WebElement,
    error::{WebDriverError, WebDriverErrorInner, WebDriverResult},
};
use ticketing_testkit::eventually;

use super::{Browser, seeing::Kind};

impl Browser {
    /// Types an address in.
    pub async fn opens(&self, path: &str) {
        let url = format!("{}{path}", self.stack.base);
        self.driver.goto(url).await.unwrap();
    }

    pub async fn reloads(&self) {
        self.driver.refresh().await.unwrap();
    }

    /// Presses the button of this name, by the mouse or a finger.
    pub async fn presses(&self, button: &str) {
        self.clicks(Kind::Button, button).await;
    }

    pub async fn follows(&self, link: &str) {
        self.clicks(Kind::Link, link).await;
    }

    /// Writes into a field, instead of what is there.
    pub async fn fills(&self, field: &str, text: &str) {
        self.does(Kind::Field, field, async |element| {
            element.clear().await?;
            element.send_keys(text).await
        })
        .await;
    }

    /// Presses keys; they go to what has the focus.
    pub async fn types(&self, keys: impl Into<TypingData>) {
        let keys = self.driver.action_chain().send_keys(keys);
        keys.perform().await.unwrap();
    }

    /// Goes on by the tab key until what is called so has the focus, and sees at each stop where it is.
    pub async fn tabs_to(&self, name: &str) {
        for _ in 0..80 {
            self.types(Key::Tab).await;
            let stop = self.focus().await;
            // Behind the last one is the browser itself, and then the first one again.
            if stop["tag"] == "BODY" {
                continue;
            }
            assert_eq!(
                stop["visible"],
                json!(true),
                "the focus can't be seen: {stop}"
            );
            let found = stop["name"].as_str().unwrap_or_default();
            if found.to_lowercase().starts_with(&name.to_lowercase()) {
                return;
            }
        }
        panic!("the tab key does not lead to {name:?}");
    }

    /// Sends forms as they are: the browser's own checks come first otherwise.
    pub async fn checks_nothing_itself(&self) {
        let script = "for (const form of document.forms) form.noValidate = true";
        self.runs(script, []).await.unwrap();
    }

    /// From the next page on, the visitor's clock is wrong by so many seconds.
    pub async fn has_its_clock_ahead_by(&self, seconds: u32) {
        let source = format!(
            "{{ const Real = Date, ahead = {seconds} * 1000;
               globalThis.Date = class extends Real {{
                 constructor(...given) {{ given.length ? super(...given) : super(Real.now() + ahead); }}
                 static now() {{ return Real.now() + ahead; }}
               }};
               const origin = performance.timeOrigin + ahead;
               Object.defineProperty(performance, 'timeOrigin', {{ get: () => origin }}); }}"
        );
        let script = json!({"source": source});
        self.cdp("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    async fn clicks(&self, kind: Kind, name: &str) {
        self.does(kind, name, async |element| element.click().await)
            .await;
    }

    /// Again with what has taken its place, when an event has just replaced it.
    async fn does(
        &self,
        kind: Kind,
        name: &str,
        act: impl AsyncFn(WebElement) -> WebDriverResult<()>,
    ) {
        eventually(
            &format!("there is a {kind:?} {name:?} to use"),
            async || {
                let element = self.look_for(kind, name).await?;
                match act(element).await {
                    Ok(()) => Some(()),
                    Err(error) if is_passing(&error) => None,
                    Err(error) => panic!("{kind:?} {name:?}: {error}"),
                }
            },
        )
        .await;
    }
}

/// Nothing was done, and it may well be possible in a moment.
fn is_passing(error: &WebDriverError) -> bool {
    matches!(
        &**error,
        WebDriverErrorInner::StaleElementReference(_)
            | WebDriverErrorInner::ElementClickIntercepted(_)
            | WebDriverErrorInner::ElementNotInteractable(_)
    )
}
