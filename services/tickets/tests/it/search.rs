//! `GET /api/tickets?q=`

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use ticketing_testkit::eventually;

use crate::harness::{TestApp, id_of, inventory, json_of};

const TITLES: [&str; 8] = [
    "Row 7, seat 12",
    "Row 7, seat 13",
    "AC/DC live in Zürich",
    "Bob's burger-night (late)",
    "Seat-7 upgrade",
    "Standing",
    "The Standing Ovations",
    "東京 Night",
];

async fn filled() -> TestApp {
    let app = TestApp::start().await;
    let seller = app.user();
    for title in TITLES {
        app.put_up(&seller, &json!({"title": title, "price": 1}))
            .await;
    }
    app
}

fn titles(page: &Value) -> Vec<&str> {
    let tickets = page.as_array().unwrap().iter();
    let mut titles: Vec<_> = tickets
        .map(|ticket| ticket["title"].as_str().unwrap())
        .collect();
    titles.sort_unstable();
    titles
}

async fn find(app: &TestApp, q: &str) -> Value {
    let query = serde_urlencoded::to_string([("q", q)]).unwrap();
    json_of(
        app.get(&format!("/api/tickets?{query}")).await,
        StatusCode::OK,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found() {
    let app = filled().await;
    for (q, expected) in [
        ("row", &["Row 7, seat 12", "Row 7, seat 13"][..]),
        ("SEAT 12", &["Row 7, seat 12"]),
        ("12 row", &["Row 7, seat 12"]),
        // While it is being typed.
        ("stand", &["Standing", "The Standing Ovations"]),
        ("row 7 se", &["Row 7, seat 12", "Row 7, seat 13"]),
        ("ro seat", &[]),
        // What stands between words does not count.
        ("ac/dc", &["AC/DC live in Zürich"]),
        ("dc", &["AC/DC live in Zürich"]),
        (
            "seat-7",
            &["Row 7, seat 12", "Row 7, seat 13", "Seat-7 upgrade"],
        ),
        ("\"seat 7\"", &["Seat-7 upgrade"]),
        ("bob's", &["Bob's burger-night (late)"]),
        ("burger night", &["Bob's burger-night (late)"]),
        // Not only English.
        ("zürich", &["AC/DC live in Zürich"]),
        ("ZÜRICH", &["AC/DC live in Zürich"]),
        ("東京", &["東京 Night"]),
        // No word is too common to be looked for.
        ("the", &["The Standing Ovations"]),
        ("standing -ovations", &["Standing"]),
        (
            "burger or 東京",
            &["Bob's burger-night (late)", "東京 Night"],
        ),
        ("nothing of the kind", &[]),
        ("???", &[]),
    ] {
        assert_eq!(titles(&find(&app, q).await), expected, "{q}");
    }
    for q in ["", "  "] {
        assert_eq!(
            titles(&find(&app, q).await).len(),
            TITLES.len(),
            "{q:?} is no question"
        );
    }
}

/// Nothing that can be typed is an error.
#[rstest]
#[case("'")]
#[case("\"")]
#[case("\"\"\"")]
#[case("\"a b\" ①")]
#[case("-\"a b\" ①")]
#[case("-")]
#[case("--")]
#[case("-a")]
#[case("a -b")]
#[case("a or")]
#[case("or")]
#[case("or or or")]
#[case("a & b | !c")]
#[case("(a")]
#[case("a:*")]
#[case("\\")]
#[case("a\\'b")]
#[case("%")]
#[case("a\u{0}b")]
#[case("<script>")]
#[case("👩‍🎤")]
#[case("\u{300}")]
#[case("https://example.com/a?b=c&d=e#f")]
#[case("ann@example.com")]
#[case("1.5e-7")]
#[case("&amp;")]
#[tokio::test(flavor = "multi_thread")]
async fn any_text_will_do(#[case] q: &str) {
    let app = TestApp::start().await;
    let seller = app.user();
    app.put_up(&seller, &json!({"title": "Row 7, seat 12", "price": 1}))
        .await;
    find(&app, q).await;
    find(&app, &q.repeat(100)).await;
    let query = serde_urlencoded::to_string([("owner", "me"), ("q", q)]).unwrap();
    let own = app.by(&seller, Method::GET, &format!("/api/tickets?{query}"));
    assert_eq!(own.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_has_pages() {
    let app = TestApp::start().await;
    let (seller, other) = (app.user(), app.user());
    for n in 0..9 {
        let owner = if n % 3 == 0 { &other } else { &seller };
        app.put_up(
            owner,
            &json!({"title": format!("Für & \"{n}\""), "price": 1}),
        )
        .await;
        app.put_up(owner, &json!({"title": "another", "price": 1}))
            .await;
    }
    let pages = async |address: &str| {
        let (mut address, mut found) = (Some(address.to_owned()), Vec::new());
        while let Some(page) = address {
            let response = app.by(&seller, Method::GET, &page).send().await.unwrap();
            let link = response
                .headers()
                .get("link")
                .map(|link| link.to_str().unwrap().to_owned());
            address = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
            let page = json_of(response, StatusCode::OK).await;
            found.extend(page.as_array().unwrap().iter().map(id_of));
        }
        found
    };
    let found = pages("/api/tickets?limit=2&q=f%C3%BCr+%26").await;
    assert_eq!(found.len(), 9);
    assert_eq!(
        pages("/api/tickets?limit=2&q=f%C3%BCr&owner=me")
            .await
            .len(),
        6
    );
    // Sold out: found by its seller only.
    app.reported(&inventory(&found[1], 1, 1, 0, 1)).await;
    assert_eq!(pages("/api/tickets?q=f%C3%BCr").await.len(), 8);
}

/// A word in a title or two is found without going through all the others.
#[tokio::test(flavor = "multi_thread")]
async fn rare_words_are_found_by_their_index() {
    let app = filled().await;
    let fill = "INSERT INTO ticket (id, version, title, price, currency, user_id, capacity, created_at, \
                                    updated_at) \
                SELECT gen_random_uuid(), 1, 'Row ' || n || ', seat ' || n % 30, 1, 'USD', \
                       gen_random_uuid(), 1, now(), now() FROM generate_series(1, 20000) n";
    app.sql.batch_execute(fill).await.unwrap();
    app.sql.batch_execute("ANALYZE ticket").await.unwrap();
    let read = async || {
        let counts = "SELECT sum(idx_scan)::bigint FROM pg_stat_user_indexes \
                      WHERE indexrelid = 'ticket_search'::regclass";
        app.number(counts).await
    };
    // A statement is planned for its values some times, and for any values then.
    for _ in 0..20 {
        assert_eq!(
            titles(&find(&app, "ovation").await),
            ["The Standing Ovations"]
        );
    }
    eventually("the statistics tell", async || {
        (read().await == 20).then_some(())
    })
    .await;
}
