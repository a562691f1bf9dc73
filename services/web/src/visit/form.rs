//! What a form sent, once its token was checked.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    web::{Bytes, BytesMut},
};
use futures::StreamExt;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Visit, csrf};
use crate::failure::Failure;

/// The most bytes of a form.
const LIMIT: usize = 16 * 1024;

/// A form of ours, from the visitor it was made for. What is in its fields is the page's to check: give
/// them `#[serde(default)]` and read numbers as text, so that what was typed can be shown again.
#[derive(Debug)]
pub struct Form<T> {
    /// Who sent it.
    pub visit: Visit,
    /// What is in it.
    pub values: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> Form<T> {
    async fn read(request: HttpRequest, payload: Payload) -> Result<Self, Failure> {
        let visit = Visit::extract(&request).await?;
        if request.content_type() != "application/x-www-form-urlencoded" {
            return Err(Failure::Unsupported);
        }
        let body = body(payload).await?;
        let Token { csrf: shown } = parse(&body)?;
        if !visit.csrf.is(&shown) {
            tracing::info!(field = csrf::FIELD, "a form without the visitor's token");
            return Err(Failure::Forged);
        }
        Ok(Self {
            visit,
            values: parse(&body)?,
        })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_urlencoded::from_bytes(body).map_err(|_| Failure::BadRequest)
}

async fn body(mut payload: Payload) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Failure::BadRequest)?;
        if body.len() + chunk.len() > LIMIT {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(Self::read(request.clone(), payload.take()))
    }
}
