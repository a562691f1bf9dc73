//! The stand-in for Stripe.js: a script and its stylesheet, as they are in this folder. There is no build;
//! the script's parts are put into one function, so that the page sees `Stripe` alone.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL};

const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("api.js"),
    include_str!("card.js"),
    include_str!("form.js"),
    include_str!("dialog.js"),
    include_str!("stripe.js"),
    "})();\n",
);

/// `/v3/stripe.js`.
pub async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// `/v3/stripe.css`, which the script loads from beside itself.
pub async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", include_str!("stripe.css"))
}

fn asset(kind: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(text)
}
