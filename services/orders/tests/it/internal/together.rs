//! `POST /internal/orders`: what payments wants of several orders at once.

use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    events::OrderEvent,
    ids::{OrderId, PaymentId},
    internal::{MOST_AT_ONCE, OrderAnswer, Settled, Wish},
    order::OrderStatus,
};
use ticketing_testkit::eventually;

use super::{ask, leasing, refused, wishes};
use crate::harness::{World, now, problem};

#[tokio::test(flavor = "multi_thread")]
async fn each_is_answered_for_itself() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob, ticket) = (world.user(), world.user(), world.offered(9).await);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(app.placed(&ann, ticket).await.id);
    }
    let payment_id = PaymentId::new(now());
    let answers = wishes(
        &app,
        [
            (orders[0], leasing(&ann)),
            (orders[1], leasing(&bob)),
            (OrderId::new(now()), leasing(&ann)),
            (orders[2], Wish::Settle { payment_id }),
            (orders[2], leasing(&ann)),
        ],
    )
    .await;
    let [granted, not_bobs, unknown, settled, paid] = answers;
    assert!(matches!(granted, OrderAnswer::Leased(_)), "{granted:?}");
    refused(not_bobs, StatusCode::FORBIDDEN);
    refused(unknown, StatusCode::NOT_FOUND);
    assert_eq!(settled, OrderAnswer::Settled(Settled::Complete));
    // In the order in which they were asked.
    let message = refused(paid, StatusCode::CONFLICT);
    assert_eq!(message, "The order is complete");
    let expected = [
        OrderStatus::AwaitingPayment,
        OrderStatus::Created,
        OrderStatus::Complete,
    ];
    for (order, status) in orders.into_iter().zip(expected) {
        assert_eq!(app.show(&ann, order).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_goes_on_with_its_own_trace() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(9).await);
    let traces = [
        "0af7651916cd43dd8448eb211c80319c",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    ];
    let mut requests = Vec::new();
    for trace in traces {
        let order = app.placed(&ann, ticket).await.id;
        requests.push(json!({
            "orderId": order,
            "traceparent": format!("00-{trace}-b7ad6b7169203331-01"),
            "wish": "lease",
            "userId": ann.id,
        }));
    }
    let answer = ask(&app, "/orders", Value::Array(requests)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    eventually("both are told", async || {
        let events = world.published_with_traces().await;
        let told: Vec<_> = events
            .into_iter()
            .filter(|(event, _)| matches!(event, OrderEvent::Updated(_)))
            .map(|(_, trace)| trace)
            .collect();
        (told == traces).then_some(())
    })
    .await;
}

#[rstest]
#[case::nothing(json!([]))]
#[case::too_much(Value::Array(vec![json!({"orderId": OrderId::new(now()), "wish": "give-back", "lease": 1}); MOST_AT_ONCE + 1]))]
#[case::no_list(json!({"orderId": OrderId::new(now()), "wish": "give-back", "lease": 1}))]
#[case::no_id(json!([{"orderId": 7, "wish": "give-back", "lease": 1}]))]
#[case::unknown_wish(json!([{"orderId": OrderId::new(now()), "wish": "keep"}]))]
#[case::half_a_wish(json!([{"orderId": OrderId::new(now()), "wish": "lease"}]))]
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_asked(#[case] body: Value) {
    let world = World::new().await;
    let app = world.start().await;
    problem(ask(&app, "/orders", body).await, StatusCode::BAD_REQUEST).await;
}
