//! What calls of other services have in common, whoever makes them: the client, and how a refusal is read.

use std::time::Duration;

use actix_web::http::StatusCode;
use reqwest::{Client, Response};
use ticketing_contracts::api::problem::{ErrorItem, ProblemBody};

/// Idle connections are closed here, well before the services would (75 s): a request must not meet a
/// connection that is just being closed.
const IDLE: Duration = Duration::from_secs(30);

/// A client for services, which have `patience` to answer. They are neighbours: neither proxy nor TLS
/// stands between them.
///
/// # Panics
/// When no client can be made, which without TLS nothing can prevent.
#[must_use]
pub fn client(patience: Duration) -> Client {
    let client = Client::builder()
        .timeout(patience)
        .pool_idle_timeout(IDLE)
        .no_proxy()
        .tls_certs_only([])
        .build();
    client.expect("a client without TLS needs nothing that could fail")
}

/// Whether an answer with this status says what is wrong with the request. 408 does not: it is how a
/// server ends a connection, and was sent before the request was read.
#[must_use]
pub fn is_refusal(status: reqwest::StatusCode) -> bool {
    status.is_client_error() && status != reqwest::StatusCode::REQUEST_TIMEOUT
}

/// Why a service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The answer's status.
    pub status: StatusCode,
    /// What is wrong, in words for a person. Never empty: where the service has not said it, the status
    /// must do.
    pub errors: Vec<ErrorItem>,
}

impl Refusal {
    /// Reads an answer that is not 2xx.
    pub async fn read(answer: Response) -> Self {
        let status = answer.status().as_u16();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let problem: Option<ProblemBody> = answer.json().await.ok();
        let mut errors = problem.map_or_else(Vec::new, |problem| problem.errors);
        if errors.is_empty() {
            errors.push(ErrorItem {
                message: status.to_string(),
                field: None,
            });
        }
        Self { status, errors }
    }

    /// The first thing that is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        self.errors.first().map_or("", |error| &error.message)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, HttpServer, web};
    use rstest::rstest;

    use super::*;

    async fn refused_with(body: &'static str) -> Refusal {
        let conflict = move || async move { HttpResponse::Conflict().body(body) };
        let server = HttpServer::new(move || App::new().default_service(web::to(conflict)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let answer = client(Duration::from_secs(5)).get(url).send().await;
        let refusal = Refusal::read(answer.unwrap()).await;
        handle.stop(false).await;
        refusal
    }

    #[rstest]
    #[case::said(
        r#"{"type": "about:blank", "title": "Conflict", "status": 409,
            "errors": [{"message": "Sold out", "field": "items[0]"}, {"message": "Withdrawn"}]}"#,
        "Sold out",
        2
    )]
    #[case::said_without_a_reason(
        r#"{"type": "about:blank", "title": "Conflict", "status": 409, "errors": []}"#,
        "409 Conflict",
        1
    )]
    #[case::not_said("sold out", "409 Conflict", 1)]
    #[case::silent("", "409 Conflict", 1)]
    #[actix_web::test]
    async fn why_it_was_refused(
        #[case] body: &'static str,
        #[case] message: &str,
        #[case] errors: usize,
    ) {
        let refusal = refused_with(body).await;
        assert_eq!(refusal.status, StatusCode::CONFLICT);
        assert_eq!(refusal.message(), message);
        assert_eq!(refusal.errors.len(), errors);
    }
}
