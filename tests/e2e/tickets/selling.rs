//! What a seller may do while buyers hold something.

use reqwest::{Method, StatusCode};
use serde_json::json;
use ticketing_contracts::{api::tickets::Ticket, ids::TicketId};

use crate::harness::{Person, Stack, expect, problem};

async fn withdraw(seller: &Person, ticket: TicketId) -> reqwest::Response {
    let request = seller.request(Method::DELETE, &format!("/api/tickets/{ticket}"));
    request.send().await.unwrap()
}

#[tokio::test]
async fn an_edit_needs_the_newest_version() {
    let stack = Stack::get();
    let [seller, other] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Draft", 5).await;
    let path = format!("/api/tickets/{}", ticket.id);
    let edit = json!({"title": "Final", "price": 12, "version": ticket.version});
    let put = async |who: &Person| {
        let request = who.request(Method::PUT, &path).json(&edit);
        request.send().await.unwrap()
    };
    assert_eq!(put(other).await.status(), StatusCode::FORBIDDEN);
    let edited: Ticket = expect(put(seller).await, StatusCode::OK)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(edited.title, "Final");
    assert!(edited.version > ticket.version);
    assert_eq!(
        put(seller).await.status(),
        StatusCode::CONFLICT,
        "it is stale by now"
    );
}

#[tokio::test]
async fn a_reserved_ticket_is_neither_edited_nor_withdrawn() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("A seat", 1).await;
    let order = buyer.gets(ticket.id, 1).await;
    // Both ask orders: they need not wait for the event.
    let edit = json!({"title": "Another seat", "price": 1});
    let edit = seller
        .request(Method::PUT, &format!("/api/tickets/{}", ticket.id))
        .json(&edit);
    let refused = expect(edit.send().await.unwrap(), StatusCode::CONFLICT).await;
    assert_eq!(problem(refused).await, "Cannot edit a reserved ticket");
    assert_eq!(
        withdraw(seller, ticket.id).await.status(),
        StatusCode::CONFLICT
    );

    assert_eq!(buyer.cancels(order.id).await, StatusCode::NO_CONTENT);
    assert_eq!(
        withdraw(seller, ticket.id).await.status(),
        StatusCode::NO_CONTENT
    );
    let gone = stack.get_path(&format!("/api/tickets/{}", ticket.id)).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        buyer.order(ticket.id, 1).await.status(),
        StatusCode::NOT_FOUND
    );
}
