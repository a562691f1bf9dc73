//! What was answered, and what is on it.

use reqwest::{
    Method, RequestBuilder, Response,
    header::{self, HeaderMap},
};
use scraper::{ElementRef, Html, Selector};

/// An answer.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// A form with what is in it.
#[derive(Debug, Clone)]
pub struct Form {
    pub method: String,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Page {
    pub(super) async fn of(answer: Response) -> Self {
        Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> String {
        self.header(header::LOCATION.as_str()).to_owned()
    }

    pub fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The texts of all elements that the selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let texts = |element: ElementRef<'_>| words(element);
        self.html().select(&parsed(selector)).map(texts).collect()
    }

    /// The text of the one element that the selector finds.
    pub fn text(&self, selector: &str) -> String {
        let mut found = self.texts(selector);
        assert_eq!(found.len(), 1, "{selector}: {found:?} in {}", self.body);
        found.remove(0)
    }

    /// An attribute of all elements that the selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let (html, selector) = (self.html(), parsed(selector));
        let found = html.select(&selector);
        found
            .filter_map(|element| Some(element.value().attr(name)?.to_owned()))
            .collect()
    }

    pub fn has(&self, selector: &str) -> bool {
        self.html().select(&parsed(selector)).next().is_some()
    }

    /// What can be read on it.
    pub fn words(&self) -> String {
        self.texts("body").concat()
    }

    pub fn title(&self) -> String {
        self.text("title")
    }

    /// The form that is sent there, filled in as it came.
    pub fn form(&self, action: &str) -> Form {
        let html = self.html();
        let found = html
            .select(&parsed("form"))
            .find(|form| form.value().attr("action") == Some(action));
        let form = found.unwrap_or_else(|| panic!("no form for {action} in {}", self.body));
        let named = parsed("input[name], select[name], textarea[name]");
        Form {
            method: form.value().attr("method").unwrap_or("get").to_owned(),
            action: action.to_owned(),
            fields: form.select(&named).filter_map(field).collect(),
        }
    }
}

fn field(element: ElementRef<'_>) -> Option<(String, String)> {
    let element_name = element.value().name();
    let attribute = |name| element.value().attr(name);
    let optional = matches!(attribute("type"), Some("checkbox" | "radio" | "submit"));
    if optional && attribute("checked").is_none() {
        return None;
    }
    let value = match element_name {
        "select" => {
            let chosen = element.select(&parsed("option[selected]")).next();
            let chosen = chosen.or_else(|| element.select(&parsed("option")).next())?;
            chosen.value().attr("value")?.to_owned()
        }
        "textarea" => element.text().collect(),
        _ => attribute("value").unwrap_or("").to_owned(),
    };
    Some((attribute("name")?.to_owned(), value))
}

impl Form {
    pub fn method(&self) -> Method {
        self.method.to_uppercase().parse().unwrap()
    }

    /// Puts it into a request.
    pub fn fill(&self, request: RequestBuilder) -> RequestBuilder {
        let kind = "application/x-www-form-urlencoded";
        request
            .header(header::CONTENT_TYPE, kind)
            .body(serde_urlencoded::to_string(&self.fields).unwrap())
    }

    /// With another value in a field, or with one more field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}

fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
