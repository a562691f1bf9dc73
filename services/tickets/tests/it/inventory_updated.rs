//! `inventory:updated`, as orders publishes it

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;
use ticketing_contracts::{
    events::{
        OrderEvent,
        orders::{Inventory, Order, OrderItem},
    },
    ids::{OrderId, UserId},
    money::Currency,
    order::OrderStatus,
    time::to_text,
};
use ticketing_testkit::eventually;

use crate::harness::{Builder, TestApp, inventory};

async fn numbers(app: &TestApp, id: &str) -> [i64; 4] {
    let shown = app.shown(id).await;
    ["capacity", "held", "sold", "available"].map(|name| shown[name].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_shown_as_reported() {
    let app = TestApp::start().await;
    let id = app.offer(&app.user(), 500).await;
    let before = app.shown(&id).await;
    let until = app.clock.clock().now() + TimeDelta::minutes(15);
    let report = Inventory {
        next_release_at: Some(until),
        ..inventory(&id, 7, 500, 30, 12)
    };
    app.reported(&report).await;
    let shown = app.shown(&id).await;
    assert_eq!(numbers(&app, &id).await, [500, 30, 12, 458]);
    assert_eq!(shown["nextReleaseAt"], json!(to_text(until)));
    assert_eq!(
        shown["updatedAt"], before["updatedAt"],
        "the seller did not edit it"
    );
    assert_eq!(shown["version"], 1);
    assert_eq!(
        app.event_types().await,
        ["ticket:created"],
        "it is orders' to tell"
    );

    app.reported(&inventory(&id, 8, 500, 0, 12)).await;
    assert_eq!(app.shown(&id).await["nextReleaseAt"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_seat_is_shown() {
    let app = TestApp::start().await;
    let id = app.seat(&app.user()).await;
    let order_id = Some(OrderId::new(app.clock.clock().now()));
    app.reported(&Inventory {
        order_id,
        ..inventory(&id, 1, 1, 1, 0)
    })
    .await;
    assert_eq!(app.shown(&id).await["orderId"], json!(order_id));
    app.reported(&inventory(&id, 2, 1, 0, 0)).await;
    assert_eq!(app.shown(&id).await.get("orderId"), None);
}

/// Whatever comes late or again, the newest stays.
#[tokio::test(flavor = "multi_thread")]
async fn versions_never_go_back() {
    let app = TestApp::start().await;
    let seller = app.user();
    let (id, last) = (app.offer(&seller, 100).await, app.seat(&seller).await);
    app.reported(&inventory(&id, 5, 100, 5, 0)).await;
    for version in [4, 5, 1] {
        app.report(&inventory(&id, version, 100, 50, 50)).await;
    }
    // Entries are handled in their order: when this one is, the others were.
    app.reported(&inventory(&last, 1, 1, 1, 0)).await;
    assert_eq!(numbers(&app, &id).await, [100, 5, 0, 95]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rush_of_reports_on_several_instances() {
    let builder = Builder::new().await;
    let (app, _other) = (builder.start().await, builder.start().await);
    let seller = app.user();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(app.offer(&seller, 1000).await);
    }
    for version in 1..=200 {
        for id in &ids {
            app.report(&inventory(
                id,
                version,
                1000,
                i32::try_from(version).unwrap(),
                0,
            ))
            .await;
        }
    }
    for id in &ids {
        eventually("the last report is shown", async || {
            (numbers(&app, id).await == [1000, 200, 0, 800]).then_some(())
        })
        .await;
    }
    assert_eq!(app.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// Until orders has applied the seller's edit, the wish is what can be told, and what is taken stays.
#[rstest]
#[case::more(20, [20, 4, 3, 13])]
#[case::fewer(8, [8, 4, 3, 1])]
#[case::fewer_than_are_taken(5, [7, 4, 3, 0])]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_not_applied_yet(#[case] wish: i32, #[case] expected: [i64; 4]) {
    let app = TestApp::start().await;
    let seller = app.user();
    let id = app.offer(&seller, 10).await;
    app.reported(&inventory(&id, 1, 10, 4, 3)).await;
    let edit = json!({"title": "Standing", "price": 20, "capacity": wish});
    app.put(&seller, &id, &edit).send().await.unwrap();
    assert_eq!(numbers(&app, &id).await, expected);
    // A report of the version before changes nothing of that.
    app.reported(&inventory(&id, 2, 10, 4, 3)).await;
    assert_eq!(numbers(&app, &id).await, expected);
    // Orders has applied it, and some were released since.
    let capacity = wish.max(5);
    let applied = Inventory {
        ticket_version: 2,
        ..inventory(&id, 3, capacity, 2, 3)
    };
    app.reported(&applied).await;
    let left = i64::from(capacity) - 5;
    assert_eq!(numbers(&app, &id).await, [i64::from(capacity), 2, 3, left]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_it_is_left_alone() {
    let app = TestApp::start().await;
    let id = app.seat(&app.user()).await;
    let now = app.clock.clock().now();
    let order = Order {
        id: OrderId::new(now),
        version: 1,
        user_id: UserId::new(now),
        status: OrderStatus::Created,
        reason: None,
        expires_at: now,
        release_at: now,
        items: vec![OrderItem {
            ticket_id: id.parse().unwrap(),
            title: "Row 7".into(),
            price: 1050,
            quantity: 1,
        }],
        total: 1050,
        currency: Currency::USD,
        created_at: now,
    };
    app.publish(&OrderEvent::Created(order)).await;
    app.report(&inventory(
        "01936f0a-7a70-7000-8000-000000000001",
        1,
        1,
        1,
        0,
    ))
    .await;
    app.publish_raw("order:invented", uuid::Uuid::nil(), "{}")
        .await;
    app.reported(&inventory(&id, 1, 1, 1, 0)).await;
    assert_eq!(app.number("SELECT count(*) FROM ticket").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM dead_letter").await, 0);
}

/// A report that can't be true takes nothing else with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_becomes_a_dead_letter() {
    let app = TestApp::start().await;
    let seller = app.user();
    let (id, other) = (app.offer(&seller, 10).await, app.offer(&seller, 10).await);
    app.report(&inventory(&id, 1, 10, -1, 0)).await;
    app.publish_raw("inventory:updated", id.parse().unwrap(), "{}")
        .await;
    app.reported(&inventory(&other, 1, 10, 1, 0)).await;
    eventually("both are dead letters", async || {
        (app.number("SELECT count(*) FROM dead_letter").await == 2).then_some(())
    })
    .await;
    assert_eq!(numbers(&app, &id).await, [10, 0, 0, 10]);
}

/// A hot ticket changes its stock all the time: that must write no index.
#[tokio::test(flavor = "multi_thread")]
async fn stock_changes_touch_no_index() {
    let app = TestApp::start().await;
    let id = app.offer(&app.user(), 100_000).await;
    for version in 1..=50 {
        app.reported(&inventory(
            &id,
            version,
            100_000,
            i32::try_from(version).unwrap(),
            0,
        ))
        .await;
    }
    eventually("the statistics tell", async || {
        let counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables \
                      WHERE relid = 'ticket'::regclass";
        let row = app.sql.query_one(counts, &[]).await.unwrap();
        let (all, hot): (i64, i64) = (row.get(0), row.get(1));
        // A page fills up, and the row moves on, while others' transactions may still see all it held.
        assert!(all - hot <= 2, "{hot} of {all} updates are HOT");
        (all >= 50).then_some(())
    })
    .await;
}
