//! Every URL, with and without the prefix under which browsers reach the simulator.

use actix_web::web::{self, ServiceConfig, delete, get, post, put, scope};

use crate::{
    browser, control,
    stripe::{payment_intents, payment_methods, refunds, unrecognized},
};

/// Registers everything.
pub fn all(config: &mut ServiceConfig, prefix: &str) {
    config.app_data(control::json_config());
    if !prefix.is_empty() {
        config.service(scope(prefix).configure(routes));
    }
    config.configure(routes);
    config.default_service(web::to(unrecognized));
}

fn routes(config: &mut ServiceConfig) {
    config
        .configure(stripe)
        .configure(own)
        .route("/v3/stripe.js", get().to(browser::script))
        .route("/v3/stripe.css", get().to(browser::style));
}

/// Stripe's.
fn stripe(config: &mut ServiceConfig) {
    config
        .route("/v1/payment_intents", post().to(payment_intents::create))
        .route(
            "/v1/payment_intents/{id}",
            get().to(payment_intents::retrieve),
        )
        .route(
            "/v1/payment_intents/{id}/confirm",
            post().to(payment_intents::confirm),
        )
        .route(
            "/v1/payment_intents/{id}/cancel",
            post().to(payment_intents::cancel),
        )
        .route("/v1/payment_methods", post().to(payment_methods::create))
        .route("/v1/tokens", post().to(payment_methods::tokenize))
        .route("/v1/refunds", post().to(refunds::create))
        .route("/v1/refunds", get().to(refunds::index))
        .route("/v1/refunds/{id}", get().to(refunds::retrieve));
}

/// The simulator's own.
fn own(config: &mut ServiceConfig) {
    config
        .route("/sim/health", get().to(control::health))
        .route("/sim/totals", get().to(control::totals))
        .route("/sim/payment_intents", get().to(control::intents))
        .route(
            "/sim/payment_intents/{id}/authenticate",
            post().to(control::authenticate),
        )
        .route("/sim/requests", get().to(control::requests))
        .route("/sim/requests", delete().to(control::reset_requests))
        .route("/sim/faults", get().to(control::plan))
        .route("/sim/faults", put().to(control::set))
        .route("/sim/faults", post().to(control::add))
        .route("/sim/faults", delete().to(control::clear))
        .route("/sim/webhook", put().to(control::set_endpoint))
        .route("/sim/events", get().to(control::events))
        .route("/sim/events/{id}/resend", post().to(control::resend));
}
