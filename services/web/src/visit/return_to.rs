//! Where a visitor goes back to. Only to a path of ours: a link could have been made by anybody.

use actix_web::{
    HttpRequest,
    http::{Uri, header},
};
use serde::{Deserialize, Deserializer};

/// The longest path that is kept.
const LONGEST: usize = 2000;

/// A local path, from a form or a query. What is none is `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The path, or `/` if `text` could lead elsewhere.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let path = if is_local(text) { text } else { "/" };
        Self(path.to_owned())
    }

    /// Where a request that needs a session comes back to: the page itself, or, for what a form sent,
    /// the page with the form.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        if request.method().is_safe() {
            return Self::new(&page_of(request));
        }
        let header = |name| {
            let value = request.headers().get(name)?;
            value.to_str().ok()
        };
        let referer: Option<Uri> = header(header::REFERER).and_then(|text| text.parse().ok());
        let here = referer.filter(|uri| {
            uri.authority().map(|authority| authority.as_str()) == header(header::HOST)
        });
        here.and_then(|uri| Some(Self::new(uri.path_and_query()?.as_str())))
            .unwrap_or_default()
    }

    /// Starts with one `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }
}

/// The page that a fragment of it belongs to (htmx says so), else what was asked for.
fn page_of(request: &HttpRequest) -> String {
    let shown = request
        .headers()
        .get("hx-current-url")
        .and_then(|url| url.to_str().ok())
        .and_then(|url| url.parse::<Uri>().ok())
        .and_then(|uri| uri.into_parts().path_and_query);
    let asked = || request.uri().path_and_query().cloned();
    shown
        .or_else(asked)
        .map_or_else(String::new, |path| path.to_string())
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl std::fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ReturnTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// A browser reads `//host` as another host, turns backslashes into slashes and leaves out tabs and line
/// breaks (WHATWG URL, "basic URL parser").
fn is_local(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= LONGEST
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/")]
    #[case("/orders")]
    #[case("/tickets/018bcfe5-687b-7000-8000-000000000001?quantity=2")]
    #[case("/?q=%22row+7%22&cursor=abc")]
    #[case("/a//b")]
    fn paths_of_ours(#[case] text: &str) {
        assert_eq!(ReturnTo::new(text).path(), text);
    }

    #[rstest]
    #[case("")]
    #[case("orders")]
    #[case("//evil.example")]
    #[case("///evil.example")]
    #[case("/\\evil.example")]
    #[case("\\\\evil.example")]
    #[case("/\t/evil.example")]
    #[case("/\n/evil.example")]
    #[case("\t//evil.example")]
    #[case(" //evil.example")]
    #[case("https://evil.example")]
    #[case("https:evil.example")]
    #[case("javascript:alert(1)")]
    #[case("/caf\u{e9}")]
    fn everything_else_is_home(#[case] text: &str) {
        assert_eq!(ReturnTo::new(text).path(), "/");
    }

    #[test]
    fn a_path_that_no_url_has_is_home() {
        let text = format!("/{}", "a".repeat(LONGEST));
        assert_eq!(ReturnTo::new(&text).path(), "/");
    }

    #[test]
    fn a_page_comes_back_to_itself_and_a_form_to_its_page() {
        let page = TestRequest::get().uri("/orders?cursor=7").to_http_request();
        assert_eq!(ReturnTo::of(&page).path(), "/orders?cursor=7");
        let fragment = TestRequest::get()
            .uri("/orders/list")
            .insert_header(("hx-current-url", "http://ticketing.dev/orders"))
            .to_http_request();
        assert_eq!(ReturnTo::of(&fragment).path(), "/orders");
        let form = |referer: &str| {
            TestRequest::post()
                .uri("/tickets/7/orders")
                .insert_header(("host", "ticketing.dev"))
                .insert_header(("referer", referer))
                .to_http_request()
        };
        let here = form("https://ticketing.dev/tickets/7?q=a");
        assert_eq!(ReturnTo::of(&here).path(), "/tickets/7?q=a");
        let elsewhere = form("https://evil.example/tickets/7");
        assert_eq!(ReturnTo::of(&elsewhere).path(), "/");
    }
}
