//! `/auth/signin` and `/auth/signup`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{fields::Field, refusal::words};
use crate::{
    clients::{ClientError, Clients},
    failure::Failure,
    page::{self, Page},
    visit::{Form, ReturnTo, Visit},
};

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    return_to: ReturnTo,
}

/// What was typed in.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    return_to: ReturnTo,
}

/// The page, for both.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    page: Page,
    /// An account is made.
    new: bool,
    return_to: ReturnTo,
    email: Field,
    password: Field,
    refused: Option<String>,
}

/// `GET /auth/signin`
///
/// # Errors
/// None.
pub async fn sign_in_form(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Failure> {
    form(&visit, false, asked.into_inner().return_to)
}

/// `GET /auth/signup`
///
/// # Errors
/// None.
pub async fn sign_up_form(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Failure> {
    form(&visit, true, asked.into_inner().return_to)
}

/// `POST /auth/signin`
///
/// # Errors
/// Only what has no page with the form: it says itself what is wrong.
pub async fn sign_in(
    form: Form<Credentials>,
    clients: Data<Clients>,
) -> Result<HttpResponse, Failure> {
    let Form { visit, values } = form;
    let password = values.password.expose_secret();
    let answer = clients.auth.sign_in(&visit.caller, &values.email, password);
    match answer.await {
        Ok(began) => Ok(welcome(&values, |response| began.tell(response))),
        Err(error) => refused(&visit, false, values, &error),
    }
}

/// `POST /auth/signup`
///
/// # Errors
/// As for signing in.
pub async fn sign_up(
    form: Form<Credentials>,
    clients: Data<Clients>,
) -> Result<HttpResponse, Failure> {
    let Form { visit, values } = form;
    let password = values.password.expose_secret();
    let answer = clients.auth.sign_up(&visit.caller, &values.email, password);
    match answer.await {
        Ok(began) => Ok(welcome(&values, |response| began.tell(response))),
        Err(error) => refused(&visit, true, values, &error),
    }
}

fn form(visit: &Visit, new: bool, return_to: ReturnTo) -> Result<HttpResponse, Failure> {
    // Whoever is signed in already has nothing to do here.
    if visit.session.is_some() {
        return Ok(page::see_other(return_to.path()));
    }
    page::render(&AccountPage::new(visit, new, return_to))
}

fn welcome(values: &Credentials, tell: impl FnOnce(&mut HttpResponse)) -> HttpResponse {
    let mut response = page::see_other(values.return_to.path());
    tell(&mut response);
    response
}

fn refused(
    visit: &Visit,
    new: bool,
    values: Credentials,
    error: &ClientError,
) -> Result<HttpResponse, Failure> {
    let status = error.status().unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let view = AccountPage::new(visit, new, values.return_to).refused(values.email, error);
    page::with_status(status, &view)
}

impl AccountPage {
    fn new(visit: &Visit, new: bool, return_to: ReturnTo) -> Self {
        let t = visit.text();
        let (title, description) = if new {
            (t.text("sign-up-title"), t.text("sign-up-description"))
        } else {
            (t.text("sign-in-title"), t.text("sign-in-description"))
        };
        Self::of(
            Page::new(visit, title).described(description),
            new,
            return_to,
        )
    }

    pub(super) fn of(page: Page, new: bool, return_to: ReturnTo) -> Self {
        Self {
            page,
            new,
            return_to,
            email: Field::default(),
            password: Field::default(),
            refused: None,
        }
    }

    /// The same with what was typed in, and what is wrong with it. A password does not come back.
    pub(super) fn refused(mut self, email: String, error: &ClientError) -> Self {
        let t = self.page.t;
        self.email = Field::new(email);
        let mut told = false;
        if let ClientError::Refused { errors, .. } = error {
            // The address may be right, and somebody's already.
            let in_use = error.message() == Some("Email in use");
            for field in errors.iter().filter_map(|error| error.field.as_deref()) {
                let password = if self.new {
                    "account-new-password-wrong"
                } else {
                    "account-password-wrong"
                };
                match field {
                    "email" if in_use => self.email.wrong = words(t, error),
                    "email" => self.email.wrong = t.text("account-email-wrong").into_owned(),
                    "password" => self.password.wrong = t.text(password).into_owned(),
                    _ => continue,
                }
                told = true;
            }
        }
        if !told {
            self.refused = Some(words(t, error));
        }
        self
    }

    fn title(&self) -> &'static str {
        if self.new {
            "sign-up-title"
        } else {
            "sign-in-title"
        }
    }

    fn button(&self) -> &'static str {
        if self.new {
            "sign-up-button"
        } else {
            "sign-in-button"
        }
    }

    /// Whoever was sent here is told why.
    fn lead(&self) -> &'static str {
        match (self.new, self.return_to.path()) {
            (true, "/") => "sign-up-lead",
            (true, _) => "sign-up-first",
            (false, "/") => "sign-in-lead",
            (false, _) => "sign-in-first",
        }
    }

    fn other(&self) -> &'static str {
        if self.new {
            "sign-up-other"
        } else {
            "sign-in-other"
        }
    }

    fn other_link(&self) -> &'static str {
        if self.new {
            "sign-up-other-link"
        } else {
            "sign-in-other-link"
        }
    }

    fn action(&self) -> &'static str {
        if self.new {
            "/auth/signup"
        } else {
            "/auth/signin"
        }
    }

    fn other_address(&self) -> String {
        let path = if self.new {
            "/auth/signin"
        } else {
            "/auth/signup"
        };
        match self.return_to.path() {
            "/" => path.to_owned(),
            back => {
                let query = serde_urlencoded::to_string([("return_to", back)]);
                format!("{path}?{}", query.unwrap_or_default())
            }
        }
    }
}
