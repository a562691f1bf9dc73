//! `GET /api/orders`

use std::fmt::Write;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};
use serde::Deserialize;
use ticketing_contracts::{
    api::{orders::Order, problem::ProblemBody},
    ids::OrderId,
    order::OrderStatus,
};
use ticketing_http::{Problem, Session};
use utoipa::IntoParams;

use super::{form, query};
use crate::orders::Orders;

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 100;

/// Which of one's orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Those in this state.
    #[param(value_type = Option<OrderStatus>)]
    status: Option<String>,
    /// At most so many; 50 if nothing is said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// From the `Link` header of the page before.
    cursor: Option<String>,
}

/// Lists one's own orders, newest first.
///
/// # Errors
/// 400 for a query that can't be understood.
#[utoipa::path(
    get,
    path = "/api/orders",
    params(Asked),
    responses(
        (
            status = 200,
            description = "A page of orders",
            body = [Order],
            headers(("Link" = String, description = "The next page, as rel=\"next\"; not on the last"))
        ),
        (status = 400, description = "Invalid", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    orders: Data<Orders>,
    session: Session,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let status = query::status(asked.status.as_deref())?;
    let limit = limit(asked.limit.as_deref())?;
    let cursor = asked.cursor.as_deref();
    let before: Option<OrderId> = query::parsed("cursor", cursor, "Not one that was given")?;
    // One more than is shown tells whether there is a next page.
    let mut page = orders
        .of_buyer(session.sub, status, before, limit + 1)
        .await?;
    let more = page.len() > usize::from(limit);
    page.truncate(limit.into());

    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(last) = page.last().filter(|_| more).map(|(last, _)| last) {
        let link = next(limit, last.id, asked.status.as_deref());
        response.insert_header((header::LINK, link));
    }
    let form = |(order, payment): &(_, Option<_>)| form::of(order, payment.as_ref());
    let forms: Result<Vec<_>, _> = page.iter().map(form).collect();
    Ok(response.json(forms?))
}

fn limit(value: Option<&str>) -> Result<u16, Problem> {
    let expected = "Must be between 1 and 100";
    match query::parsed("limit", value, expected)? {
        Some(limit) if !(1..=MAX_LIMIT).contains(&limit) => Err(query::wrong("limit", expected)),
        limit => Ok(limit.unwrap_or(DEFAULT_LIMIT)),
    }
}

/// RFC 8288. The status has been understood, so that it needs no escaping.
fn next(limit: u16, last: OrderId, status: Option<&str>) -> String {
    let mut link = format!("</api/orders?limit={limit}&cursor={last}");
    if let Some(status) = status {
        _ = write!(link, "&status={status}");
    }
    link + ">; rel=\"next\""
}
