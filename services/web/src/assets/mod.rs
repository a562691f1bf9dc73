//! The files in `static/`: embedded, and addressed by what is in them, so that a browser keeps them for
//! ever and has the new one at once when one changes.

mod files;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, Encoding, Header, VARY,
    },
    web::Path,
};

use crate::failure::Failure;

/// Where they are served.
pub const PREFIX: &str = "/assets/";

/// For a year, without ever asking (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The address of a file of `static/` (`app.css`, `vendor/htmx/htmx.min.js`).
///
/// One that there is not has an address where there is nothing: a test finds it.
#[must_use]
pub fn url(name: &str) -> &'static str {
    files::all().url(name)
}

/// Reads and compresses them, so that no visitor waits for it.
pub fn prepare() {
    files::all();
}

/// `GET /assets/{file}`
///
/// # Errors
/// [`Failure::NotFound`], for an earlier or later content of a file as well: nobody may keep this one in its
/// place.
pub async fn handle(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Failure> {
    let file = files::all().served_as(&file).ok_or(Failure::NotFound)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, file.kind))
        .insert_header((CACHE_CONTROL, FOR_EVER));
    let Some(compressed) = &file.compressed else {
        return Ok(answer.body(file.content.clone()));
    };
    answer.insert_header((VARY, "Accept-Encoding"));
    Ok(if takes_gzip(&request) {
        answer
            .insert_header((CONTENT_ENCODING, "gzip"))
            .body(compressed.clone())
    } else {
        answer.body(file.content.clone())
    })
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let ours = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .is_ok_and(|takes| takes.negotiate(ours.iter()) == Some(Encoding::gzip()))
}
