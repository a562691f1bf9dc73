//! Each invariant is broken on purpose, and no other is accused.

use chrono::TimeDelta;
use fsck::{invariant::Invariant, run::Options};
use rstest::rstest;
use ticketing_runtime::Clock;
use uuid::Uuid;

use crate::harness::{World, id};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_passes() {
    let world = World::new().await;
    let report = world.fsck().await;
    assert!(report.is_clean(), "{report}");
    let told: Vec<_> = report.invariants.iter().map(|line| line.name).collect();
    assert_eq!(told, Invariant::all().collect::<Vec<_>>());
    // Nothing was looked at in vain.
    let unseen = report.invariants.iter().filter(|line| line.looked_at == 0);
    assert_eq!(unseen.count(), 0, "{report}");
}

/// Rows are named by the last digits of their id; see clean.sql. Where an order is missing, its deadline
/// misses it as well, and where money is, the sums do.
#[rstest]
#[case::too_many(
    "capacity",
    "UPDATE {o}.inventory SET capacity = 12 WHERE /a1/ ticket_id;
                              UPDATE {t}.ticket SET stock_capacity = 12 WHERE /a1/ id"
)]
#[case::oversold(
    "capacity",
    "UPDATE {o}.inventory SET capacity = 4, requested = 4 WHERE /a1/ ticket_id;
                              UPDATE {t}.ticket SET capacity = 4, stock_capacity = 4 WHERE /a1/ id"
)]
#[case(
    "held",
    "UPDATE {o}.inventory SET held = 3 WHERE /a1/ ticket_id;
                UPDATE {t}.ticket SET held = 3 WHERE /a1/ id;
                UPDATE {o}.sales SET held = 3 WHERE /a1/ ticket_id"
)]
#[case(
    "sold",
    "UPDATE {o}.inventory SET sold = 4 WHERE /a1/ ticket_id;
                UPDATE {t}.ticket SET sold = 4 WHERE /a1/ id;
                UPDATE {o}.sales SET sold = 4 WHERE /a1/ ticket_id"
)]
#[case(
    "revenue",
    "UPDATE {o}.inventory SET revenue = revenue + 1 WHERE /a1/ ticket_id;
                   UPDATE {o}.sales SET revenue = 3001 WHERE /a1/ ticket_id"
)]
#[case::later(
    "next-release",
    "UPDATE {o}.inventory SET next_release_at = now() WHERE /a1/ ticket_id;
                               UPDATE {t}.ticket SET next_release_at = now() WHERE /a1/ id"
)]
#[case::never(
    "next-release",
    "UPDATE {o}.inventory SET next_release_at = NULL WHERE /a1/ ticket_id;
                               UPDATE {t}.ticket SET next_release_at = NULL WHERE /a1/ id"
)]
#[case(
    "closed",
    "UPDATE {o}.inventory SET closed = true WHERE /a1/ ticket_id"
)]
#[case::another(
    "holder",
    "UPDATE {o}.inventory SET holder = ticket_id WHERE /a5/ ticket_id;
                           UPDATE {t}.ticket SET order_id = id WHERE /a5/ id"
)]
#[case::nobody(
    "holder",
    "UPDATE {o}.inventory SET holder = NULL WHERE /a2/ ticket_id;
                          UPDATE {t}.ticket SET order_id = NULL WHERE /a2/ id"
)]
#[case::others("sales", "UPDATE {o}.sales SET sold = sold + 1 WHERE /a1/ ticket_id")]
#[case::missing("sales", "DELETE FROM {o}.sales WHERE /a6/ ticket_id")]
#[case("total", "UPDATE {o}.orders SET total = total + 1 WHERE /c3/ id")]
#[case::for_ever(
    "held-until",
    "UPDATE {o}.order_item SET held_until = now() + interval '1 day'
                                WHERE /c3/ order_id"
)]
#[case::too_long("held-until", "UPDATE {o}.order_item SET held_until = held_until + interval '1 ms'
                                WHERE /c4/ order_id;
                                UPDATE {o}.inventory SET next_release_at = next_release_at + interval '1 ms'
                                WHERE /a2/ ticket_id;
                                UPDATE {t}.ticket SET next_release_at = next_release_at + interval '1 ms'
                                WHERE /a2/ id")]
#[case::without("reason", "UPDATE {o}.orders SET reason = NULL WHERE /c3/ id")]
#[case::with("reason", "UPDATE {o}.orders SET reason = 'buyer' WHERE /c2/ id")]
#[case::another("currency", "UPDATE {o}.orders SET currency = 'EUR' WHERE /c3/ id")]
#[case::price(
    "currency",
    "UPDATE {o}.order_item SET price = 999 WHERE /c3/ order_id;
                           UPDATE {o}.orders SET total = 999 WHERE /c3/ id"
)]
#[case::none("items", "DELETE FROM {o}.order_item WHERE /c3/ order_id")]
#[case::of_no_order("items known-orders", "DELETE FROM {o}.orders WHERE /c3/ id")]
#[case::of_no_ticket(
    "items",
    "UPDATE {o}.order_item SET ticket_id = order_id WHERE /c3/ order_id"
)]
#[case::nothing(
    "paid takings simulator",
    "DELETE FROM {p}.payment WHERE /f6/ id;
     DELETE FROM {o}.order_payment WHERE /c6/ order_id"
)]
#[case::too_much(
    "paid simulator",
    "UPDATE {p}.payment SET amount = amount + 1 WHERE /f5/ id"
)]
#[case::of_an_order(
    "one-payment",
    "UPDATE {p}.payment SET version = 0 WHERE /f1/ id OR /f3/ id;
     UPDATE {p}.payment SET order_id = (SELECT id FROM {o}.orders WHERE /c1/ id) WHERE /f3/ id;
     DELETE FROM {o}.order_payment WHERE /c1/ order_id OR /c3/ order_id"
)]
#[case::of_an_intent("one-payment", "UPDATE {p}.payment SET intent = 'pi_f1' WHERE /f3/ id")]
#[case::not_complete("settled", "UPDATE {p}.payment SET settled = 'complete' WHERE /f5/ id")]
#[case::no_refund(
    "settled",
    "UPDATE {p}.payment SET settled = 'refund-due' WHERE /f6/ id"
)]
#[case::of_a_sale(
    "refunds takings",
    "INSERT INTO {p}.refund (payment_id, status, created_at)
     SELECT id, 'due', now() FROM {p}.payment WHERE /f6/ id"
)]
#[case::of_nothing(
    "refunds",
    "INSERT INTO {p}.refund (payment_id, status, created_at)
     SELECT id, 'due', now() FROM {o}.orders WHERE /c6/ id"
)]
#[case::title(
    "ticket-copy",
    "UPDATE {o}.inventory SET title = 'Other' WHERE /a4/ ticket_id"
)]
#[case::cap(
    "ticket-copy",
    "UPDATE {t}.ticket SET max_per_person = 1 WHERE /a4/ id"
)]
#[case::open(
    "ticket-copy",
    "UPDATE {o}.inventory SET closed = false WHERE /a3/ ticket_id"
)]
#[case::newer(
    "ticket-copy",
    "UPDATE {o}.inventory SET ticket_version = 9 WHERE /a4/ ticket_id;
                              UPDATE {t}.ticket SET stock_ticket_version = 9 WHERE /a4/ id"
)]
#[case::of_nothing("ticket-copy", "DELETE FROM {t}.ticket WHERE /a4/ id")]
#[case::held("stock-copy", "UPDATE {t}.ticket SET held = 1 WHERE /a4/ id")]
#[case::holder("stock-copy", "UPDATE {t}.ticket SET order_id = NULL WHERE /a5/ id")]
#[case::newer("stock-copy", "UPDATE {t}.ticket SET stock_version = 99 WHERE /a4/ id")]
#[case::of_nothing(
    "payment-copy",
    "INSERT INTO {o}.order_payment SELECT id, id, 1, 'failed' FROM {t}.ticket WHERE /a4/ id"
)]
#[case::newer(
    "payment-copy",
    "UPDATE {o}.order_payment SET version = 9 WHERE /c2/ order_id"
)]
#[case::not_paid(
    "payment-copy",
    "UPDATE {o}.order_payment SET status = 'failed' WHERE /c2/ order_id"
)]
#[case::another(
    "payment-copy",
    "UPDATE {o}.order_payment SET payment_id = order_id WHERE /c2/ order_id"
)]
#[case::of_payments("inbox", "DELETE FROM {p}.inbox")]
#[case::of_tickets("inbox", "DELETE FROM {t}.inbox")]
#[case::of_orders("inbox", "DELETE FROM {o}.inbox")]
#[case::of_orders(
    "outbox",
    "INSERT INTO {o}.outbox (id, kind, subject, version, time, data)
                             SELECT id, 'order:created', id, 1, now() - interval '1 minute', '{}'
                             FROM {o}.orders WHERE /c1/ id"
)]
#[case::of_tickets(
    "outbox",
    "INSERT INTO {t}.outbox (id, kind, subject, version, time, data)
                              SELECT id, 'ticket:created', id, 1, now() - interval '1 minute', '{}'
                              FROM {t}.ticket WHERE /a1/ id"
)]
#[case::of_payments(
    "outbox",
    "INSERT INTO {p}.outbox (id, kind, subject, version, time, data)
                               SELECT id, 'payment:created', id, 1, now() - interval '1 minute', '{}'
                               FROM {p}.payment WHERE /f1/ id"
)]
#[case::edited(
    "tickets-current",
    "UPDATE {t}.ticket SET version = version + 1 WHERE /a4/ id"
)]
#[case::new(
    "tickets-current",
    "DELETE FROM {o}.sales WHERE /a4/ ticket_id;
                                DELETE FROM {o}.inventory WHERE /a4/ ticket_id;
                                UPDATE {t}.ticket SET stock_version = 0 WHERE /a4/ id"
)]
#[case(
    "stock-current",
    "UPDATE {o}.inventory SET version = version + 1 WHERE /a4/ ticket_id"
)]
#[case::behind(
    "payments-current",
    "UPDATE {p}.payment SET version = version + 1 WHERE /f2/ id"
)]
#[case::unheard(
    "payments-current",
    "DELETE FROM {o}.order_payment WHERE /c2/ order_id"
)]
#[case(
    "charged takings simulator",
    "UPDATE {p}.payment SET status = 'attempting', settled = NULL, version = 0 WHERE /f6/ id;
     DELETE FROM {o}.order_payment WHERE /c6/ order_id"
)]
#[case::attempted(
    "under-way",
    "UPDATE {p}.payment SET attempted_at = now() - interval '3 minutes' WHERE /f4/ id"
)]
#[case::unsettled("under-way", "UPDATE {p}.payment SET settled = NULL WHERE /f2/ id")]
#[case::outlives_its_order("under-way", "UPDATE {p}.payment SET status = 'failed' WHERE /f3/ id")]
#[case::waits_for_nothing(
    "under-way",
    "UPDATE {p}.payment SET status = 'requires-action' WHERE /f3/ id"
)]
#[case::not_given_back(
    "under-way simulator",
    "UPDATE {p}.refund SET status = 'due', stripe_id = NULL, created_at = now() - interval '1 minute';
     UPDATE {o}.order_payment SET status = 'succeeded' WHERE /c5/ order_id"
)]
#[case::sold_for_nothing(
    "paid takings",
    "UPDATE {o}.orders SET status = 'complete', reason = NULL WHERE /c4/ id;
     UPDATE {o}.order_item SET held_until = NULL WHERE /c4/ order_id;
     UPDATE {o}.inventory SET held = 0, sold = 1, revenue = 2500, next_release_at = NULL
     WHERE /a2/ ticket_id;
     UPDATE {o}.sales SET held = 0, sold = 1, revenue = 2500 WHERE /a2/ ticket_id AND held = 1;
     UPDATE {t}.ticket SET held = 0, sold = 1, next_release_at = NULL WHERE /a2/ id"
)]
#[case("overdue", "UPDATE {o}.orders SET release_at = now() - interval '1 minute' WHERE /c4/ id;
                   UPDATE {o}.order_item SET held_until = (SELECT release_at FROM {o}.orders WHERE /c4/ id)
                   WHERE /c4/ order_id;
                   UPDATE {o}.inventory SET next_release_at = (SELECT release_at FROM {o}.orders
                   WHERE /c4/ id) WHERE /a2/ ticket_id;
                   UPDATE {t}.ticket SET next_release_at = (SELECT release_at FROM {o}.orders
                   WHERE /c4/ id) WHERE /a2/ id")]
#[case(
    "dead-letters",
    "INSERT INTO {o}.dead_letter (stream, consumer_group, stamp, data, error, attempts)
                        VALUES ('tickets', 'orders', 1, '', 'no good', 1)"
)]
#[case::of_payments(
    "dead-letters",
    "INSERT INTO {p}.dead_letter (stream, consumer_group, stamp, data, error, attempts)
                        VALUES ('orders', 'payments', 1, '', 'no good', 1)"
)]
#[tokio::test(flavor = "multi_thread")]
async fn each_breach_in_postgres_is_found(#[case] invariant: &str, #[case] sql: &str) {
    let world = World::new().await;
    world.run(&named(sql)).await;
    let report = world.fsck().await;
    let expected: Vec<_> = invariant.split(' ').collect();
    assert_eq!(report.broken(), expected, "{report}");
}

/// `/a1/ column` for the row whose column ends so.
fn named(sql: &str) -> String {
    let mut parts = sql.split('/');
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(name), Some(rest)) = (parts.next(), parts.next()) {
        let rest = rest.trim_start();
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric());
        let (column, rest) = rest.split_at(end.unwrap_or(rest.len()));
        text += &format!("right({column}::text, 2) = '{name}'{rest}");
    }
    text
}

#[rstest]
#[case::gone("streams", &["DEL {p}orders"])]
#[case::ahead("streams", &[
    "XADD {p}tickets 8796093022207-0 a b",
    "XREADGROUP GROUP orders a NOACK STREAMS {p}tickets >",
])]
#[case::gone("groups", &["XGROUP DESTROY {p}orders tickets"])]
#[case::of_payments("groups", &["XGROUP DESTROY {p}orders payments"])]
#[case::of_payments("streams", &["DEL {p}payments"])]
#[case::behind("groups", &["XGROUP SETID {p}orders expiration 0"])]
#[case::stuck("groups", &[
    "XGROUP SETID {p}expirations orders 0",
    "XREADGROUP GROUP orders a STREAMS {p}expirations >",
])]
#[case::none("scheduled", &["DEL {p}expiration:deadlines"])]
#[case::no_deadline("known-orders", &["ZADD {p}expiration:deadlines 1 whenever"])]
#[case("dead-letters", &[r#"HSET {p}expiration:dead_letters 7 {"event":null,"error":"odd"}"#])]
#[tokio::test(flavor = "multi_thread")]
async fn each_breach_in_redis_is_found(#[case] invariant: &str, #[case] commands: &[&str]) {
    let world = World::new().await;
    for command in commands {
        let words: Vec<_> = command.split_whitespace().collect();
        world.tell(&words).await;
    }
    let report = world.fsck().await;
    assert_eq!(report.broken(), [invariant], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_did_not_fire_is_found() {
    let world = World::new().await;
    let passed = Clock::system().now() - TimeDelta::minutes(1);
    world.keep_deadline(id("c3"), passed).await;
    let report = world.fsck().await;
    assert_eq!(report.broken(), ["overdue"], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_of_no_order_is_found() {
    let world = World::new().await;
    let soon = Clock::system().now() + TimeDelta::minutes(1);
    world.keep_deadline(Uuid::nil(), soon).await;
    let report = world.fsck().await;
    assert_eq!(report.broken(), ["known-orders"], "{report}");
}

/// A deadline for another time than the order's does not count.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_scheduled_for_another_time_is_found() {
    let world = World::new().await;
    world.tell(&["DEL", "{p}expiration:deadlines"]).await;
    let soon = Clock::system().now() + TimeDelta::minutes(1);
    for order in ["c1", "c4"] {
        world.keep_deadline(id(order), soon).await;
    }
    let report = world.fsck().await;
    assert_eq!(report.broken(), ["scheduled"], "{report}");
    assert!(report.to_string().contains("not so 2"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_that_are_explained_are_no_breach() {
    let world = World::new().await;
    world
        .run(
            "INSERT INTO {o}.dead_letter (stream, consumer_group, stamp, data, error, attempts) \
             SELECT 'tickets', 'orders', n, '', 'no good', 1 FROM generate_series(1, 8) AS n",
        )
        .await;
    let letter = r#"{"event": {"type": "order:created"}, "error": "no good"}"#;
    world
        .tell(&["HSET", "{p}expiration:dead_letters", "7", letter])
        .await;
    let mut options = Options {
        wait: std::time::Duration::ZERO,
        ..Options::default()
    };
    let report = world.fsck_with(&options).await;
    let text = report.to_string();
    assert!(
        text.contains("orders/8: no event: no good"),
        "all are shown: {text}"
    );
    assert!(
        text.contains("expiration/7: order:created: no good"),
        "{text}"
    );
    options.explained = (1..=8).map(|n| format!("orders/{n}")).collect();
    options.explained.push("expiration/7".into());
    let report = world.fsck_with(&options).await;
    assert!(report.is_clean(), "{report}");
}

/// What holds whatever runs is judged by one look.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_system_is_asked_for_less() {
    let world = World::new().await;
    world
        .run(&named(
            "UPDATE {o}.inventory SET version = version + 1 WHERE /a4/ ticket_id",
        ))
        .await;
    let live = Options {
        at_rest: false,
        ..Options::default()
    };
    let report = world.fsck_with(&live).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        report.invariants.len() + report.left_out.len(),
        Invariant::all().count()
    );
    world
        .run(&named("UPDATE {o}.orders SET total = 1 WHERE /c3/ id"))
        .await;
    let report = world.fsck_with(&live).await;
    assert_eq!(report.broken(), ["total"], "{report}");
}
