//! What is on the page. Everything is waited for: what a script or an event brings comes when it comes.

use serde_json::{Value, json};
use thirtyfour::{
    WebElement,
    error::{WebDriverErrorInner, WebDriverResult},
};
use ticketing_testkit::eventually;

use super::Browser;

/// What kinds of things people name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Button,
    Link,
    Field,
    Heading,
    Alert,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Link => "link",
            Self::Field => "field",
            Self::Heading => "heading",
            Self::Alert => "alert",
        }
    }
}

impl Browser {
    /// Waits until this is to be read on the page; capitals don't count, because a stylesheet may have
    /// made them.
    pub async fn sees(&self, text: &str) {
        let what = format!("{text:?} is to be read");
        self.eventually(&what, async || self.reads(text).await)
            .await;
    }

    /// Waits until it is to be read no longer.
    pub async fn sees_no(&self, text: &str) {
        let what = format!("{text:?} has gone");
        self.eventually(&what, async || !self.reads(text).await)
            .await;
    }

    /// Whether it is to be read now.
    pub async fn reads(&self, text: &str) -> bool {
        let page = self.text().await.unwrap_or_default();
        page.to_lowercase().contains(&text.to_lowercase())
    }

    /// All that is to be read, with single spaces; nothing while a page is being left.
    pub async fn text(&self) -> Option<String> {
        let text = self
            .runs("return document.body?.innerText", [])
            .await
            .ok()?;
        // Where a long address may be broken.
        let text = text.as_str()?.replace('\u{200b}', "");
        let words: Vec<_> = text.split_whitespace().collect();
        Some(words.join(" "))
    }

    pub async fn sees_heading(&self, name: &str) {
        self.finds(Kind::Heading, name).await;
    }

    pub async fn sees_button(&self, name: &str) {
        self.finds(Kind::Button, name).await;
    }

    pub async fn sees_link(&self, name: &str) {
        self.finds(Kind::Link, name).await;
    }

    /// What the page asks to be noticed at once.
    pub async fn is_alerted(&self, beginning: &str) {
        self.finds(Kind::Alert, beginning).await;
    }

    /// Whether there is one now.
    pub async fn has(&self, kind: Kind, name: &str) -> bool {
        self.look_for(kind, name).await.is_some()
    }

    /// Waits until the browser is there.
    pub async fn arrives_at(&self, path: &str) {
        self.eventually(&format!("the browser is at {path}"), async || {
            self.path().await.starts_with(path)
        })
        .await;
    }

    /// Waits for the one visible thing of this name.
    pub async fn finds(&self, kind: Kind, name: &str) -> WebElement {
        eventually(
            &format!("there is a {} {name:?}", kind.name()),
            async || self.look_for(kind, name).await,
        )
        .await
    }

    /// None, too, while the page is being left. Several of one name are a fault of the page.
    pub(super) async fn look_for(&self, kind: Kind, name: &str) -> Option<WebElement> {
        let arguments = [json!(kind.name()), json!(name)];
        let found = self.driver.execute(include_str!("find.js"), arguments);
        match found.await {
            Ok(found) if found.json().is_null() => None,
            Ok(found) => Some(found.element().unwrap()),
            Err(error) => {
                let several = matches!(&*error, WebDriverErrorInner::JavascriptError(_));
                assert!(!several, "{error}");
                None
            }
        }
    }

    /// What a script returns.
    ///
    /// # Errors
    /// While the page is being left, and when it throws.
    pub async fn runs(
        &self,
        script: &str,
        arguments: impl IntoIterator<Item = Value>,
    ) -> WebDriverResult<Value> {
        let arguments: Vec<_> = arguments.into_iter().collect();
        let returned = self.driver.execute(script, arguments).await?;
        Ok(returned.json().clone())
    }

    /// From here on [`Browser::stayed`] tells whether the page was loaded anew.
    pub async fn stays(&self) {
        self.runs("window.stays = true", []).await.unwrap();
    }

    pub async fn stayed(&self) -> bool {
        let stays = self.runs("return window.stays === true", []).await;
        stays.unwrap() == json!(true)
    }

    /// Whether the page's scripts have run: the first of them says so.
    pub async fn has_run_scripts(&self) -> bool {
        let script = "return typeof window.htmx !== 'undefined'";
        self.runs(script, []).await.unwrap() == json!(true)
    }

    /// What has the focus, and whether that can be seen.
    pub async fn focus(&self) -> Value {
        self.runs(include_str!("focus.js"), []).await.unwrap()
    }

    /// Waits until what is called so has the focus.
    pub async fn is_at(&self, name: &str) {
        self.eventually(&format!("{name:?} has the focus"), async || {
            self.focus().await["name"] == name
        })
        .await;
    }

    /// What is written in a field.
    pub async fn written_in(&self, field: &str) -> String {
        let element = self.finds(Kind::Field, field).await;
        element.value().await.unwrap().unwrap_or_default()
    }

    /// What is said of a field to whoever comes to it, of those words that are an error.
    pub async fn is_described(&self, field: &str) -> String {
        let element = self.finds(Kind::Field, field).await;
        assert_eq!(
            element.attr("aria-invalid").await.unwrap().as_deref(),
            Some("true")
        );
        let described = self.driver.execute(
            "return (arguments[0].getAttribute('aria-describedby') ?? '').split(/\\s+/)
               .map((id) => document.getElementById(id)?.innerText).filter(Boolean).join(' ')",
            [element.to_json().unwrap()],
        );
        described.await.unwrap().convert().unwrap()
    }

    pub async fn eventually(&self, what: &str, mut is: impl AsyncFnMut() -> bool) {
        eventually(what, async || is().await.then_some(())).await;
    }
}
