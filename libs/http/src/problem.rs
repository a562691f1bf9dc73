//! The one error answer: RFC 9457, in the form of [`ProblemBody`].

use std::{fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use ticketing_contracts::api::problem::{ErrorItem, ProblemBody};
use ticketing_runtime::telemetry::trace::TraceContext;

/// What a client is told when a request fails. What an operator needs is logged where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    errors: Vec<ErrorItem>,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with one message.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let error = ErrorItem {
            message: message.into(),
            field: None,
        };
        Self {
            status,
            errors: vec![error],
            retry_after: None,
        }
    }

    /// 400, about the request as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400, about fields. `errors` must not be empty.
    #[must_use]
    pub fn invalid(errors: Vec<ErrorItem>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            errors,
            retry_after: None,
        }
    }

    /// 401: there is no session.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Not authorized")
    }

    /// 403.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404, for unknown routes as well.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found")
    }

    /// 429.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts, try again later",
        );
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }

    /// 500. The cause goes to the log, not to the client.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong")
    }

    /// 503: a dependency is down or the service is full. The cause goes to the log.
    pub fn unavailable(retry_after: Duration, cause: impl fmt::Display) -> Self {
        tracing::warn!(%cause, "unavailable");
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Busy, try again in a moment",
        );
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }

    /// The same with another message for the client.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self {
            errors: vec![ErrorItem {
                message: message.into(),
                field: None,
            }],
            ..self
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The first thing that is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        self.errors.first().map_or("", |error| &error.message)
    }

    fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            errors: self.errors.clone(),
            trace_id: TraceContext::current().map(|context| context.trace_id()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<_> = self
            .errors
            .iter()
            .map(|error| error.message.as_str())
            .collect();
        write!(f, "{}: {}", self.status, messages.join("; "))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never "at once".
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response
            .content_type("application/problem+json")
            .body(serde_json::to_vec(&self.body()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_in_whole_seconds_and_never_zero() {
        for (wait, expected) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
            let problem = Problem::too_many_requests(Duration::from_millis(wait));
            let response = problem.error_response();
            let told = response.headers().get(header::RETRY_AFTER);
            assert_eq!(told.unwrap(), expected, "{wait} ms");
        }
    }

    #[test]
    fn a_cause_does_not_reach_the_client() {
        let problem = Problem::internal("password=hunter2");
        assert!(!problem.to_string().contains("hunter2"));
    }
}
