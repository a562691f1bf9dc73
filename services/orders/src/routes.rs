//! Every URL of orders.

use actix_web::web::{QueryConfig, ServiceConfig, delete, get, post, scope};
use ticketing_http::Problem;

use crate::handlers::{cancel, create, internal, list, sales, show};

/// Through Traefik.
pub fn public(config: &mut ServiceConfig) {
    config.app_data(queries());
    config.service(
        scope("/api/orders")
            .route("", post().to(create::handle))
            .route("", get().to(list::handle))
            .route("/sales", get().to(sales::handle))
            .route("/openapi.json", get().to(crate::openapi::handle))
            .route("/{id}", get().to(show::handle))
            .route("/{id}", delete().to(cancel::handle)),
    );
}

/// On the admin port, for the services that are named.
pub fn internal(config: &mut ServiceConfig) {
    config.service(
        scope("/internal")
            // tickets
            .route(
                "/tickets/{id}/inventory",
                get().to(internal::inventory::handle),
            )
            .route("/tickets/{id}/close", post().to(internal::close::handle))
            // payments
            .route("/orders", post().to(internal::payments::handle)),
    );
}

/// What a list and the sales are asked for.
fn queries() -> QueryConfig {
    QueryConfig::default()
        .error_handler(|_, _| Problem::bad_request("The query is not one that can be read").into())
}
