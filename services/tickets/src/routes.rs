//! Every URL of tickets.

use actix_web::web::{ServiceConfig, delete, get, post, put, scope};

use crate::handlers::{create, edit, list, offer, show, withdraw};

/// Through Traefik.
pub fn public(config: &mut ServiceConfig) {
    config.service(
        scope("/api/tickets")
            .route("", get().to(list::handle))
            .route("", post().to(create::handle))
            .route("/openapi.json", get().to(crate::openapi::handle))
            .route("/{id}", get().to(show::handle))
            .route("/{id}", put().to(edit::handle))
            .route("/{id}", delete().to(withdraw::handle)),
    );
}

/// On the admin port, for other services: see `ticketing_contracts::internal`.
pub fn internal(config: &mut ServiceConfig) {
    config.route("/internal/tickets/{id}", get().to(offer::handle));
}
