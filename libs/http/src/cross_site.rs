//! Requests that another site makes with a visitor's cookie are refused.
//!
//! The browser tells where a request comes from (Fetch Metadata, RFC 6454), so no token is needed: a
//! state-changing request passes when `Sec-Fetch-Site` is `same-origin` or `none`; else its `Origin`
//! must be this host or an allowed one; with neither header it is not from a browser.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap},
    },
};
use futures::future::LocalBoxFuture;

use crate::Problem;

/// Origins besides the host's own (`https://shop.example`) that may change state. Put it into the
/// app's data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(pub Vec<String>);

/// How a refused request is answered where people read the answer: by a page. Put it into the app's data.
#[derive(Debug, Clone, Copy)]
pub struct Refusal(pub fn(HttpRequest, Problem) -> LocalBoxFuture<'static, HttpResponse>);

impl std::str::FromStr for AllowedOrigins {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let origins = list
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty());
        origins
            .map(|origin| match authority(origin) {
                Some(authority) if !authority.contains('/') => Ok(origin.to_ascii_lowercase()),
                _ => {
                    Err("not a comma-separated list of origins such as https://shop.example".into())
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Lets a request pass that its own site, or no browser, has made.
///
/// # Errors
/// A 403 [`Problem`] for a cross-site request.
pub fn check(request: &ServiceRequest) -> Result<(), Problem> {
    let none = AllowedOrigins::default();
    let allowed = request.app_data::<AllowedOrigins>().unwrap_or(&none);
    if passes(request.method(), request.headers(), allowed) {
        Ok(())
    } else {
        Err(Problem::forbidden("Cross-site request refused"))
    }
}

/// Answers a request that did not pass.
pub(crate) async fn refuse(request: ServiceRequest, problem: Problem) -> ServiceResponse {
    let Some(Refusal(answer)) = request.app_data::<Refusal>().copied() else {
        return request.error_response(problem);
    };
    let (request, _) = request.into_parts();
    let response = answer(request.clone(), problem).await;
    ServiceResponse::new(request, response)
}

fn passes(method: &Method, headers: &HeaderMap, allowed: &AllowedOrigins) -> bool {
    if method.is_safe() {
        return true;
    }
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let site = header(header::HeaderName::from_static("sec-fetch-site"));
    if matches!(site, Some("same-origin" | "none")) {
        return true;
    }
    match header(header::ORIGIN) {
        Some(origin) => {
            let origin = origin.to_ascii_lowercase();
            let host = header(header::HOST).unwrap_or("").to_ascii_lowercase();
            allowed.0.contains(&origin)
                || authority(&origin).is_some_and(|name| !name.is_empty() && name == host)
        }
        None => site.is_none(),
    }
}

fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::not_a_browser(&[], true)]
    #[case::same_origin(&[("sec-fetch-site", "same-origin")], true)]
    #[case::typed_in(&[("sec-fetch-site", "none")], true)]
    #[case::cross_site(&[("sec-fetch-site", "cross-site")], false)]
    #[case::cross_site_form(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], false)]
    #[case::sibling(&[("sec-fetch-site", "same-site"), ("origin", "https://evil.ticketing.dev")], false)]
    #[case::allowed(&[("sec-fetch-site", "cross-site"), ("origin", "https://Shop.example")], true)]
    #[case::old_browser(&[("origin", "https://TICKETING.dev")], true)]
    #[case::old_browser_cross_site(&[("origin", "https://evil.example")], false)]
    #[case::sandboxed(&[("origin", "null")], false)]
    #[case::empty(&[("origin", "")], false)]
    #[case::other_port(&[("origin", "https://ticketing.dev:8443")], false)]
    #[case::garbage(&[("sec-fetch-site", "sAmE-oRiGiN")], false)]
    fn who_may_change_state(
        #[case] pairs: &[(&'static str, &'static str)],
        #[case] expected: bool,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("ticketing.dev"));
        for (name, value) in pairs {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let allowed = "https://shop.example".parse().unwrap();
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(passes(&method, &headers, &allowed), expected, "{method}");
        }
        assert!(passes(&Method::GET, &headers, &allowed));
    }

    #[test]
    fn a_list_of_origins() {
        let list: AllowedOrigins = " https://a.example, http://b.example:3000,"
            .parse()
            .unwrap();
        assert_eq!(list.0, ["https://a.example", "http://b.example:3000"]);
        assert!("a.example".parse::<AllowedOrigins>().is_err());
        assert!("https://a.example/".parse::<AllowedOrigins>().is_err());
    }
}
