//! Who uses the browser.

use reqwest::Url;
use serde_json::json;
use thirtyfour::WindowHandle;

use super::Browser;
use crate::harness::Person;

impl Browser {
    /// The person's session, as if they had signed in here.
    pub async fn belongs_to(&self, person: &Person) {
        let (name, value) = person.session();
        let cookie = json!({
            "url": self.stack.base, "name": name, "value": value,
            "httpOnly": true, "sameSite": "Lax", "path": "/",
        });
        let set = self.cdp("Network.setCookie", cookie).await;
        assert_eq!(set["success"], true, "{set}");
    }

    /// The session that the pages have given.
    pub async fn session(&self) -> Option<String> {
        let cookies = self.driver.get_all_cookies().await.unwrap();
        let session = cookies.into_iter().find(|cookie| cookie.name == "session");
        session.map(|cookie| cookie.value)
    }

    /// Opens another tab and goes there. Answers which one it came from.
    pub async fn opens_a_tab(&self) -> WindowHandle {
        let first = self.driver.window().await.unwrap();
        let tab = self.driver.new_tab().await.unwrap();
        self.turns_to(tab).await;
        first
    }

    pub async fn turns_to(&self, tab: WindowHandle) {
        self.driver.switch_to_window(tab).await.unwrap();
        // Each tab has a view of its own.
        let view = *self.view.borrow();
        self.is_viewed(view).await;
    }

    /// Where the browser is: path and query.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        local(&url)
    }
}

fn local(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
