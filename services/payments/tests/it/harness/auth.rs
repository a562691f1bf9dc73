//! auth's keys, where payments and orders look for them.

use ::auth::domain::session::SigningKeys;
use actix_web::{
    App, HttpResponse, HttpServer,
    web::{Data, get},
};

const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

/// Answers until the test ends.
pub struct Auth {
    pub base: String,
    pub keys: SigningKeys,
}

impl Auth {
    pub fn start() -> Self {
        let keys = SigningKeys::parse(KEY).unwrap();
        let published = Data::new(keys.public().clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(published.clone())
                .route("/api/users/.well-known/jwks.json", get().to(jwks))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { base, keys }
    }
}

async fn jwks(keys: Data<jsonwebtoken::jwk::JwkSet>) -> HttpResponse {
    HttpResponse::Ok().json(keys)
}
