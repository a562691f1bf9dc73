use chrono::DateTime;
use proptest::prelude::*;
use rstest::rstest;
use ticketing_contracts::{
    events::{Event, PaymentEvent},
    ids::{OrderId, PaymentId, UserId},
    internal::{Lease, Settled},
    money::Currency,
};
use uuid::Uuid;

use super::*;

fn lease(number: i64) -> Lease {
    Lease {
        number,
        release_at: DateTime::UNIX_EPOCH,
        amount: 21_00,
        currency: Currency::USD,
    }
}

fn card() -> Method {
    Method::Token("tok_visa".into())
}

/// A payment whose first attempt may have been charged.
pub(crate) fn payment() -> Payment {
    let id = Uuid::from_u128;
    let mut payment = Payment::begin(
        PaymentId(id(3)),
        OrderId(id(2)),
        UserId(id(8)),
        &lease(1),
        card(),
        DateTime::UNIX_EPOCH,
    );
    payment.intent = Some("pi_1".into());
    payment.attempt.confirming = true;
    payment
}

fn declined() -> Finding {
    Finding::Failed(Failure::Declined("Your card was declined.".into()))
}

fn action() -> Finding {
    Finding::RequiresAction {
        client_secret: "pi_1_secret_2".into(),
    }
}

fn kind(event: Option<PaymentEvent>) -> Option<String> {
    event.map(|event| event.kind().to_owned())
}

#[test]
fn a_simple_payment() {
    let mut payment = payment();
    assert_eq!(payment.event(), None);
    let event = payment.take(1, Finding::Succeeded);
    assert_eq!(kind(event.clone()).as_deref(), Some("payment:created"));
    assert_eq!(event.unwrap().version(), 1);
    assert_eq!(payment.take(1, Finding::Succeeded), None);
    payment.settle(Settled::Complete);
    assert_eq!(payment.refund, None);
    assert_eq!(payment.may_be_tried(), Err(Refusal::Paid));
}

#[test]
fn another_card_after_a_decline() {
    let mut payment = payment();
    assert_eq!(payment.may_be_tried(), Err(Refusal::UnderWay));
    assert_eq!(
        kind(payment.take(1, declined())).as_deref(),
        Some("payment:failed")
    );
    payment
        .begin_again(&lease(2), card(), DateTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!((payment.attempt.number, payment.lease), (2, 2));
    assert!(!payment.attempt.confirming);
    // What is told of the first card, however late, is not about the second.
    assert_eq!(payment.take(1, declined()), None);
    assert_eq!(payment.take(1, Finding::Canceled), None);
    assert!(matches!(payment.state, State::Attempting { .. }));
    assert!(payment.take(2, Finding::Succeeded).is_some());
}

#[test]
fn another_card_while_the_first_waits_for_its_buyer() {
    let mut payment = payment();
    assert_eq!(
        kind(payment.take(1, action())).as_deref(),
        Some("payment:pending")
    );
    payment
        .begin_again(&lease(2), card(), DateTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(
        payment.take(1, Finding::Failed(Failure::NotAuthenticated)),
        None
    );
    // Whichever it was: there is one PaymentIntent, and it has succeeded.
    assert!(payment.take(1, Finding::Succeeded).is_some());
    assert_eq!(payment.take(2, Finding::Succeeded), None);
}

#[test]
fn an_unclear_attempt_is_told_once() {
    let mut payment = payment();
    assert_eq!(
        kind(payment.take(1, Finding::Unknown)).as_deref(),
        Some("payment:pending")
    );
    assert_eq!(payment.take(1, Finding::Unknown), None);
    assert_eq!(payment.may_be_tried(), Err(Refusal::UnderWay));
}

#[test]
fn nothing_is_told_of_what_stripe_has_nothing_of() {
    let mut payment = payment();
    payment.intent = None;
    assert_eq!(payment.take(1, Finding::Failed(Failure::Unavailable)), None);
    assert_eq!(payment.version, 0);
    assert!(matches!(payment.state, State::Failed(Failure::Unavailable)));
}

#[test]
fn a_payment_that_came_too_late_goes_back_once() {
    let mut payment = payment();
    payment.take(1, Finding::Succeeded).unwrap();
    payment.settle(Settled::RefundDue);
    assert_eq!(payment.refund, Some(Refund::Due));
    assert_eq!(payment.refunded(Refund::Pending("re_1".into())), None);
    let event = payment.refunded(Refund::Succeeded("re_1".into()));
    assert_eq!(kind(event).as_deref(), Some("payment:refunded"));
    assert_eq!(payment.refunded(Refund::Succeeded("re_1".into())), None);
    // Told again, orders says the same again.
    payment.settle(Settled::RefundDue);
    assert_eq!(payment.refund, Some(Refund::Succeeded("re_1".into())));
}

#[test]
fn the_last_of_several_leases_counts() {
    let mut payment = payment();
    payment.hold(3);
    payment.hold(2);
    assert_eq!(payment.lease, 3);
}

#[rstest]
#[case("tok_visa", Method::Token("tok_visa".into()))]
#[case("pm_card_visa", Method::PaymentMethod("pm_card_visa".into()))]
fn methods_are_kept_as_stripe_names_them(#[case] id: &str, #[case] method: Method) {
    assert_eq!(Method::from(id.to_owned()), method);
    assert_eq!(method.as_str(), id);
}

fn findings() -> impl Strategy<Value = Finding> {
    prop_oneof![
        Just(Finding::Succeeded),
        Just(action()),
        Just(declined()),
        Just(Finding::Failed(Failure::NotAuthenticated)),
        Just(Finding::Unknown),
        Just(Finding::Canceled),
    ]
}

proptest! {
    /// However what is found out comes in: each version is told once, in order; the buyer is told of one
    /// success at most; and after it nothing but a refund changes anything.
    #[test]
    fn whatever_comes(steps in prop::collection::vec((findings(), 1..4_i32, any::<bool>()), 0..20)) {
        let mut payment = payment();
        let mut version = 0;
        let mut created = 0;
        for (finding, number, again) in steps {
            let before = payment.clone();
            if again && payment.may_be_tried().is_ok() {
                let next = payment.lease + 1;
                payment.begin_again(&lease(next), card(), DateTime::UNIX_EPOCH).unwrap();
                prop_assert_eq!(payment.attempt.number, before.attempt.number + 1);
            }
            let before = payment.clone();
            if let Some(event) = payment.take(number, finding.clone()) {
                version += 1;
                prop_assert_eq!(event.version(), version);
                created += i32::from(event.kind() == "payment:created");
                prop_assert_eq!(payment.event(), Some(event));
            } else {
                prop_assert_eq!(&payment, &before);
            }
            if matches!(before.state, State::Succeeded { .. }) {
                prop_assert_eq!(&payment, &before);
            }
            if finding == Finding::Succeeded {
                prop_assert!(matches!(payment.state, State::Succeeded { .. }), "{:?}", payment.state);
            }
        }
        prop_assert!(created <= 1);
        prop_assert_eq!(payment.version, version);
    }
}
