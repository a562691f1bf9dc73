//! A payment as its buyer sees it.

use ticketing_contracts::{
    api::payments::{Payment as Form, PaymentStatus},
    internal::Settled,
    money::MajorUnits,
};

use super::{Failure, Payment, Refund, State};

impl Payment {
    /// The form for its buyer.
    #[must_use]
    pub fn form(&self) -> Form {
        let client_secret = match &self.state {
            State::RequiresAction { client_secret } => Some(client_secret.clone()),
            _ => None,
        };
        Form {
            id: self.id,
            order_id: self.order_id,
            user_id: self.user_id,
            status: self.status(),
            message: self.words().to_owned(),
            amount: MajorUnits::from_minor(self.amount, self.currency),
            currency: self.currency,
            stripe_id: self.intent.clone(),
            client_secret,
            version: self.version,
            created_at: self.created_at,
        }
    }

    fn status(&self) -> PaymentStatus {
        match (&self.state, &self.refund) {
            (State::Succeeded { .. }, Some(Refund::Succeeded(_))) => PaymentStatus::Refunded,
            (State::Succeeded { .. }, Some(_))
            | (
                State::Succeeded {
                    settled: Some(Settled::RefundDue),
                },
                None,
            ) => PaymentStatus::Refunding,
            (State::Succeeded { .. }, None) => PaymentStatus::Succeeded,
            (State::Attempting { .. }, _) => PaymentStatus::Pending,
            (State::RequiresAction { .. }, _) => PaymentStatus::RequiresAction,
            (State::Failed(_), _) => PaymentStatus::Failed,
            (State::Canceled, _) => PaymentStatus::Canceled,
        }
    }

    /// What a buyer is told.
    fn words(&self) -> &str {
        match (self.status(), &self.state) {
            (PaymentStatus::Refunded, _) => {
                "Your payment came after the order had ended, and you have your money back."
            }
            (PaymentStatus::Refunding, _) => {
                "Your payment came after the order had ended. Your money is on its way back."
            }
            (PaymentStatus::Succeeded, State::Succeeded { settled: None }) => {
                "Your payment has arrived. Your order is being completed."
            }
            (PaymentStatus::Succeeded, _) => "Paid. The tickets are yours.",
            (PaymentStatus::Pending, State::Attempting { told: true }) => UNCLEAR,
            (PaymentStatus::Pending, _) => "Your payment is being made.",
            (PaymentStatus::RequiresAction, _) => "Your bank wants you to confirm the payment.",
            (_, State::Failed(failure)) => failure.words(),
            _ => "The order ended before it was paid. Nothing was charged.",
        }
    }
}

/// What a buyer is told while nobody knows.
const UNCLEAR: &str = "We don't know yet whether you were charged. Don't pay again: as soon as \
                       Stripe tells, the order shows it, and you get the tickets or your money.";

impl Failure {
    /// What the buyer is told.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Declined(message) => message,
            Self::NotAuthenticated => {
                "The payment was not confirmed with your bank. Nothing was charged: try again, or \
                 another card."
            }
            Self::Unavailable => {
                "The payment could not be made at the moment. Nothing was charged: try again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::tests::payment;

    #[rstest]
    #[case(State::Attempting { told: false }, None, PaymentStatus::Pending, "being made")]
    #[case(State::Attempting { told: true }, None, PaymentStatus::Pending, "Don't pay again")]
    #[case(State::RequiresAction { client_secret: "s".into() }, None, PaymentStatus::RequiresAction, "your bank")]
    #[case(State::Failed(Failure::Declined("Your card was declined.".into())), None, PaymentStatus::Failed, "Your card was declined.")]
    #[case(
        State::Failed(Failure::NotAuthenticated),
        None,
        PaymentStatus::Failed,
        "not confirmed"
    )]
    #[case(
        State::Failed(Failure::Unavailable),
        None,
        PaymentStatus::Failed,
        "Nothing was charged"
    )]
    #[case(State::Succeeded { settled: None }, None, PaymentStatus::Succeeded, "being completed")]
    #[case(State::Succeeded { settled: Some(Settled::Complete) }, None, PaymentStatus::Succeeded, "The tickets are yours")]
    #[case(State::Succeeded { settled: Some(Settled::RefundDue) }, Some(Refund::Due), PaymentStatus::Refunding, "on its way back")]
    #[case(State::Succeeded { settled: Some(Settled::RefundDue) }, Some(Refund::Succeeded("re_1".into())), PaymentStatus::Refunded, "money back")]
    #[case(State::Canceled, None, PaymentStatus::Canceled, "Nothing was charged")]
    fn told(
        #[case] state: State,
        #[case] refund: Option<Refund>,
        #[case] status: PaymentStatus,
        #[case] words: &str,
    ) {
        let form = Payment {
            state,
            refund,
            ..payment()
        }
        .form();
        assert_eq!(form.status, status);
        assert!(
            form.message.to_lowercase().contains(&words.to_lowercase()),
            "{}",
            form.message
        );
        // The secret leaves only for the one step that needs it.
        assert_eq!(
            form.client_secret.is_some(),
            status == PaymentStatus::RequiresAction
        );
    }
}
