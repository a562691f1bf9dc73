//! `GET /docs`: what programs can ask for, as each service describes it (OpenAPI).
//!
//! The viewer is Swagger UI, in `static/vendor`: it fetches a service's document from the same origin and
//! shows it, and its requests go there as well, with the visitor's session.

use actix_web::{HttpResponse, web::Path};
use askama::Template;

use crate::{
    failure::Failure,
    page::{self, Page},
    visit::Visit,
};

/// What comes after `/api/` in the services' addresses.
const APIS: [&str; 4] = ["tickets", "orders", "payments", "users"];

/// The page.
#[derive(Debug, Template)]
#[template(path = "docs.html")]
struct Docs {
    page: Page,
    shown: &'static str,
}

impl Docs {
    fn apis(&self) -> [&'static str; 4] {
        APIS
    }
}

/// Shows the first of them.
///
/// # Errors
/// [`Failure::Broken`] when the page can't be rendered.
pub async fn first(visit: Visit) -> Result<HttpResponse, Failure> {
    render(&visit, APIS[0])
}

/// Shows this one.
///
/// # Errors
/// [`Failure::NotFound`] for one that there is not.
pub async fn show(visit: Visit, api: Path<String>) -> Result<HttpResponse, Failure> {
    let shown = APIS.into_iter().find(|known| *known == *api);
    render(&visit, shown.ok_or(Failure::NotFound)?)
}

fn render(visit: &Visit, shown: &'static str) -> Result<HttpResponse, Failure> {
    let t = visit.text();
    let page = Page::new(visit, t.text("docs-title"))
        .described(t.text("docs-lead"))
        .canonical(&format!("/docs/{shown}"));
    page::render(&Docs { page, shown })
}
