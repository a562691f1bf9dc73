//! The service is away.

use reqwest::StatusCode;
use ticketing_contracts::{
    api::tickets::Ticket,
    order::{CancelReason, OrderStatus},
};
use ticketing_testkit::eventually;

use crate::harness::{Stack, finally, placed};

#[tokio::test]
async fn holds_end_without_it_and_promptly_with_it() {
    let stack = Stack::get();
    let back = async || drop(stack.scaled("expiration", 1).await);
    stack
        .with_settings("orders", &[("HOLD", "10s")], async || {
            stack.scaled("expiration", 0).await;
            finally(overdue(&stack), back()).await;
        })
        .await;
}

async fn overdue(stack: &Stack) {
    let [seller, first, second] = &stack.people(3).await[..] else {
        unreachable!("there are three");
    };
    let (wanted, left_alone) = (
        seller.sell("Wanted", 1).await,
        seller.sell("Xylophone recital", 1).await,
    );
    // Held first, so that its time has passed when the other's has.
    let forgotten = first.gets(left_alone.id, 1).await;
    let lost = first.gets(wanted.id, 1).await;
    let refused = second.order(wanted.id, 1).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);

    let order = eventually("a hold past its time is buyable", async || {
        let answer = second.order(wanted.id, 1).await;
        match answer.status() {
            StatusCode::CREATED => Some(placed(answer).await),
            other => {
                assert_eq!(other, StatusCode::CONFLICT);
                None
            }
        }
    })
    .await;
    assert!(order.created_at >= lost.expires_at);
    let lost = first.shows(lost.id).await;
    assert_eq!(lost.status, OrderStatus::Cancelled);
    assert_eq!(lost.reason, Some(CancelReason::Expired));
    // Nobody asked for the other ticket, and nobody is there to free it.
    let shown = stack
        .shown(left_alone.id, "held", |shown| shown.held == 1)
        .await;
    assert_eq!(shown.order_id, Some(forgotten.id));
    assert!(!is_listed(stack, &left_alone).await);

    stack.scaled("expiration", 1).await;
    eventually("the overdue order is cancelled", async || {
        let order = first.shows(forgotten.id).await;
        let expired = order.reason == Some(CancelReason::Expired);
        (order.status == OrderStatus::Cancelled && expired).then_some(())
    })
    .await;
    stack
        .shown(left_alone.id, "free", |shown| shown.available == 1)
        .await;
    eventually("the ticket is listed again", async || {
        is_listed(stack, &left_alone).await.then_some(())
    })
    .await;
}

async fn is_listed(stack: &Stack, ticket: &Ticket) -> bool {
    let page = stack.get_path("/api/tickets?q=xylophone").await;
    let page: Vec<Ticket> = page.json().await.unwrap();
    page.iter().any(|listed| listed.id == ticket.id)
}
