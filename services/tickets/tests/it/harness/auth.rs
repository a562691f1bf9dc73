//! A stand-in for auth: its keys, and sessions signed by them.

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use serde_json::json;
use ticketing_contracts::ids::UserId;
use ticketing_http::session::{jwks::PATH, keys::ISSUER};

/// Ed25519, 32 bytes of 0x41, in PKCS#8.
const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

#[derive(Clone)]
pub struct Auth {
    pub base: String,
    key: EncodingKey,
    key_id: String,
}

impl Auth {
    pub fn start() -> Self {
        let key = EncodingKey::from_ed_der(&BASE64_STANDARD.decode(KEY).unwrap());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
        let key_id = public.thumbprint(ThumbprintHash::SHA256).unwrap();
        public.common.key_id = Some(key_id.clone());
        let set = web::Data::new(JwkSet { keys: vec![public] });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(set.clone())
                .route(PATH, web::get().to(keys))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        tokio::spawn(server.run());
        Self { base, key, key_id }
    }

    /// A session that begins at `now`.
    pub fn session(&self, user: UserId, now: DateTime<Utc>) -> String {
        let claims = json!({
            "iss": ISSUER,
            "sub": user,
            "email": "ann@example.com",
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::hours(24)).timestamp(),
        });
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }
}

async fn keys(set: web::Data<JwkSet>) -> HttpResponse {
    HttpResponse::Ok().json(&**set)
}
