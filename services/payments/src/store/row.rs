//! A payment's row and its refund's, read by position.

use chrono::{DateTime, Utc};
use diesel::{
    deserialize::{Queryable, Result},
    pg::Pg,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    internal::Settled,
};
use uuid::Uuid;

use crate::domain::{Attempt, Failure, Payment, Refund, State};

/// `SELECT` of [`Columns`], and of `more`, from `payment p` with its refund.
macro_rules! select_payments {
    ($rest:literal) => {
        select_payments!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT p.id, p.order_id, p.user_id, p.amount, p.currency, p.version, p.intent, p.lease, \
                    p.leased, p.created_at, p.status, p.reason, p.message, p.client_secret, \
                    p.settled, p.attempt, p.method, p.confirming, p.attempted_at, r.status, \
                    r.stripe_id",
            $more,
            " FROM payment p LEFT JOIN refund r ON r.payment_id = p.id ",
            $rest
        )
    };
}
pub(super) use select_payments;

/// What it is, how far it is, and the last attempt with the refund.
pub(super) type Columns = (Paid, Standing, Tried);

type Paid = (
    SqlUuid,
    SqlUuid,
    SqlUuid,
    BigInt,
    Text,
    BigInt,
    Nullable<Text>,
    BigInt,
    Bool,
    Timestamptz,
);

type Standing = (
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
);

type Tried = (
    Integer,
    Text,
    Bool,
    Timestamptz,
    Nullable<Text>,
    Nullable<Text>,
);

type PaidRow = (
    Uuid,
    Uuid,
    Uuid,
    i64,
    String,
    i64,
    Option<String>,
    i64,
    bool,
    DateTime<Utc>,
);

type StandingRow = (
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

type TriedRow = (
    i32,
    String,
    bool,
    DateTime<Utc>,
    Option<String>,
    Option<String>,
);

impl Queryable<Columns, Pg> for Payment {
    type Row = (PaidRow, StandingRow, TriedRow);

    fn build((paid, standing, tried): Self::Row) -> Result<Self> {
        let (id, order, user, amount, currency, version, intent, lease, leased, created_at) = paid;
        let (number, method, confirming, begun_at, refund, stripe_id) = tried;
        let state = state(standing).ok_or_else(|| format!("the state of payment {id}"))?;
        let refund = refund
            .map(|status| self::refund(&status, stripe_id).ok_or(format!("the refund of {id}")))
            .transpose()?;
        Ok(Self {
            id: PaymentId(id),
            order_id: OrderId(order),
            user_id: UserId(user),
            amount,
            currency: currency.parse()?,
            version,
            state,
            intent,
            attempt: Attempt {
                number,
                method: method.into(),
                confirming,
                begun_at,
            },
            lease,
            leased,
            refund,
            created_at,
        })
    }
}

fn state((status, reason, message, secret, settled): StandingRow) -> Option<State> {
    let settled = match settled.as_deref() {
        None => None,
        Some("complete") => Some(Settled::Complete),
        Some("refund-due") => Some(Settled::RefundDue),
        Some(_) => return None,
    };
    Some(match (status.as_str(), reason.as_deref()) {
        ("attempting", reason) => State::Attempting {
            told: reason == Some("unconfirmed"),
        },
        ("requires-action", _) => State::RequiresAction {
            client_secret: secret?,
        },
        ("failed", Some("declined")) => State::Failed(Failure::Declined(message?)),
        ("failed", Some("not-authenticated")) => State::Failed(Failure::NotAuthenticated),
        ("failed", Some("unavailable")) => State::Failed(Failure::Unavailable),
        ("succeeded", _) => State::Succeeded { settled },
        ("canceled", _) => State::Canceled,
        _ => return None,
    })
}

fn refund(status: &str, stripe_id: Option<String>) -> Option<Refund> {
    Some(match status {
        "due" => Refund::Due,
        "pending" => Refund::Pending(stripe_id?),
        "succeeded" => Refund::Succeeded(stripe_id?),
        _ => return None,
    })
}

/// `status`, `reason`, `message`, `client_secret` and `settled` of a state.
pub(super) type StateColumns<'a> = (
    &'static str,
    Option<&'static str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'static str>,
);

/// The columns that a state is written to.
pub(super) fn columns(state: &State) -> StateColumns<'_> {
    match state {
        State::Attempting { told } => (
            "attempting",
            told.then_some("unconfirmed"),
            None,
            None,
            None,
        ),
        State::RequiresAction { client_secret } => {
            ("requires-action", None, None, Some(client_secret), None)
        }
        State::Failed(failure) => {
            let (reason, message) = match failure {
                Failure::Declined(message) => ("declined", Some(message.as_str())),
                Failure::NotAuthenticated => ("not-authenticated", None),
                Failure::Unavailable => ("unavailable", None),
            };
            ("failed", Some(reason), message, None, None)
        }
        State::Succeeded { settled } => {
            let settled = settled.map(|settled| match settled {
                Settled::Complete => "complete",
                Settled::RefundDue => "refund-due",
            });
            ("succeeded", None, None, None, settled)
        }
        State::Canceled => ("canceled", None, None, None, None),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(State::Attempting { told: false })]
    #[case(State::Attempting { told: true })]
    #[case(State::RequiresAction { client_secret: "pi_1_secret_2".into() })]
    #[case(State::Failed(Failure::Declined("Your card was declined.".into())))]
    #[case(State::Failed(Failure::NotAuthenticated))]
    #[case(State::Failed(Failure::Unavailable))]
    #[case(State::Succeeded { settled: None })]
    #[case(State::Succeeded { settled: Some(Settled::Complete) })]
    #[case(State::Succeeded { settled: Some(Settled::RefundDue) })]
    #[case(State::Canceled)]
    fn what_is_written_is_read(#[case] written: State) {
        let (status, reason, message, secret, settled) = columns(&written);
        let read = state((
            status.to_owned(),
            reason.map(Into::into),
            message.map(Into::into),
            secret.map(Into::into),
            settled.map(Into::into),
        ));
        assert_eq!(read, Some(written));
    }

    #[rstest]
    #[case("paid", None)]
    #[case("failed", None)]
    #[case("requires-action", None)]
    fn what_nobody_wrote_is_refused(#[case] status: &str, #[case] reason: Option<String>) {
        assert_eq!(state((status.to_owned(), reason, None, None, None)), None);
    }
}
