//! Parameters of a query, each named when it can't be used.

use std::str::FromStr;

use chrono::{DateTime, SubsecRound, Utc};
use ticketing_contracts::{api::problem::ErrorItem, order::OrderStatus};
use ticketing_http::Problem;

/// The parameter's value, if it is there; else 400 with `expected`.
pub(super) fn parsed<T: FromStr>(
    name: &str,
    value: Option<&str>,
    expected: &str,
) -> Result<Option<T>, Problem> {
    let parse = |text: &str| text.parse().map_err(|_| wrong(name, expected));
    value.map(parse).transpose()
}

/// A time of RFC 3339, cut to milliseconds.
pub(super) fn time(name: &str, value: Option<&str>) -> Result<Option<DateTime<Utc>>, Problem> {
    let parse = |text: &str| {
        let expected = "Must be a time such as 2026-11-21T15:33:41Z";
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong(name, expected))?;
        Ok(time.to_utc().trunc_subsecs(3))
    };
    value.map(parse).transpose()
}

/// One of the states of an order.
pub(super) fn status(value: Option<&str>) -> Result<Option<OrderStatus>, Problem> {
    let parse = |text: &str| {
        serde_json::from_value(text.into()).map_err(|_| {
            let expected = "Must be created, awaiting:payment, complete or cancelled";
            wrong("status", expected)
        })
    };
    value.map(parse).transpose()
}

pub(super) fn wrong(name: &str, message: &str) -> Problem {
    Problem::invalid(vec![ErrorItem {
        message: message.to_owned(),
        field: Some(name.to_owned()),
    }])
}
