//! Every URL of payments.

use actix_web::web::{QueryConfig, ServiceConfig, get, post, scope};
use ticketing_http::Problem;

use crate::handlers::{config, create, list, show, webhook};

/// Through Traefik.
pub fn public(app: &mut ServiceConfig) {
    app.app_data(QueryConfig::default().error_handler(|_, _| {
        Problem::bad_request("The query needs an orderId that is an order's id").into()
    }));
    app.service(
        scope("/api/payments")
            .route("", post().to(create::handle))
            .route("", get().to(list::handle))
            .route("/config", get().to(config::handle))
            .route("/webhook", post().to(webhook::handle))
            .route("/openapi.json", get().to(crate::openapi::handle))
            .route("/{id}", get().to(show::handle)),
    );
}
