//! `GET /robots.txt` (RFC 9309)

use actix_web::{HttpResponse, web::Data};

use crate::visit::PublicUrl;

/// Pages of somebody's own have nothing to be found.
const NOT_FOR_MACHINES: [&str; 7] = [
    "/api/",
    "/auth/",
    "/live",
    "/orders",
    "/selling",
    "/tickets/new",
    "/docs",
];

/// What may be looked at, and where the list of it is.
pub async fn robots(origin: Data<PublicUrl>) -> HttpResponse {
    let disallowed: String = NOT_FOR_MACHINES
        .iter()
        .map(|path| format!("Disallow: {path}\n"))
        .collect();
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(format!(
            "User-agent: *\n{disallowed}\nSitemap: {}/sitemap.xml\n",
            origin.0
        ))
}
