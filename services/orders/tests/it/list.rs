//! `GET /api/orders`

use reqwest::{Method, StatusCode};
use rstest::rstest;
use ticketing_contracts::{api::orders::Order, ids::OrderId};

use crate::harness::{App, User, World, created, problem, several};

/// A page, and where the next one is.
async fn page(app: &App, user: &User, path: &str) -> (Vec<OrderId>, Option<String>) {
    let answer = app.get(user, path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let link = answer.headers().get("link").map(|link| {
        let link = link.to_str().unwrap().strip_prefix('<').unwrap();
        link.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
    });
    let orders: Vec<Order> = answer.json().await.unwrap();
    assert!(orders.iter().all(|order| order.user_id == user.id));
    (orders.iter().map(|order| order.id).collect(), link)
}

async fn place(app: &App, world: &World, user: &User, count: usize) -> Vec<OrderId> {
    let items = [
        (world.offered(1000).await, 1),
        (world.offered(1000).await, 2),
    ];
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(created(app.order(user, &several(&items)).await).await.id);
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[rstest]
#[case::none(0, 1)]
#[case::less_than_a_page(2, 1)]
#[case::a_page(3, 1)]
#[case::one_more(4, 2)]
#[case::three_pages(9, 3)]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_three(#[case] count: usize, #[case] pages: usize) {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, bob) = (world.user(), world.user());
    place(&app, &world, &bob, 2).await;
    let ids = place(&app, &world, &ann, count).await;
    let (mut seen, mut next) = (Vec::new(), Some("/api/orders?limit=3".to_owned()));
    for _ in 0..pages {
        let (orders, link) = page(&app, &ann, &next.unwrap()).await;
        seen.extend(orders);
        next = link;
    }
    assert_eq!((seen, next), (ids, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_all_its_items() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    place(&app, &world, &ann, 3).await;
    let answer = app.get(&ann, "/api/orders").await;
    for order in answer.json::<Vec<Order>>().await.unwrap() {
        let quantities: Vec<_> = order.items.iter().map(|item| item.quantity).collect();
        assert_eq!(quantities, [1, 2]);
        assert_eq!(app.show(&ann, order.id).await, order);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_status() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let ids = place(&app, &world, &ann, 6).await;
    for id in [ids[1], ids[3], ids[4]] {
        app.cancel(&ann, id).await;
    }
    crate::internal::pay(&app, ids[0]).await;
    crate::internal::lease(&app, &ann, ids[5]).await;
    let of = async |status: &str| {
        page(&app, &ann, &format!("/api/orders?status={status}"))
            .await
            .0
    };
    assert_eq!(of("created").await, [ids[2]]);
    assert_eq!(of("awaiting:payment").await, [ids[5]]);
    assert_eq!(of("complete").await, [ids[0]]);
    assert_eq!(of("cancelled").await, [ids[1], ids[3], ids[4]]);

    let (first, next) = page(&app, &ann, "/api/orders?status=cancelled&limit=2").await;
    let (second, last) = page(&app, &ann, &next.unwrap()).await;
    assert_eq!(
        (first, second, last),
        (vec![ids[1], ids[3]], vec![ids[4]], None)
    );
}

/// New orders come before what was seen; nothing is left out or shown twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_between_does_not_move_the_rest() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let ids = place(&app, &world, &ann, 4).await;
    let (first, next) = page(&app, &ann, "/api/orders?limit=2").await;
    place(&app, &world, &ann, 3).await;
    let (second, _) = page(&app, &ann, &next.unwrap()).await;
    assert_eq!([first, second].concat(), ids);
}

#[rstest]
#[case(
    "status=paid",
    "status",
    "Must be created, awaiting:payment, complete or cancelled"
)]
#[case(
    "status=",
    "status",
    "Must be created, awaiting:payment, complete or cancelled"
)]
#[case("limit=0", "limit", "Must be between 1 and 100")]
#[case("limit=101", "limit", "Must be between 1 and 100")]
#[case("limit=-1", "limit", "Must be between 1 and 100")]
#[case("limit=many", "limit", "Must be between 1 and 100")]
#[case("limit=99999999999999999999", "limit", "Must be between 1 and 100")]
#[case("cursor=2", "cursor", "Not one that was given")]
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_wrong(#[case] query: &str, #[case] field: &str, #[case] message: &str) {
    let world = World::new().await;
    let app = world.start().await;
    let answer = app
        .get(&world.user(), &format!("/api/orders?{query}"))
        .await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let answer: serde_json::Value = answer.json().await.unwrap();
    let expected = serde_json::json!([{"message": message, "field": field}]);
    assert_eq!(answer["errors"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_with_a_session() {
    let world = World::new().await;
    let app = world.start().await;
    let answer = app
        .request(Method::GET, "/api/orders")
        .send()
        .await
        .unwrap();
    problem(answer, StatusCode::UNAUTHORIZED).await;
    let twice = app.get(&world.user(), "/api/orders?limit=1&limit=2").await;
    problem(twice, StatusCode::BAD_REQUEST).await;
}
