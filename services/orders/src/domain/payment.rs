//! What became of an order's payment, in words for its buyer.
//!
//! The order itself decides: what it says of the money is settled. What payments tells by its events
//! comes later, and says why.

use ticketing_contracts::{
    api::orders::{OrderPayment, OrderPaymentStatus as Told},
    events::payments::PaymentReason as Reason,
    ids::{OrderId, PaymentId},
    order::CancelReason,
};

use super::order::{Order, State};

/// What was heard of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// What it is for.
    pub order_id: OrderId,
    /// Rises with everything that is told of the order's payment.
    pub version: i64,
    /// How far it is.
    pub status: PaymentStatus,
    /// Why.
    pub reason: Option<Reason>,
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// The buyer has to do something, or what became of it is not known yet.
    Pending,
    /// Nothing was charged.
    Failed,
    /// The buyer is charged.
    Succeeded,
    /// The buyer has the money back.
    Refunded,
}

impl Order {
    /// What its buyer is told of the payment, if there was an attempt; `heard` of it was this.
    #[must_use]
    pub fn payment(&self, heard: Option<&Payment>) -> Option<OrderPayment> {
        let (status, message) = match self.state {
            State::Complete if self.late => (Told::Succeeded, LATE),
            State::Complete => (Told::Succeeded, "Paid. The tickets are yours."),
            State::Cancelled(reason) if self.refund_due => self.given_back(reason, heard),
            State::Created => told(heard?, true),
            State::Cancelled(_) => told(heard?, false),
            State::AwaitingPayment => match heard {
                // What failed was another card: this one has its lease, and nothing is known of it yet.
                None
                | Some(Payment {
                    status: PaymentStatus::Failed,
                    ..
                }) => UNDER_WAY,
                Some(heard) => told(heard, true),
            },
        };
        Some(OrderPayment {
            status,
            message: message.to_owned(),
            version: heard.map_or(0, |heard| heard.version),
        })
    }

    fn given_back(&self, reason: CancelReason, heard: Option<&Payment>) -> (Told, &'static str) {
        let refunded = |heard: &&Payment| {
            heard.status == PaymentStatus::Refunded && self.payment_id == Some(heard.id)
        };
        match (heard.filter(refunded), reason) {
            (None, CancelReason::Expired) => (
                Told::Refunding,
                "Your payment came after the order had ended, and the tickets were gone. You get your \
                 money back.",
            ),
            (None, CancelReason::Buyer) => (
                Told::Refunding,
                "Your payment came after you had cancelled the order. You get your money back.",
            ),
            (Some(_), CancelReason::Expired) => (
                Told::Refunded,
                "Your payment came after the order had ended, and the tickets were gone. You have your \
                 money back.",
            ),
            (Some(_), CancelReason::Buyer) => (
                Told::Refunded,
                "Your payment came after you had cancelled the order. You have your money back.",
            ),
        }
    }
}

const LATE: &str = "Your payment came after the order had ended, and the tickets were still there: they \
                    are yours.";

const UNDER_WAY: (Told, &str) = (Told::Pending, "Your payment is being made.");

/// What was heard, for an order that says nothing of its own; `open`: it can be paid still.
fn told(heard: &Payment, open: bool) -> (Told, &'static str) {
    use PaymentStatus::{Failed, Pending, Refunded, Succeeded};
    match (heard.status, heard.reason, open) {
        (Pending, Some(Reason::RequiresAction), true) => {
            (Told::Pending, "Your bank wants you to confirm the payment.")
        }
        (Pending, Some(Reason::Unconfirmed), true) => (
            Told::Pending,
            "We don't know yet whether your card was charged. Don't pay again: this page will show the \
             outcome.",
        ),
        (Pending, _, true) => UNDER_WAY,
        (Pending, Some(Reason::RequiresAction), false) => (
            Told::Pending,
            "The order ended before you had confirmed the payment with your bank. If you are charged \
             nevertheless, you get the tickets or your money back.",
        ),
        (Pending, _, false) => (
            Told::Pending,
            "The order has ended, and we don't know yet whether your card was charged. If it was, you \
             get the tickets or your money back: this page will show which.",
        ),
        (Failed, reason, true) => (Told::Failed, failed(reason)),
        (Failed, reason, false) => (Told::Failed, failed_for_good(reason)),
        // It is about to be settled.
        (Succeeded, _, _) => (
            Told::Succeeded,
            "Your payment has arrived. Your order is being completed.",
        ),
        (Refunded, _, _) => (Told::Refunded, "You have your money back."),
    }
}

fn failed(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::Declined) => {
            "Your card was declined. Nothing was charged; you can try another card until the order \
             expires."
        }
        Some(Reason::NotAuthenticated) => {
            "You did not confirm the payment with your bank. Nothing was charged; you can try again, or \
             another card, until the order expires."
        }
        Some(Reason::Unavailable) => {
            "The payment could not be made at that moment. Nothing was charged; you can try again until \
             the order expires."
        }
        Some(Reason::OrderEnded) => ENDED,
        _ => {
            "The payment failed. Nothing was charged; you can try again, or another card, until the \
             order expires."
        }
    }
}

fn failed_for_good(reason: Option<Reason>) -> &'static str {
    match reason {
        Some(Reason::Declined) => "Your card was declined. Nothing was charged.",
        Some(Reason::NotAuthenticated) => {
            "You did not confirm the payment with your bank. Nothing was charged."
        }
        Some(Reason::OrderEnded) => ENDED,
        _ => "The payment failed. Nothing was charged.",
    }
}

const ENDED: &str = "The order ended before it was paid. Nothing was charged.";

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rstest::rstest;
    use ticketing_contracts::{ids::UserId, money::Currency};
    use uuid::Uuid;

    use super::*;

    const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(3));
    const EXPIRED: State = State::Cancelled(CancelReason::Expired);
    const CANCELLED: State = State::Cancelled(CancelReason::Buyer);

    fn order(state: State) -> Order {
        Order {
            id: OrderId(Uuid::from_u128(2)),
            version: 3,
            user_id: UserId(Uuid::from_u128(8)),
            state,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            release_at: DateTime::UNIX_EPOCH,
            total: 21_00,
            currency: Currency::USD,
            lease: 1,
            payment_id: None,
            refund_due: false,
            late: false,
            items: Vec::new(),
        }
    }

    fn heard(status: PaymentStatus, reason: Option<Reason>) -> Payment {
        Payment {
            id: PAYMENT,
            order_id: OrderId(Uuid::from_u128(2)),
            version: 1,
            status,
            reason,
        }
    }

    use PaymentStatus::{Failed, Pending, Refunded, Succeeded};

    /// While the order says nothing of the money itself.
    #[rstest]
    #[case::confirm(
        State::AwaitingPayment,
        Pending,
        Some(Reason::RequiresAction),
        Told::Pending,
        "Your bank wants you"
    )]
    #[case::unclear(
        State::AwaitingPayment,
        Pending,
        Some(Reason::Unconfirmed),
        Told::Pending,
        "Don't pay again"
    )]
    #[case::unclear_for_a_new_reason(
        State::AwaitingPayment,
        Pending,
        Some(Reason::Other),
        Told::Pending,
        "being made"
    )]
    #[case::confirm_too_late(
        EXPIRED,
        Pending,
        Some(Reason::RequiresAction),
        Told::Pending,
        "ended before you had confirmed"
    )]
    #[case::unclear_and_over(
        EXPIRED,
        Pending,
        Some(Reason::Unconfirmed),
        Told::Pending,
        "the tickets or your money back"
    )]
    #[case::declined(
        State::Created,
        Failed,
        Some(Reason::Declined),
        Told::Failed,
        "you can try another card until the order expires"
    )]
    #[case::declined_and_over(
        EXPIRED,
        Failed,
        Some(Reason::Declined),
        Told::Failed,
        "Your card was declined. Nothing was charged."
    )]
    #[case::declined_and_cancelled(
        CANCELLED,
        Failed,
        Some(Reason::Declined),
        Told::Failed,
        "Nothing was charged."
    )]
    #[case::not_confirmed(
        State::Created,
        Failed,
        Some(Reason::NotAuthenticated),
        Told::Failed,
        "did not confirm"
    )]
    #[case::not_confirmed_and_over(
        EXPIRED,
        Failed,
        Some(Reason::NotAuthenticated),
        Told::Failed,
        "with your bank. Nothing was charged."
    )]
    #[case::stripe_away(
        State::Created,
        Failed,
        Some(Reason::Unavailable),
        Told::Failed,
        "could not be made at that moment"
    )]
    #[case::ended(
        EXPIRED,
        Failed,
        Some(Reason::OrderEnded),
        Told::Failed,
        "ended before it was paid"
    )]
    #[case::ended_by_its_buyer(
        CANCELLED,
        Failed,
        Some(Reason::OrderEnded),
        Told::Failed,
        "ended before it was paid"
    )]
    #[case::failed_for_a_new_reason(
        State::Created,
        Failed,
        Some(Reason::Other),
        Told::Failed,
        "Nothing was charged"
    )]
    #[case::failed_for_a_new_reason_and_over(
        EXPIRED,
        Failed,
        None,
        Told::Failed,
        "Nothing was charged"
    )]
    #[case::another_card(
        State::AwaitingPayment,
        Failed,
        Some(Reason::Declined),
        Told::Pending,
        "being made"
    )]
    #[case::to_be_settled(
        State::AwaitingPayment,
        Succeeded,
        None,
        Told::Succeeded,
        "being completed"
    )]
    #[case::to_be_settled_late(EXPIRED, Succeeded, None, Told::Succeeded, "being completed")]
    #[case::given_back(
        EXPIRED,
        Refunded,
        Some(Reason::OrderEnded),
        Told::Refunded,
        "You have your money back."
    )]
    fn what_was_heard(
        #[case] state: State,
        #[case] status: PaymentStatus,
        #[case] reason: Option<Reason>,
        #[case] expected: Told,
        #[case] words: &str,
    ) {
        let told = order(state).payment(Some(&heard(status, reason))).unwrap();
        assert_eq!(told.status, expected);
        assert!(told.message.contains(words), "{}", told.message);
        // Nobody is sent away to pay for what is over, and nobody is told twice that nothing was charged.
        let open = state.is_open();
        assert!(open || !told.message.contains("try"), "{}", told.message);
        assert!(told.message.matches("Nothing").count() <= 1);
    }

    /// Whatever was heard.
    #[rstest]
    #[case::nothing(None)]
    #[case::declined(Some((Failed, Some(Reason::Declined))))]
    #[case::unclear(Some((Pending, Some(Reason::Unconfirmed))))]
    #[case::made(Some((Succeeded, None)))]
    fn what_the_order_says_itself(#[case] known: Option<(PaymentStatus, Option<Reason>)>) {
        let known = known.map(|(status, reason)| heard(status, reason));
        let told = |order: Order| order.payment(known.as_ref()).unwrap();
        let paid = Some(PAYMENT);
        let complete = Order {
            payment_id: paid,
            ..order(State::Complete)
        };
        let late = Order {
            late: true,
            ..complete.clone()
        };
        for (order, words) in [(complete, "Paid."), (late, "they are yours")] {
            let told = told(order);
            assert_eq!(told.status, Told::Succeeded);
            assert!(told.message.contains(words), "{}", told.message);
        }
        for (state, words) in [
            (EXPIRED, "the tickets were gone"),
            (CANCELLED, "you had cancelled"),
        ] {
            let told = told(Order {
                payment_id: paid,
                refund_due: true,
                ..order(state)
            });
            assert_eq!(told.status, Told::Refunding);
            assert!(told.message.contains(words), "{}", told.message);
            assert!(told.message.ends_with("You get your money back."));
        }
    }

    #[rstest]
    #[case(EXPIRED, "the tickets were gone")]
    #[case(CANCELLED, "you had cancelled")]
    fn the_money_is_back(#[case] state: State, #[case] words: &str) {
        let mut order = Order {
            payment_id: Some(PAYMENT),
            refund_due: true,
            ..order(state)
        };
        let refunded = heard(Refunded, Some(Reason::OrderEnded));
        let told = order.payment(Some(&refunded)).unwrap();
        assert_eq!(told.status, Told::Refunded);
        assert!(told.message.contains(words), "{}", told.message);
        assert!(told.message.ends_with("You have your money back."));
        // Another payment's money.
        order.payment_id = Some(PaymentId(Uuid::from_u128(4)));
        assert_eq!(
            order.payment(Some(&refunded)).unwrap().status,
            Told::Refunding
        );
    }

    #[test]
    fn nothing_is_told_before_there_is_an_attempt() {
        for state in [State::Created, EXPIRED, CANCELLED] {
            assert_eq!(order(state).payment(None), None);
        }
        let under_way = order(State::AwaitingPayment).payment(None).unwrap();
        assert_eq!(under_way.status, Told::Pending);
    }
}
