//! `GET /api/tickets`

use std::collections::HashSet;

use reqwest::{Method, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{TestApp, User, id_of, inventory, json_of, problem};

/// The address in a `Link` header.
fn next(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    let address = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"");
    Some(address.expect("it is the next page").to_owned())
}

fn ids(page: &Value) -> Vec<String> {
    page.as_array().unwrap().iter().map(id_of).collect()
}

async fn list(app: &TestApp, query: &str) -> Vec<String> {
    let response = app.get(&format!("/api/tickets{query}")).await;
    ids(&json_of(response, StatusCode::OK).await)
}

async fn own(app: &TestApp, user: &User) -> Vec<String> {
    let request = app.by(user, Method::GET, "/api/tickets?owner=me");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    ids(&json_of(response, StatusCode::OK).await)
}

/// Seats put up one millisecond after the other, newest first.
async fn seats(app: &TestApp, count: usize) -> Vec<String> {
    let seller = app.user();
    let mut ids = Vec::new();
    for _ in 0..count {
        app.clock.advance(chrono::TimeDelta::milliseconds(1));
        ids.insert(0, app.seat(&seller).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_first() {
    let app = TestApp::start().await;
    assert!(list(&app, "").await.is_empty());
    let seats = seats(&app, 3).await;
    assert_eq!(list(&app, "").await, seats);
    let response = app.get("/api/tickets").await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let listed = json_of(response, StatusCode::OK).await;
    assert_eq!(
        listed[0],
        app.shown(&seats[0]).await,
        "it is the same in both places"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_has_something_left() {
    let app = TestApp::start().await;
    let seller = app.user();
    let offer = app.offer(&seller, 5).await;
    for (version, held, sold, listed) in [
        (1, 2, 2, true),
        (2, 2, 3, false),
        (3, 1, 3, true),
        (4, 0, 5, false),
    ] {
        app.reported(&inventory(&offer, version, 5, held, sold))
            .await;
        assert_eq!(
            list(&app, "").await.contains(&offer),
            listed,
            "{held} held, {sold} sold"
        );
        assert!(own(&app, &seller).await.contains(&offer));
    }
    // With more of them there is something left again, before orders has applied it.
    let edit = json!({"title": "Standing", "price": 20, "capacity": 6});
    assert_eq!(
        app.put(&seller, &offer, &edit)
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(list(&app, "").await, [offer]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_ones_own_and_of_nobody_else() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.user(), app.user());
    let (anns, bobs) = (app.seat(&ann).await, app.offer(&bob, 5).await);
    let withdrawn = app.offer(&ann, 5).await;
    assert_eq!(
        app.delete(&ann, &withdrawn).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(own(&app, &ann).await, [anns]);
    assert_eq!(own(&app, &bob).await, [bobs]);
    assert!(own(&app, &app.user()).await.is_empty());
    let response = app.get("/api/tickets?owner=me").await;
    assert_eq!(
        problem(response, StatusCode::UNAUTHORIZED).await,
        "Not authorized"
    );
}

#[rstest]
#[case::limit_by_default("", 50)]
#[case::said("?limit=7", 7)]
#[case::the_most("?limit=100", 60)]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_a_limit(#[case] query: &str, #[case] expected: usize) {
    let app = TestApp::start().await;
    let seats = seats(&app, 60).await;
    let response = app.get(&format!("/api/tickets{query}")).await;
    assert_eq!(next(&response).is_some(), expected < 60);
    let page = ids(&json_of(response, StatusCode::OK).await);
    assert_eq!(page, seats[..expected]);
}

/// The last page is full: nothing says that there is another.
#[tokio::test(flavor = "multi_thread")]
async fn no_link_to_an_empty_page() {
    let app = TestApp::start().await;
    let seats = seats(&app, 4).await;
    let first = app.get("/api/tickets?limit=2").await;
    let second = next(&first).unwrap();
    let second = app.get(&second).await;
    assert_eq!(next(&second), None);
    assert_eq!(ids(&json_of(second, StatusCode::OK).await), seats[2..]);
}

/// What was there from the beginning is on exactly one page, whatever is put up and sold the while.
#[rstest]
#[case::everybodys(false)]
#[case::ones_own(true)]
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_complete_and_without_repeats(#[case] own: bool) {
    let app = TestApp::start().await;
    let seller = app.user();
    let mut there = HashSet::new();
    for _ in 0..23 {
        app.clock.advance(chrono::TimeDelta::milliseconds(1));
        there.insert(app.seat(&seller).await);
    }
    let mut address = Some(format!(
        "/api/tickets?limit=4{}",
        if own { "&owner=me" } else { "" }
    ));
    let mut found = Vec::new();
    while let Some(page) = address {
        let response = app.by(&seller, Method::GET, &page).send().await.unwrap();
        address = next(&response);
        let page = ids(&json_of(response, StatusCode::OK).await);
        assert!(page.len() == 4 || address.is_none());
        // One that was on this page is gone from the list, and there are two new ones.
        let gone = page.first().unwrap();
        app.reported(&inventory(gone, 1, 1, 1, 0)).await;
        found.extend(page);
        app.seat(&seller).await;
        app.clock.advance(chrono::TimeDelta::milliseconds(1));
        app.seat(&seller).await;
    }
    let distinct: HashSet<_> = found.iter().cloned().collect();
    assert_eq!(distinct.len(), found.len(), "one came twice");
    assert!(there.is_subset(&distinct), "one is missing");
}

/// The column that lists go by says what the domain says.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_and_the_domain_agree_on_what_is_listed() {
    let app = TestApp::start().await;
    let fill = "INSERT INTO ticket (id, version, title, price, currency, user_id, capacity, deleted, created_at, \
                  updated_at, stock_version, stock_ticket_version, stock_capacity, held, sold) \
                SELECT gen_random_uuid(), v, 'x', 1, 'USD', gen_random_uuid(), c, d, now(), now(), \
                       tv, tv, nullif(sc, 0), h, s \
                FROM generate_series(1, 2) v, generate_series(1, 3) c, unnest('{t,f}'::bool[]) d, \
                     generate_series(0, 2) tv, generate_series(0, 3) sc, generate_series(0, 2) h, \
                     generate_series(0, 2) s \
                WHERE (tv = 0) = (sc = 0) AND h + s <= sc";
    let filled = app.sql.execute(fill, &[]).await.unwrap();
    let pool = ticketing_postgres::Pool::new(&app.database.app()).unwrap();
    let mut connection = pool.get().await.unwrap();
    let all = tickets::store::tickets::all(&mut connection, None, 10_000)
        .await
        .unwrap();
    assert_eq!(u64::try_from(all.len()).unwrap(), filled);
    let by_domain: HashSet<_> = all
        .iter()
        .filter(|t| t.is_listed())
        .map(|t| t.id.0)
        .collect();
    let listed = app
        .sql
        .query(
            "SELECT listed_id::text FROM ticket WHERE listed_id IS NOT NULL",
            &[],
        )
        .await
        .unwrap();
    let by_database: HashSet<uuid::Uuid> = listed
        .iter()
        .map(|row| row.get::<_, String>(0).parse().unwrap())
        .collect();
    assert!(!by_domain.is_empty() && by_domain.len() < all.len());
    assert_eq!(by_database, by_domain);
}
