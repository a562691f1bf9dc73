//! Every URL of web. What no API route takes comes here.

use actix_web::{
    Route, guard,
    middleware::from_fn,
    web::{self, PathConfig, QueryConfig, ServiceConfig, post, scope},
};
use ticketing_http::{Problem, cross_site::Refusal};

use crate::{
    assets, csp_report, docs,
    failure::{self, Failure},
    found, live, pages, surround,
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
    // Not a page, and it may last for hours.
    app.route("/live", web::get().to(live::listen::handle));
    app.service(
        scope("")
            .wrap(from_fn(surround::answers))
            .route("/assets/{file:.*}", get().to(assets::handle))
            .route("/csp-report", post().to(csp_report::handle))
            .route("/robots.txt", get().to(found::robots))
            .route("/sitemap.xml", get().to(found::sitemap))
            .route("/language", post().to(language::choose))
            // The pages.
            .route("/", get().to(pages::home::show))
            .route("/tickets/new", get().to(pages::sell::form))
            .route("/tickets/new", post().to(pages::sell::put_up))
            .route("/tickets/{id}", get().to(pages::ticket::show))
            .route("/tickets/{id}/offer", get().to(pages::ticket::offer))
            .route("/tickets/{id}/orders", post().to(pages::buy::place))
            .route("/orders", get().to(pages::orders::show))
            .route("/orders/list", get().to(pages::orders::list))
            .route("/orders/{id}", get().to(pages::order::show))
            .route("/orders/{id}/state", get().to(pages::order::state))
            .route("/orders/{id}/cancel", post().to(pages::order::cancel))
            .route("/selling", get().to(pages::selling::show))
            .route("/selling/{id}", get().to(pages::figures::show))
            .route("/selling/{id}/figures", get().to(pages::figures::figures))
            .route("/selling/{id}/shares", get().to(pages::selling::shares))
            .route("/selling/{id}/edit", get().to(pages::edit::form))
            .route("/selling/{id}/edit", post().to(pages::edit::save))
            .route("/selling/{id}/withdraw", post().to(pages::edit::withdraw))
            .route("/auth/signin", get().to(pages::account::sign_in_form))
            .route("/auth/signin", post().to(pages::account::sign_in))
            .route("/auth/signup", get().to(pages::account::sign_up_form))
            .route("/auth/signup", post().to(pages::account::sign_up))
            .route("/auth/signout", post().to(pages::sign_out::handle))
            .route("/docs", get().to(docs::first))
            .route("/docs/{api}", get().to(docs::show))
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
