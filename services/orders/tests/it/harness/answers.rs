//! What is asked and what is answered.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use ticketing_contracts::{
    api::{
        orders::{NewOrder, NewOrderItem, Order},
        problem::ProblemBody,
    },
    ids::TicketId,
};

/// One of a ticket.
pub fn one(ticket: TicketId) -> Value {
    json!({"ticketId": ticket})
}

/// So many of each.
pub fn several(items: &[(TicketId, i32)]) -> Value {
    let item = |(ticket_id, quantity): &(TicketId, i32)| NewOrderItem {
        ticket_id: *ticket_id,
        quantity: *quantity,
        price: None,
    };
    serde_json::to_value(NewOrder {
        ticket_id: None,
        quantity: None,
        price: None,
        items: Some(items.iter().map(item).collect()),
    })
    .unwrap()
}

/// The order that was placed.
pub async fn created(response: Response) -> Order {
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{body}");
    serde_json::from_str(&body).unwrap()
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
