//! The id in a path.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use ticketing_contracts::ids::PaymentId;
use ticketing_http::Problem;

/// Which payment; extracting it answers 404 when it is no id: there is no such payment then.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub(super) PaymentId);

impl FromRequest for Id {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|id| id.parse().ok()).map(Self);
        ready(id.ok_or_else(Problem::not_found))
    }
}
