//! auth: accounts and sessions.

use reqwest::header::{HeaderValue, SET_COOKIE};
use serde::Serialize;
use serde_json::json;

use super::{
    Caller, ClientError,
    connection::{Ask, Connection},
};

/// Signing up, in and out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuthClient(Connection);

/// A session has begun, or ended: these are `Set-Cookie` headers for the visitor's browser.
#[derive(Debug, Clone)]
pub struct Began(Vec<String>);

impl Began {
    /// Hands the cookies on.
    pub fn tell(&self, response: &mut actix_web::HttpResponse) {
        use actix_web::http::header;
        for cookie in &self.0 {
            if let Ok(value) = header::HeaderValue::from_str(cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
}

#[derive(Serialize)]
struct Credentials<'a> {
    email: &'a str,
    password: &'a str,
}

impl AuthClient {
    pub(super) fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// A new account, signed in.
    ///
    /// # Errors
    /// 400 with `field` for what is wrong, or `Email in use`; 429.
    pub async fn sign_up(
        &self,
        caller: &Caller,
        email: &str,
        password: &str,
    ) -> Result<Began, ClientError> {
        let credentials = Credentials { email, password };
        self.began("/api/users/signup", caller, &credentials).await
    }

    /// A session.
    ///
    /// # Errors
    /// 400 with `field` for what is wrong, or `Invalid credentials`; 429.
    pub async fn sign_in(
        &self,
        caller: &Caller,
        email: &str,
        password: &str,
    ) -> Result<Began, ClientError> {
        let credentials = Credentials { email, password };
        self.began("/api/users/signin", caller, &credentials).await
    }

    /// Makes the browser forget the session.
    ///
    /// # Errors
    /// When auth can't be asked.
    pub async fn sign_out(&self, caller: &Caller) -> Result<Began, ClientError> {
        let nothing = json!({});
        self.began("/api/users/signout", caller, &nothing).await
    }

    async fn began(
        &self,
        path: &str,
        caller: &Caller,
        body: &impl Serialize,
    ) -> Result<Began, ClientError> {
        let ask = Ask::post(path).by(caller).json(body);
        let headers = self.0.headers(ask).await?;
        let cookies = headers.get_all(SET_COOKIE).iter();
        let text = |value: &HeaderValue| value.to_str().ok().map(ToOwned::to_owned);
        Ok(Began(cookies.filter_map(text).collect()))
    }
}
