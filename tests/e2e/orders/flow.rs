//! A buyer's way: find a ticket, hold it, let it go.

use reqwest::StatusCode;
use serde_json::{Value, json};
use ticketing_contracts::{
    api::{orders::Order, tickets::Ticket},
    order::{CancelReason, OrderStatus},
};
use ticketing_testkit::eventually;

use crate::harness::{Stack, next_page, placed, problem};

#[tokio::test]
async fn sign_up_sell_find_order_cancel() {
    let stack = Stack::get();
    let seller = stack.signs_up("seller").await;
    let buyer = stack.signs_up("buyer").await;
    let ticket = seller.sell("Evensong, row 7, seat 12", 1).await;
    let listed = async || {
        let page = stack.get_path("/api/tickets?q=evensong").await;
        let page: Vec<Ticket> = page.json().await.unwrap();
        page.iter().any(|listed| listed.id == ticket.id)
    };
    assert!(listed().await);

    let wanted = json!({"ticketId": ticket.id, "price": 10.5});
    let order = placed(buyer.post("/api/orders", &wanted).await).await;
    assert_eq!(order.user_id, buyer.id);
    assert_eq!(
        (order.status, order.total),
        (OrderStatus::Created, ticket.price)
    );
    let late = seller.post("/api/orders", &wanted).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(problem(late).await, "Ticket is already reserved");

    let held = stack
        .shown(ticket.id, "held", |shown| shown.held == 1)
        .await;
    assert_eq!((held.available, held.order_id), (0, Some(order.id)));
    assert!(held.next_release_at.is_some());
    assert!(!listed().await, "it has nothing left");

    for _ in 0..2 {
        assert_eq!(buyer.cancels(order.id).await, StatusCode::NO_CONTENT);
    }
    let over = buyer.shows(order.id).await;
    assert_eq!(over.status, OrderStatus::Cancelled);
    assert_eq!(over.reason, Some(CancelReason::Buyer));
    let free = stack
        .shown(ticket.id, "free", |shown| shown.available == 1)
        .await;
    assert_eq!((free.held, free.order_id), (0, None));
    eventually("it is listed again", async || listed().await.then_some(())).await;
}

#[tokio::test]
async fn orders_are_ones_own_and_come_in_pages() {
    let stack = Stack::get();
    let [seller, buyer, other] = &stack.people(3).await[..] else {
        unreachable!("there are three");
    };
    let ticket = seller.sell("Pages", 100).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(buyer.gets(ticket.id, 1).await.id);
    }
    let mut listed = Vec::new();
    let mut next = Some("/api/orders?limit=2".to_owned());
    while let Some(path) = next {
        let page = buyer.get(&path).await;
        next = next_page(&page);
        let orders: Vec<Order> = page.json().await.unwrap();
        assert!(orders.len() <= 2);
        listed.extend(orders.into_iter().map(|order| order.id));
    }
    placed.reverse();
    assert_eq!(listed, placed, "newest first");

    let path = format!("/api/orders/{}", placed[0]);
    assert_eq!(other.get(&path).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(other.cancels(placed[0]).await, StatusCode::FORBIDDEN);
    assert_eq!(
        stack.get_path(&path).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let unknown = buyer.get("/api/orders/no-uuid").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_seller_sees_what_is_held() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = seller.sell("Figures", 10).await;
    buyer.gets(ticket.id, 4).await;
    let path = format!("/api/orders/sales?ticketId={}", ticket.id);
    let sales: Value = seller.get(&path).await.json().await.unwrap();
    assert_eq!(
        (&sales["capacity"], &sales["held"]),
        (&10.into(), &4.into())
    );
    assert_eq!(
        sales["series"].as_array().unwrap().last().unwrap()["held"],
        4
    );
    assert_eq!(buyer.get(&path).await.status(), StatusCode::FORBIDDEN);
}
