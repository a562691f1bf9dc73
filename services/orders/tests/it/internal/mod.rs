//! What tickets and payments ask on the admin port.

mod close;
mod inventory;
mod lease;
mod settle;

use reqwest::{Method, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    ids::{OrderId, PaymentId},
    internal::{Lease, Settled},
};

use crate::harness::{App, PAYMENTS_TOKEN, TICKETS_TOKEN, User, World, now, problem};

pub async fn ask(app: &App, path: &str, body: Value) -> Response {
    let token = if path.starts_with("/tickets") {
        TICKETS_TOKEN
    } else {
        PAYMENTS_TOKEN
    };
    app.internal(Method::POST, path, token, &body).await
}

/// Begins a payment.
pub async fn lease(app: &App, user: &User, order: OrderId) -> Lease {
    let body = json!({"userId": user.id});
    let answer = ask(app, &format!("/orders/{order}/lease"), body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

pub async fn settle(app: &App, order: OrderId, payment: PaymentId) -> Settled {
    let body = json!({"paymentId": payment});
    let answer = ask(app, &format!("/orders/{order}/settle"), body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

/// Pays an order.
pub async fn pay(app: &App, order: OrderId) {
    let settled = settle(app, order, PaymentId::new(now())).await;
    assert_eq!(settled, Settled::Complete);
}

#[rstest]
#[case::inventory(Method::GET, "/tickets/$T/inventory", TICKETS_TOKEN)]
#[case::close(Method::POST, "/tickets/$T/close", TICKETS_TOKEN)]
#[case::lease(Method::POST, "/orders/$O/lease", PAYMENTS_TOKEN)]
#[case::give_back(Method::POST, "/orders/$O/give-back", PAYMENTS_TOKEN)]
#[case::settle(Method::POST, "/orders/$O/settle", PAYMENTS_TOKEN)]
#[tokio::test(flavor = "multi_thread")]
async fn each_is_for_one_service(#[case] method: Method, #[case] path: &str, #[case] token: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.ticket(1));
    world.offer(&ticket).await;
    let order = app.placed(&ann, ticket.id).await;
    let path = path.replace("$T", &ticket.id.to_string());
    let path = path.replace("$O", &order.id.to_string());
    // One body that all of them can read.
    let mut body = serde_json::to_value(&ticket).unwrap();
    body["lease"] = json!(1);
    body["paymentId"] = json!(PaymentId::new(now()));

    let unknown = app.internal(method.clone(), &path, "guessed", &body).await;
    problem(unknown, StatusCode::UNAUTHORIZED).await;
    let session = app
        .internal(method.clone(), &path, &ann.session, &body)
        .await;
    problem(session, StatusCode::UNAUTHORIZED).await;
    let other = if token == TICKETS_TOKEN {
        PAYMENTS_TOKEN
    } else {
        TICKETS_TOKEN
    };
    let other = app.internal(method.clone(), &path, other, &body).await;
    problem(other, StatusCode::FORBIDDEN).await;
    let through_traefik = app.request(method.clone(), &format!("/internal{path}"));
    let through_traefik = through_traefik.bearer_auth(token).json(&body).send().await;
    problem(through_traefik.unwrap(), StatusCode::NOT_FOUND).await;
    assert_eq!(app.show(&ann, order.id).await, order, "nothing has changed");

    let id = if path.starts_with("/tickets") {
        ticket.id.0
    } else {
        order.id.0
    };
    let nonsense = path.replace(&id.to_string(), "7");
    let nonsense = app.internal(method, &nonsense, token, &body).await;
    problem(nonsense, StatusCode::NOT_FOUND).await;
}
