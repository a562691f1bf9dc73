//! What went wrong, as a page: in the visitor's language, and with the trace id to tell an operator
//! when it is our fault.
//!
//! Handlers and extractors return a [`Failure`]; the page is made on the way out, where the request is
//! known. A dependency that is down should only end in here when the whole page depends on it.

use std::{fmt, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use askama::Template;
use futures::future::LocalBoxFuture;
use ticketing_http::Problem;
use ticketing_runtime::telemetry::trace::TraceContext;

use crate::{
    headers,
    page::{self, Page},
    visit::{ReturnTo, Visit},
};

/// What to wait for a service to come back.
const RETRY: Duration = Duration::from_secs(5);

/// Why there is no page, or another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// 400: what was sent can't be understood; no form of ours sends it.
    BadRequest,
    /// There is no session and one is needed: to the sign-in page, and from there back.
    SignIn(ReturnTo),
    /// 403: it is somebody else's.
    Forbidden,
    /// 403: the form is not one of ours, not this visitor's, or from before signing in or out.
    Forged,
    /// 404.
    NotFound,
    /// 413.
    TooLarge,
    /// 415.
    Unsupported,
    /// 429: try again after so long.
    Busy(Duration),
    /// 503: this service does not answer, and nothing can be shown without it.
    Unavailable(&'static str),
    /// 500: a bug, which has been logged.
    Broken,
    /// Another status, from outside the handlers.
    Other(StatusCode),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status_code().fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::Forged => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Other(status) => *status,
        }
    }

    /// Without a page: it is made by [`crate::surround`].
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template could not be rendered");
        Self::Broken
    }
}

impl Failure {
    /// That of a status without more to say.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::BadRequest,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::Unsupported,
            StatusCode::TOO_MANY_REQUESTS => Self::Busy(RETRY),
            StatusCode::INTERNAL_SERVER_ERROR => Self::Broken,
            other => Self::Other(other),
        }
    }

    /// Begins the names of its texts: `failure-not-found-title`, `failure-not-found-text`.
    fn name(&self) -> &'static str {
        match self {
            Self::BadRequest | Self::TooLarge | Self::Unsupported => "failure-bad-request",
            Self::SignIn(_) | Self::Forbidden => "failure-forbidden",
            Self::Forged => "failure-forged",
            Self::NotFound => "failure-not-found",
            Self::Busy(_) => "failure-busy",
            Self::Unavailable(_) => "failure-unavailable",
            Self::Other(status) if status.is_client_error() => "failure-bad-request",
            Self::Broken | Self::Other(_) => "failure-broken",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(wait) => Some(*wait),
            Self::Unavailable(_) => Some(RETRY),
            _ => None,
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Page,
    /// In figures.
    status: u16,
    text: String,
    /// Names the request in the logs, for whoever runs the site. Shown when the fault is ours.
    trace_id: String,
    /// Trying again may help.
    again: bool,
}

/// The answer to a request that failed.
pub async fn answer(request: &HttpRequest, failure: &Failure) -> HttpResponse {
    if let Failure::SignIn(return_to) = failure {
        return sign_in(request, return_to);
    }
    let mut response = match page(request, failure).await {
        Ok(response) => response,
        // What a page is made of is missing: a word is better than nothing.
        Err(_) => HttpResponse::build(failure.status_code())
            .content_type("text/plain; charset=utf-8")
            .body(failure.to_string()),
    };
    if let Some(wait) = failure.retry_after() {
        // Whole seconds, and never "at once".
        let seconds = wait.as_millis().div_ceil(1000).max(1).to_string();
        if let Ok(value) = HeaderValue::from_str(&seconds) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
    }
    response
}

async fn page(request: &HttpRequest, failure: &Failure) -> Result<HttpResponse, Failure> {
    let visit = <Visit as actix_web::FromRequest>::extract(request).await?;
    let t = visit.text();
    let title = t.text(&format!("{}-title", failure.name())).into_owned();
    let page = FailurePage {
        page: Page::new(&visit, title).unlisted(),
        status: failure.status_code().as_u16(),
        text: t.text(&format!("{}-text", failure.name())).into_owned(),
        trace_id: TraceContext::current()
            .map(|context| context.trace_id())
            .unwrap_or_default(),
        again: failure.retry_after().is_some() || *failure == Failure::Broken,
    };
    page::with_status(failure.status_code(), &page)
}

/// A part of a page that htmx fetches can't become the sign-in page: the whole page goes there.
fn sign_in(request: &HttpRequest, return_to: &ReturnTo) -> HttpResponse {
    let query = serde_urlencoded::to_string([("return_to", return_to.path())]);
    let location = format!("/auth/signin?{}", query.unwrap_or_default());
    if request.headers().contains_key("hx-request") {
        let redirect = HeaderName::from_static("hx-redirect");
        return HttpResponse::Unauthorized()
            .insert_header((redirect, location))
            .finish();
    }
    page::see_other(&location)
}

/// Answers a request that another site's page made; see `ticketing_http::cross_site`.
#[must_use]
pub fn refuse(request: HttpRequest, problem: Problem) -> LocalBoxFuture<'static, HttpResponse> {
    Box::pin(async move {
        let failure = Failure::of_status(problem.status());
        let response = answer(&request, &failure).await;
        let (_, response) = headers::put(ServiceResponse::new(request, response)).into_parts();
        response
    })
}
