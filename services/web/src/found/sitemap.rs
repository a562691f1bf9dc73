//! `GET /sitemap.xml` (<https://www.sitemaps.org/protocol.html>): every ticket that can be bought.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use askama::Template;
use moka::future::Cache;
use ticketing_contracts::time::to_text;

use crate::{
    clients::{ClientError, Clients, List},
    failure::Failure,
    visit::PublicUrl,
};

/// Machines come often, and need nothing newer.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// The most tickets in it, newest first: as many pages of the list must be asked for, one by one. The
/// protocol allows 50,000.
const MOST: usize = 5000;

/// The one that there is, while it is new enough. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sitemap(Cache<(), Bytes>);

impl Default for Sitemap {
    fn default() -> Self {
        Self(
            Cache::builder()
                .time_to_live(KEPT_FOR)
                .max_capacity(1)
                .build(),
        )
    }
}

#[derive(Template)]
#[template(path = "sitemap.xml")]
struct Xml<'a> {
    origin: &'a str,
    entries: Vec<Entry>,
}

struct Entry {
    path: String,
    changed: String,
}

/// Addresses of the home page and of the tickets.
///
/// # Errors
/// 503 while tickets can't be asked.
pub async fn sitemap(
    clients: Data<Clients>,
    origin: Data<PublicUrl>,
    kept: Data<Sitemap>,
) -> Result<HttpResponse, Failure> {
    let made = kept.0.try_get_with((), made(&clients, &origin.0)).await;
    let body = made.map_err(|failure: Arc<Failure>| Failure::clone(&failure))?;
    Ok(HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .body(body))
}

async fn made(clients: &Clients, origin: &str) -> Result<Bytes, Failure> {
    let entries = entries(clients).await?;
    let xml = Xml { origin, entries };
    Ok(xml.render()?.into())
}

async fn entries(clients: &Clients) -> Result<Vec<Entry>, ClientError> {
    let mut entries = Vec::new();
    let mut list = List::default();
    loop {
        let page = clients.tickets.list(list).await?;
        entries.extend(page.items.iter().map(|ticket| Entry {
            path: format!("/tickets/{}", ticket.id),
            changed: to_text(ticket.updated_at),
        }));
        if page.next.is_none() || entries.len() >= MOST {
            return Ok(entries);
        }
        list = List {
            q: None,
            cursor: page.next.clone(),
        };
    }
}
