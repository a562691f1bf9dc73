use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;
use ticketing_contracts::ids::OrderId;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_275_221_000).unwrap()
}

fn new(json: &str) -> NewTicket {
    serde_json::from_str(json).unwrap()
}

fn edit(json: &str) -> TicketEdit {
    serde_json::from_str(json).unwrap()
}

fn seller() -> UserId {
    UserId(uuid::Uuid::from_u128(9))
}

fn put_up(json: &str) -> Ticket {
    let id = TicketId(uuid::Uuid::from_u128(1));
    Ticket::put_up(id, seller(), &new(json), now()).unwrap()
}

fn seat() -> Ticket {
    put_up(r#"{"title": " Row 7 ", "price": 10.5}"#)
}

fn stock(version: i64, held: i32, sold: i32) -> Stock {
    Stock {
        version,
        ticket_version: 1,
        capacity: Some(1),
        held,
        sold,
        ..Stock::default()
    }
}

#[test]
fn a_new_one_is_a_seat_in_dollars() {
    let seat = seat();
    assert_eq!((seat.title.as_str(), seat.price), ("Row 7", 1050));
    assert_eq!(
        (seat.currency, seat.capacity, seat.version),
        (Currency::USD, 1, 1)
    );
    assert!(seat.is_seat() && seat.is_listed());
    let shown = seat.shown();
    assert_eq!(
        (shown.capacity, shown.held, shown.sold, shown.available),
        (1, 0, 0, 1)
    );
}

#[test]
fn an_edit_replaces_what_it_names_and_lifts_limits_that_it_leaves_out() {
    let offer = put_up(
        r#"{"title": "x", "price": 1000, "currency": "JPY", "capacity": 500, "maxPerOrder": 4, "maxPerPerson": 8}"#,
    );
    let later = now() + TimeDelta::seconds(1);
    let by = |json| {
        offer
            .edited(seller(), &edit(json), &Expected::default(), later)
            .unwrap()
    };
    let edited = by(r#"{"title": " y ", "price": 2000, "maxPerOrder": 2}"#);
    let expected = Ticket {
        version: 2,
        title: "y".into(),
        price: 2000,
        max_per_order: Some(2),
        max_per_person: None,
        updated_at: later,
        ..offer.clone()
    };
    assert_eq!(edited, expected);
    assert_eq!(
        by(r#"{"title": "y", "price": 1, "capacity": 7}"#).capacity,
        7
    );
}

#[rstest]
#[case::somebody_else(8, r#"{"title": "y", "price": 1}"#, &Refused::NotYours)]
#[case::another_currency(
    9,
    r#"{"title": "y", "price": 1, "currency": "EUR"}"#,
    &Refused::AnotherCurrency(Currency::USD)
)]
#[case::too_many_decimals(
    9,
    r#"{"title": "y", "price": 1.005}"#,
    &Refused::Price("Price must not have more than 2 decimals in USD".into())
)]
fn edits_that_are_refused(#[case] user: u128, #[case] json: &str, #[case] refused: &Refused) {
    let user = UserId(uuid::Uuid::from_u128(user));
    let outcome = seat().edited(user, &edit(json), &Expected::default(), now());
    assert_eq!(outcome.unwrap_err(), *refused);
}

#[rstest]
#[case(None, None, true)]
#[case(Some(3), None, true)]
#[case(Some(2), None, false)]
#[case(None, Some(vec![3]), true)]
#[case(None, Some(vec![1, 3]), true)]
#[case(None, Some(vec![]), false)]
#[case(None, Some(vec![4]), false)]
#[case(Some(3), Some(vec![4]), false)]
#[case(Some(4), Some(vec![3]), false)]
fn what_was_edited_must_be_what_is_there(
    #[case] version: Option<i64>,
    #[case] one_of: Option<Vec<i64>>,
    #[case] allowed: bool,
) {
    let ticket = Ticket {
        version: 3,
        ..seat()
    };
    let expected = Expected { version, one_of };
    let edit = edit(r#"{"title": "y", "price": 1}"#);
    let outcome = ticket.edited(seller(), &edit, &expected, now());
    assert_eq!(outcome.is_ok(), allowed);
    assert!(allowed || outcome == Err(Refused::Stale));
}

#[rstest]
#[case::nobody_knows_of_any(Stock::default(), None, true)]
#[case::orders_know(Stock::default(), Some(stock(1, 1, 0)), false)]
#[case::sold(Stock::default(), Some(stock(1, 0, 1)), false)]
#[case::the_copy_knows(stock(1, 1, 0), None, false)]
#[case::the_copy_lags(stock(1, 1, 0), Some(stock(2, 0, 0)), true)]
#[case::the_copy_is_newer(stock(3, 1, 0), Some(stock(2, 0, 0)), false)]
fn a_seat_is_free_by_the_newest_that_is_known(
    #[case] here: Stock,
    #[case] at_orders: Option<Stock>,
    #[case] free: bool,
) {
    let ticket = Ticket {
        stock: here,
        ..seat()
    };
    assert_eq!(ticket.ensure_free(at_orders).is_ok(), free);
}

#[test]
fn a_withdrawn_one_is_gone() {
    let gone = seat().withdrawn(now());
    assert_eq!((gone.version, gone.snapshot().version), (2, 2));
    assert!(gone.deleted && !gone.is_listed());
    let edit = edit(r#"{"title": "y", "price": 1}"#);
    let outcome = gone.edited(seller(), &edit, &Expected::default(), now());
    assert_eq!(outcome, Err(Refused::Unknown));
}

#[test]
fn who_has_a_seat_is_shown() {
    let order_id = Some(OrderId(uuid::Uuid::from_u128(2)));
    let until = Some(now() + TimeDelta::minutes(15));
    let held = Stock {
        order_id,
        next_release_at: until,
        ..stock(1, 1, 0)
    };
    let shown = Ticket {
        stock: held,
        ..seat()
    }
    .shown();
    assert_eq!((shown.order_id, shown.next_release_at), (order_id, until));
    assert_eq!((shown.held, shown.available), (1, 0));
}

prop_compose! {
    /// A stock as orders may report it: never more taken than there is.
    fn any_stock()(
        version in 1..1000_i64,
        ticket_version in 1..20_i64,
        capacity in 0..1000,
        taken in 0.0..=1.0,
        sold in 0.0..=1.0,
    ) -> Stock {
        #[expect(clippy::cast_possible_truncation, reason = "a part of a thousand")]
        let part = |of: i32, ratio: f64| (f64::from(of) * ratio) as i32;
        let taken = part(capacity, taken);
        let sold = part(taken, sold);
        let capacity = Some(capacity);
        Stock { version, ticket_version, capacity, held: taken - sold, sold, ..Stock::default() }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Edit {
        capacity: Option<i32>,
        expected: Option<i64>,
    },
    Report(Stock),
    Withdraw,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (prop::option::of(1..1000), prop::option::of(1..20_i64))
            .prop_map(|(capacity, expected)| Step::Edit { capacity, expected }),
        any_stock().prop_map(Step::Report),
        Just(Step::Withdraw),
    ]
}

proptest! {
    /// Whatever happens: versions rise by one with each edit, stock versions never go back, what is shown
    /// adds up, and what is taken is never more than there is.
    #[test]
    fn what_is_shown_adds_up(steps in prop::collection::vec(any_step(), 0..40)) {
        let mut ticket = put_up(r#"{"title": "x", "price": 1, "capacity": 500}"#);
        for step in steps {
            let before = ticket.clone();
            match step {
                Step::Edit { capacity, expected } => {
                    let form = TicketEdit { capacity, ..edit(r#"{"title": "y", "price": 2}"#) };
                    let expected = Expected { version: expected, one_of: None };
                    let stale = expected.version.is_some_and(|version| version != before.version);
                    match ticket.edited(seller(), &form, &expected, now()) {
                        Ok(edited) => {
                            prop_assert!(!stale && !before.deleted);
                            prop_assert_eq!(edited.version, before.version + 1);
                            ticket = edited;
                        }
                        Err(_) => prop_assert!(stale || before.deleted),
                    }
                }
                Step::Report(stock) => ticket.stock = ticket.stock.or_newer(stock),
                Step::Withdraw if !ticket.deleted => ticket = ticket.withdrawn(now()),
                Step::Withdraw => {}
            }
            prop_assert!(ticket.version >= before.version);
            prop_assert!(ticket.stock.version >= before.stock.version);
            let listed = ticket.is_listed();
            let deleted = ticket.deleted;
            let shown = ticket.clone().shown();
            prop_assert_eq!(shown.capacity, shown.available + shown.held + shown.sold);
            prop_assert!(shown.available >= 0);
            prop_assert_eq!(listed, shown.available > 0 && !deleted);
        }
    }
}
