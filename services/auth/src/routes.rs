//! Every URL of auth.

use actix_web::web::{ServiceConfig, get, post, scope};

use crate::handlers::{current_user, jwks, sign_in, sign_out, sign_up};

/// Through Traefik.
pub fn public(config: &mut ServiceConfig) {
    config.service(
        scope("/api/users")
            .route("/signup", post().to(sign_up::handle))
            .route("/signin", post().to(sign_in::handle))
            .route("/signout", post().to(sign_out::handle))
            .route("/currentuser", get().to(current_user::handle))
            .route("/.well-known/jwks.json", get().to(jwks::handle))
            .route("/openapi.json", get().to(crate::openapi::handle)),
    );
}
