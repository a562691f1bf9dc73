//! What a browser does without JavaScript: it keeps cookies, follows links and sends forms.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::{Client, Method, RequestBuilder, Response, header};

use super::{Page, client, page::Form};

/// A clone is another tab of the same browser.
#[derive(Clone)]
pub struct Browser {
    base: String,
    client: Client,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    language: &'static str,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            client: client(),
            cookies: Arc::default(),
            language: "en",
        }
    }

    /// Prefers this language (`Accept-Language`).
    pub fn reading(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies().insert(name.to_owned(), value.to_owned());
    }

    pub fn forget(&self, name: &str) {
        self.cookies().remove(name);
    }

    /// A request with this browser's cookies, to be sent by [`Self::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<_> = self
            .cookies()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header(header::ACCEPT_LANGUAGE, self.language);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        request
    }

    pub async fn send(&self, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        self.keep_cookies(&answer);
        Page::of(answer).await
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// The page, which must be there.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page
    }

    /// Sends a form as it stands.
    pub async fn submit(&self, form: &Form) -> Page {
        let request = self
            .request(form.method(), &form.action)
            .header("sec-fetch-site", "same-origin");
        self.send(form.fill(request)).await
    }

    /// Sends a form and opens where it leads.
    pub async fn submit_and_follow(&self, form: &Form) -> Page {
        let page = self.submit(form).await;
        self.follow(&page).await
    }

    /// Opens where an answer leads.
    pub async fn follow(&self, page: &Page) -> Page {
        assert_eq!(page.status, 303, "{}", page.body);
        self.get(&page.location()).await
    }

    fn keep_cookies(&self, answer: &Response) {
        for value in answer.headers().get_all(header::SET_COOKIE) {
            let value = value.to_str().unwrap();
            let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.forget(name);
            } else {
                self.set_cookie(name, value);
            }
        }
    }

    fn cookies(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
