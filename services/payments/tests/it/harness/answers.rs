//! What is answered.

use reqwest::{Response, StatusCode};
use ticketing_contracts::api::{payments::Payment, problem::ProblemBody};

/// The payment that was made, or waits for its buyer.
pub async fn paid(response: Response) -> Payment {
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// What the buyer is told of a card that was declined.
pub async fn failed(response: Response) -> String {
    problem(response, StatusCode::PAYMENT_REQUIRED).await
}

/// Checks that an answer is the contract's error and returns its first message.
pub async fn problem(response: Response, status: StatusCode) -> String {
    let found = response.status();
    let kind = response.headers().get("content-type").cloned();
    let body = response.text().await.unwrap();
    assert_eq!(found, status, "{body}");
    assert_eq!(kind.unwrap(), "application/problem+json");
    let body: ProblemBody = serde_json::from_str(&body).expect("the body is a problem");
    assert_eq!(body.status, status.as_u16());
    assert_eq!(body.trace_id.expect("there is a trace id").len(), 32);
    body.errors
        .into_iter()
        .next()
        .expect("there is an error")
        .message
}
