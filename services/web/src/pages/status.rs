//! Where an order stands, for its buyer: its own state and that of its payment, in one.

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    api::orders::{Order, OrderPaymentStatus},
    order::{CancelReason, OrderStatus},
};

/// What the buyer can do, or has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It holds its tickets and can be paid.
    Payable,
    /// A payment is under way.
    Paying,
    /// Paid: the tickets are the buyer's.
    Complete,
    /// The buyer did not want it.
    Cancelled,
    /// It was not paid in time.
    Expired,
    /// It was paid when it had ended, and the money is on its way back.
    Refunding,
    /// It was paid when it had ended, and the money is back.
    Refunded,
}

impl Status {
    /// That of an order now. One whose time is up holds nothing any more, whatever it says.
    #[must_use]
    pub fn of(order: &Order, now: DateTime<Utc>) -> Self {
        let payment = order.payment.as_ref().map(|payment| payment.status);
        match (order.status, payment) {
            (_, Some(OrderPaymentStatus::Refunding)) => Self::Refunding,
            (_, Some(OrderPaymentStatus::Refunded)) => Self::Refunded,
            (OrderStatus::Complete, _) => Self::Complete,
            (OrderStatus::AwaitingPayment, _) => Self::Paying,
            (OrderStatus::Created, _) if order.expires_at <= now => Self::Expired,
            (OrderStatus::Created, _) => Self::Payable,
            (OrderStatus::Cancelled, _) if order.reason == Some(CancelReason::Buyer) => {
                Self::Cancelled
            }
            (OrderStatus::Cancelled, _) => Self::Expired,
        }
    }

    /// For style sheets and scripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Payable => "created",
            Self::Paying => "paying",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    /// The text that says it in a word or two.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Payable => "status-created",
            Self::Paying => "status-paying",
            Self::Complete => "status-complete",
            Self::Cancelled => "status-cancelled",
            Self::Expired => "status-expired",
            Self::Refunding => "status-refunding",
            Self::Refunded => "status-refunded",
        }
    }

    /// The colour that goes with it.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Complete | Self::Refunded => "good",
            Self::Payable | Self::Paying | Self::Refunding => "warn",
            Self::Cancelled | Self::Expired => "",
        }
    }

    /// Whether it can be paid.
    #[must_use]
    pub fn is_payable(self) -> bool {
        self == Self::Payable
    }

    /// Whether a payment is under way.
    #[must_use]
    pub fn is_paying(self) -> bool {
        self == Self::Paying
    }

    /// Whether the tickets are the buyer's.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self == Self::Complete
    }

    /// Whether the money goes back.
    #[must_use]
    pub fn is_refund(self) -> bool {
        matches!(self, Self::Refunding | Self::Refunded)
    }

    /// Whether it has ended without tickets.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Payable | Self::Paying | Self::Complete)
    }
}

/// The version of the payment that the order takes in; 0: of none.
pub fn payment_version(order: &Order) -> i64 {
    order.payment.as_ref().map_or(0, |payment| payment.version)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;
    use ticketing_contracts::api::orders::OrderPayment;

    use super::*;
    use crate::pages::samples;

    #[rstest]
    #[case(OrderStatus::Created, None, None, Status::Payable)]
    #[case(
        OrderStatus::Created,
        None,
        Some(OrderPaymentStatus::Failed),
        Status::Payable
    )]
    #[case(
        OrderStatus::AwaitingPayment,
        None,
        Some(OrderPaymentStatus::Pending),
        Status::Paying
    )]
    #[case(
        OrderStatus::Complete,
        None,
        Some(OrderPaymentStatus::Succeeded),
        Status::Complete
    )]
    #[case(OrderStatus::Complete, None, None, Status::Complete)]
    #[case(
        OrderStatus::Cancelled,
        Some(CancelReason::Buyer),
        None,
        Status::Cancelled
    )]
    #[case(
        OrderStatus::Cancelled,
        Some(CancelReason::Expired),
        None,
        Status::Expired
    )]
    #[case(
        OrderStatus::Cancelled,
        Some(CancelReason::Expired),
        Some(OrderPaymentStatus::Failed),
        Status::Expired
    )]
    #[case(
        OrderStatus::Cancelled,
        Some(CancelReason::Expired),
        Some(OrderPaymentStatus::Refunding),
        Status::Refunding
    )]
    #[case(
        OrderStatus::Cancelled,
        Some(CancelReason::Expired),
        Some(OrderPaymentStatus::Refunded),
        Status::Refunded
    )]
    fn as_its_buyer_sees_it(
        #[case] status: OrderStatus,
        #[case] reason: Option<CancelReason>,
        #[case] payment: Option<OrderPaymentStatus>,
        #[case] expected: Status,
    ) {
        let order = Order {
            status,
            reason,
            payment: payment.map(|status| OrderPayment {
                status,
                message: String::new(),
                version: 1,
            }),
            ..samples::order()
        };
        assert_eq!(Status::of(&order, samples::now()), expected);
    }

    #[test]
    fn when_the_time_is_up_it_can_not_be_paid() {
        let order = samples::order();
        let last = order.expires_at - TimeDelta::milliseconds(1);
        assert_eq!(Status::of(&order, last), Status::Payable);
        assert_eq!(Status::of(&order, order.expires_at), Status::Expired);
        // A payment that began in time goes on.
        let paying = Order {
            status: OrderStatus::AwaitingPayment,
            ..order
        };
        assert_eq!(Status::of(&paying, paying.expires_at), Status::Paying);
    }
}
