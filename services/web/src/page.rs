//! What surrounds every page, and how a rendered one is answered.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;
use chrono::{DateTime, Utc};
use ticketing_contracts::{api::auth::SessionUser, time::to_text};

use crate::{
    assets,
    failure::Failure,
    found::{Head, JsonLd},
    text::Text,
    visit::{Language, Visit},
};

/// What `templates/base.html` needs. A page's view has it as its field `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is said, in the visitor's language.
    pub t: Text,
    /// Title, description and what else is for machines.
    pub head: Head,
    /// Who is signed in.
    pub session: Option<SessionUser>,
    /// Whether that is known; else the page says that it can't be told at the moment.
    pub certain: bool,
    /// For the field `csrf` of every form that posts.
    pub csrf: String,
    /// For the attribute `nonce` of every script and style that is written into the page.
    pub nonce: String,
    /// Path and query of this page, to come back to.
    pub path: String,
    /// For `/live?since=`: where the streams stood before anything was read for this page.
    pub since: String,
    /// When the answer was begun.
    pub now: DateTime<Utc>,
}

impl Page {
    /// A page with this title.
    #[must_use]
    pub fn new(visit: &Visit, title: impl Into<String>) -> Self {
        Self {
            t: visit.text(),
            head: Head::new(&visit.public_url, &visit.path, title.into()),
            session: visit.session.clone(),
            certain: visit.certain,
            csrf: visit.csrf.to_string(),
            nonce: visit.nonce.to_string(),
            path: visit.path.clone(),
            since: visit.since.clone(),
            now: visit.now,
        }
    }

    /// With a description for search engines and for whoever shares the page.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.head.description = Some(description.into());
        self
    }

    /// Whose address for others is this path, without what was searched for.
    #[must_use]
    pub fn canonical(mut self, path: &str) -> Self {
        self.head.at(path);
        self
    }

    /// That search engines leave out: it is somebody's own.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.head.listed = false;
        self
    }

    /// With a description for machines.
    #[must_use]
    pub fn with_json_ld(mut self, json_ld: JsonLd) -> Self {
        self.head.json_ld = Some(json_ld);
        self
    }

    /// The server's clock, which countdowns go by.
    #[must_use]
    pub fn clock(&self) -> String {
        to_text(self.now)
    }

    /// Whether this is the page at `path`, for the navigation.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        self.path.split('?').next() == Some(path)
    }

    /// Where to sign in, and come back from.
    #[must_use]
    pub fn sign_in(&self) -> String {
        self.account("/auth/signin")
    }

    /// Where to make an account, and come back from.
    #[must_use]
    pub fn sign_up(&self) -> String {
        self.account("/auth/signup")
    }

    /// From one of these two to the other, where one comes back to stays the same.
    fn account(&self, path: &str) -> String {
        if self.path == "/" {
            return path.to_owned();
        }
        let pair = match self.path.split_once('?') {
            Some(("/auth/signin" | "/auth/signup", query)) => query.to_owned(),
            None if self.path.starts_with("/auth/") => return path.to_owned(),
            _ => serde_urlencoded::to_string([("return_to", &self.path)]).unwrap_or_default(),
        };
        format!("{path}?{pair}")
    }

    /// The address of a file in `static/`.
    #[must_use]
    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }

    /// The languages that can be chosen.
    #[must_use]
    pub fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

/// 200 with a rendered page, or a part of one.
///
/// # Errors
/// [`Failure::Broken`] when it can't be rendered.
pub fn render(template: &impl Template) -> Result<HttpResponse, Failure> {
    with_status(StatusCode::OK, template)
}

/// The same with another status: a form that was refused is 400, say.
///
/// # Errors
/// [`Failure::Broken`] when it can't be rendered.
pub fn with_status(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Failure> {
    let body = template.render()?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(body))
}

/// After a form has done its work: the browser fetches this page, and can do so again.
#[must_use]
pub fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .finish()
}
