//! What an order costs.

use reqwest::{Method, StatusCode};
use rstest::rstest;

use crate::harness::{World, created, problem, several};

#[rstest]
#[case::as_it_is("10.5", None)]
#[case::as_text(r#""10.50""#, None)]
#[case::another("10", Some("The price has changed to 10.5 USD"))]
#[case::no_amount("10.505", Some("The price has changed to 10.5 USD"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_price_that_is_expected(#[case] price: &str, #[case] refused: Option<&str>) {
    let world = World::new().await;
    let app = world.start().await;
    let ticket = world.offered(1).await;
    let body = format!(r#"{{"ticketId": "{ticket}", "price": {price}}}"#);
    let request = app.request(Method::POST, "/api/orders");
    let request = request.bearer_auth(&world.user().session).body(body);
    let request = request.header("content-type", "application/json");
    let answer = request.send().await.unwrap();
    match refused {
        None => drop(created(answer).await),
        Some(message) => assert_eq!(problem(answer, StatusCode::CONFLICT).await, message),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_currency() {
    let world = World::new().await;
    let app = world.start().await;
    let (dollars, mut yen) = (world.ticket(5), world.ticket(5));
    yen.currency = "JPY".parse().unwrap();
    for ticket in [&dollars, &yen] {
        world.offer(ticket).await;
    }
    let both = several(&[(dollars.id, 1), (yen.id, 1)]);
    let refused = app.order(&world.user(), &both).await;
    let message = problem(refused, StatusCode::BAD_REQUEST).await;
    assert_eq!(message, "All tickets of an order must be in one currency");
    let order = app.placed(&world.user(), yen.id).await;
    assert_eq!(serde_json::to_value(order.total).unwrap(), 1050);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_nobody_can_pay() {
    let world = World::new().await;
    let app = world.start().await;
    let mut ticket = world.ticket(1_000_000);
    ticket.price = 99_999_999;
    world.offer(&ticket).await;
    let refused = app
        .order(&world.user(), &several(&[(ticket.id, 1_000_000)]))
        .await;
    let message = problem(refused, StatusCode::BAD_REQUEST).await;
    assert_eq!(message, "The order is too expensive");
    app.placed(&world.user(), ticket.id).await;
}
