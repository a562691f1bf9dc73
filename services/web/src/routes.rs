//! Every URL of web. What no API route takes comes here.

use actix_web::{
    Route, guard,
    middleware::from_fn,
    web::{self, PathConfig, QueryConfig, ServiceConfig, post, scope},
};
use ticketing_http::{Problem, cross_site::Refusal};

use crate::{
    assets, csp_report,
    failure::{self, Failure},
    found,
    surround,
    visit::language,
};

/// Through Traefik.
pub fn public(app: &mut ServiceConfig) {
    // What can't be an id names nothing; a query that can't be read is no link of ours.
    app.app_data(PathConfig::default().error_handler(|_, _| Failure::NotFound.into()))
        .app_data(QueryConfig::default().error_handler(|_, _| Failure::BadRequest.into()))
        .app_data(Refusal(failure::refuse));
    // Programs are told of unknown routes as every service tells it.
    app.service(scope("/api").default_service(web::to(no_api)));
    app.service(
        scope("")
            .wrap(from_fn(surround::answers))
            .route("/assets/{file:.*}", get().to(assets::handle))
            .route("/csp-report", post().to(csp_report::handle))
            .route("/robots.txt", get().to(found::robots))
            .route("/sitemap.xml", get().to(found::sitemap))
            .route("/language", post().to(language::choose))
            // The pages.
            // Live.
            .default_service(web::to(nothing)),
    );
}

/// GET, and HEAD: the same, of which the server leaves the body out.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn no_api() -> Result<&'static str, Problem> {
    Err(Problem::not_found())
}

async fn nothing() -> Result<&'static str, Failure> {
    Err(Failure::NotFound)
}
