//! `GET /api/tickets`

use actix_web::{FromRequest, HttpRequest, HttpResponse, http::header, web::Data};
use ticketing_contracts::api::{problem::ProblemBody, tickets::Ticket};
use ticketing_http::{Problem, Session};

use crate::{
    browsing::{Browsing, Page},
    domain::page::ListQuery,
};

/// Lists tickets that have something left, or all of one's own, newest first.
///
/// # Errors
/// 400, 401 for `owner=me` without a session, 503.
#[utoipa::path(
    get,
    path = "/api/tickets",
    params(ListQuery),
    responses(
        (status = 200, description = "A page; the next one is in the Link header, if there is one",
         body = [Ticket], headers(("Link" = String, description = "RFC 8288, rel=\"next\""))),
        (status = 400, description = "A limit, cursor or owner that can't be", body = ProblemBody),
        (status = 401, description = "`owner=me` without a session", body = ProblemBody),
        (status = 503, description = "Busy; see Retry-After", body = ProblemBody),
    )
)]
pub async fn handle(
    browsing: Data<Browsing>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wrong = |error| Problem::invalid(vec![error]);
    let query = ListQuery::parse(request.query_string()).map_err(wrong)?;
    let own = query.is_own().map_err(wrong)?;
    let owner = if own {
        Some(Session::extract(&request).await?.sub)
    } else {
        None
    };
    let page = query.page(owner).map_err(Problem::invalid)?;
    let Page { body, link } = browsing.page(page).await?;
    let mut response = HttpResponse::Ok();
    let caching = if own { "no-store" } else { "no-cache" };
    response.insert_header((header::CACHE_CONTROL, caching));
    if let Some(link) = link {
        response.insert_header((header::LINK, link));
    }
    Ok(response.content_type("application/json").body(body))
}
