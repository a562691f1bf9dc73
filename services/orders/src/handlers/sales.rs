//! `GET /api/orders/sales`

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};
use serde::Deserialize;
use ticketing_contracts::{
    api::{orders::Sales, problem::ProblemBody},
    ids::TicketId,
};
use ticketing_http::{Problem, Session};
use utoipa::IntoParams;

use super::query;
use crate::{error::Error, orders::Orders, sales};

/// Of which ticket, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The ticket.
    #[param(value_type = TicketId, required = true)]
    ticket_id: Option<String>,
    /// From when on; by default since it was first ordered.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<String>,
    /// Until when; by default now.
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    to: Option<String>,
    /// How far the points are apart: 1m, 5m, 15m, 1h or 1d; by default so far that there are at most 300.
    step: Option<String>,
}

/// Shows a seller what became of a ticket: how many are held and sold, and how that came to be. Each
/// point tells how things stood at its moment, to the minute.
///
/// # Errors
/// 403 to others.
#[utoipa::path(
    get,
    path = "/api/orders/sales",
    params(Asked),
    responses(
        (status = 200, description = "The figures", body = Sales),
        (status = 400, description = "Invalid, or more than 1,000 points", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 403, description = "Another's ticket", body = ProblemBody),
        (status = 404, description = "No such ticket", body = ProblemBody),
        (status = 503, description = "The database is away; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    orders: Data<Orders>,
    session: Session,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let ticket = query::parsed(
        "ticketId",
        asked.ticket_id.as_deref(),
        "Must be a ticket's id",
    )?;
    let ticket = ticket.ok_or_else(|| query::wrong("ticketId", "TicketId must be provided"))?;
    let step = asked.step.as_deref().map(str::parse).transpose();
    let series = sales::Asked {
        from: query::time("from", asked.from.as_deref())?,
        to: query::time("to", asked.to.as_deref())?,
        step: step.map_err(Error::Sales)?,
    };
    let figures = orders.sales(session.sub, ticket, &series).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(figures))
}
