//! What tickets and payments ask on the admin port.

mod close;
mod inventory;
mod lease;
mod settle;
mod together;

use reqwest::{Method, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    ids::{OrderId, PaymentId},
    internal::{Lease, OrderAnswer, OrderRequest, Settled, Wish},
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

/// What payments wants of one order.
pub async fn wish(app: &App, order: OrderId, wish: Wish) -> OrderAnswer {
    let [answer] = wishes(app, [(order, wish)]).await;
    answer
}

/// Of several together.
pub async fn wishes<const N: usize>(app: &App, wishes: [(OrderId, Wish); N]) -> [OrderAnswer; N] {
    let requests = wishes.map(|(order_id, wish)| OrderRequest {
        order_id,
        traceparent: None,
        wish,
    });
    let answer = ask(app, "/orders", json!(requests.as_slice())).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answers: Vec<_> = answer.json().await.unwrap();
    answers.try_into().expect("each has an answer")
}

/// Why it was refused.
#[track_caller]
pub fn refused(answer: OrderAnswer, expected: StatusCode) -> String {
    match answer {
        OrderAnswer::Refused { status, message } if status == expected.as_u16() => message,
        other => panic!("{other:?}"),
    }
}

pub fn leasing(user: &User) -> Wish {
    Wish::Lease {
        user_id: user.id,
        by_hand: false,
    }
}

/// Begins a payment.
pub async fn lease(app: &App, user: &User, order: OrderId) -> Lease {
    match wish(app, order, leasing(user)).await {
        OrderAnswer::Leased(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// Gives the first lease back.
pub async fn give_back(app: &App, order: OrderId) {
    let given = wish(app, order, Wish::GiveBack { lease: 1 }).await;
    assert_eq!(given, OrderAnswer::GivenBack);
}

pub async fn settle(app: &App, order: OrderId, payment_id: PaymentId) -> Settled {
    match wish(app, order, Wish::Settle { payment_id }).await {
        OrderAnswer::Settled(settled) => settled,
        other => panic!("{other:?}"),
    }
}

/// Pays an order.
pub async fn pay(app: &App, order: OrderId) {
    let settled = settle(app, order, PaymentId::new(now())).await;
    assert_eq!(settled, Settled::Complete);
}

#[rstest]
#[case::inventory(Method::GET, "/tickets/$T/inventory", TICKETS_TOKEN)]
#[case::close(Method::POST, "/tickets/$T/close", TICKETS_TOKEN)]
#[case::payments(Method::POST, "/orders", PAYMENTS_TOKEN)]
#[tokio::test(flavor = "multi_thread")]
async fn each_is_for_one_service(#[case] method: Method, #[case] path: &str, #[case] token: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.ticket(1));
    world.offer(&ticket).await;
    let order = app.placed(&ann, ticket.id).await;
    let path = path.replace("$T", &ticket.id.to_string());
    let body = if path == "/orders" {
        json!([{"orderId": order.id, "wish": "lease", "userId": ann.id}])
    } else {
        json!(ticket)
    };

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

    if path != "/orders" {
        let nonsense = path.replace(&ticket.id.to_string(), "7");
        let nonsense = app.internal(method, &nonsense, token, &body).await;
        problem(nonsense, StatusCode::NOT_FOUND).await;
    }
}
