//! `GET /api/orders/sales`

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_contracts::{
    api::orders::Sales,
    events::tickets::Ticket,
    ids::TicketId,
    money::{Currency, MajorUnits},
    time::to_text,
};

use crate::{
    harness::{App, User, World, created, now, problem, several},
    internal::pay,
};

/// A ticket, and its seller.
async fn sold_by(world: &World, capacity: i32) -> (User, Ticket) {
    let (seller, mut ticket) = (world.user(), world.ticket(capacity));
    ticket.user_id = seller.id;
    world.offer(&ticket).await;
    (seller, ticket)
}

async fn sales(app: &App, seller: &User, ticket: TicketId, rest: &str) -> Sales {
    let path = format!("/api/orders/sales?ticketId={ticket}{rest}");
    let answer = app.get(seller, &path).await;
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Writes what a minute left, as if it had been so.
async fn noted(world: &World, ticket: TicketId, minute: DateTime<Utc>, state: (i32, i32, i64)) {
    let (held, sold, revenue) = state;
    let minute = to_text(minute);
    let sql =
        format!("INSERT INTO sales VALUES ('{ticket}', '{minute}', {held}, {sold}, {revenue})");
    world.sql.batch_execute(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_ticket() {
    let world = World::new().await;
    let app = world.start().await;
    let (seller, ticket) = sold_by(&world, 10).await;
    let ann = world.user();
    let order = created(app.order(&ann, &several(&[(ticket.id, 3)])).await).await;
    pay(&app, order.id).await;
    created(app.order(&ann, &several(&[(ticket.id, 2)])).await).await;

    let figures = sales(&app, &seller, ticket.id, "").await;
    assert_eq!((figures.capacity, figures.held, figures.sold), (10, 2, 3));
    let revenue = MajorUnits::from_minor(3 * 10_50, Currency::USD);
    assert_eq!(
        (figures.revenue, figures.currency),
        (revenue, Currency::USD)
    );
    let last = figures.series.last().unwrap();
    assert_eq!((last.held, last.sold, last.revenue), (2, 3, revenue));
    assert!((now() - last.at).abs() < TimeDelta::minutes(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_point_tells_how_things_stood() {
    let world = World::new().await;
    let app = world.start().await;
    let (seller, ticket) = sold_by(&world, 10).await;
    world.sql.execute("DELETE FROM sales", &[]).await.unwrap();
    let hour = now().duration_trunc(TimeDelta::hours(1)).unwrap() - TimeDelta::hours(3);
    let minute = |number| hour + TimeDelta::minutes(number);
    noted(&world, ticket.id, minute(-200), (1, 0, 0)).await;
    noted(&world, ticket.id, minute(2), (2, 0, 0)).await;
    noted(&world, ticket.id, minute(4), (5, 0, 0)).await;
    noted(&world, ticket.id, minute(5), (4, 1, 10_50)).await;
    noted(&world, ticket.id, minute(17), (0, 1, 10_50)).await;
    // Another's, of the same minutes.
    let (_, other) = sold_by(&world, 10).await;
    noted(&world, other.id, minute(4), (9, 0, 0)).await;

    let query = format!("&from={}&to={}&step=5m", to_text(hour), to_text(minute(20)));
    let figures = sales(&app, &seller, ticket.id, &query).await;
    let points: Vec<_> = figures
        .series
        .iter()
        .map(|p| (p.at, p.held, p.sold))
        .collect();
    let expected = [
        // The state at the end of the step: of minute 4, not of minute 5.
        (minute(5), 5, 0),
        (minute(10), 4, 1),
        // Carried forward: nothing happened.
        (minute(15), 4, 1),
        (minute(20), 0, 1),
    ];
    assert_eq!(points, expected);

    // What was before the range is where it begins from.
    let query = format!(
        "&from={}&to={}&step=1m",
        to_text(minute(-2)),
        to_text(minute(3))
    );
    let figures = sales(&app, &seller, ticket.id, &query).await;
    let held: Vec<_> = figures.series.iter().map(|point| point.held).collect();
    assert_eq!(held, [1, 1, 1, 1, 2]);
    // Before there was anything.
    let query = format!(
        "&from={}&to={}&step=1h",
        to_text(minute(-600)),
        to_text(minute(-480))
    );
    let figures = sales(&app, &seller, ticket.id, &query).await;
    let held: Vec<_> = figures.series.iter().map(|point| point.held).collect();
    assert_eq!(held, [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_nobody_has_ordered() {
    let world = World::new().await;
    let app = world.start().await;
    let (seller, ticket) = sold_by(&world, 7).await;
    let figures = sales(&app, &seller, ticket.id, "").await;
    assert_eq!((figures.capacity, figures.held, figures.sold), (7, 0, 0));
    assert_eq!(serde_json::to_value(figures.revenue).unwrap(), json!(0));
    assert!(figures.series.iter().all(|point| point.held == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_shown_in_days() {
    let world = World::new().await;
    let app = world.start().await;
    let (seller, ticket) = sold_by(&world, 7).await;
    noted(&world, ticket.id, now() - TimeDelta::days(365), (1, 0, 0)).await;
    let figures = sales(&app, &seller, ticket.id, "").await;
    assert!((365..=366).contains(&figures.series.len()));
    assert_eq!(figures.series[0].held, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_for_its_seller() {
    let world = World::new().await;
    let app = world.start().await;
    let (_, ticket) = sold_by(&world, 7).await;
    let path = format!("/api/orders/sales?ticketId={}", ticket.id);
    let refused = app.get(&world.user(), &path).await;
    assert_eq!(
        problem(refused, StatusCode::FORBIDDEN).await,
        "Not your ticket"
    );
    let unknown = format!("/api/orders/sales?ticketId={}", TicketId::new(now()));
    problem(
        app.get(&world.user(), &unknown).await,
        StatusCode::NOT_FOUND,
    )
    .await;
    let answer = app.request(Method::GET, &path).send().await.unwrap();
    problem(answer, StatusCode::UNAUTHORIZED).await;
}

#[rstest]
#[case("", "ticketId", "TicketId must be provided")]
#[case("ticketId=7", "ticketId", "Must be a ticket's id")]
#[case("ticketId=$T&step=2m", "step", "Step must be 1m, 5m, 15m, 1h or 1d")]
#[case(
    "ticketId=$T&from=yesterday",
    "from",
    "Must be a time such as 2026-11-21T15:33:41Z"
)]
#[case(
    "ticketId=$T&to=2026-11-21",
    "to",
    "Must be a time such as 2026-11-21T15:33:41Z"
)]
#[case(
    "ticketId=$T&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
    "from",
    "From must be before to"
)]
#[case(
    "ticketId=$T&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=1m",
    "step",
    "At most 1000 points: take a longer step or a shorter time"
)]
#[case(
    "ticketId=$T&from=0000-01-01T00:00:00Z",
    "step",
    "At most 1000 points: take a longer step or a shorter time"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_wrong(#[case] query: &str, #[case] field: &str, #[case] message: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let (seller, ticket) = sold_by(&world, 7).await;
    let query = query.replace("$T", &ticket.id.to_string());
    let answer = app
        .get(&seller, &format!("/api/orders/sales?{query}"))
        .await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        answer["errors"],
        json!([{"message": message, "field": field}])
    );
}
