//! Serving a listener within a [`Lifecycle`]: the middleware every service has, and a graceful end.

use std::{io, net::TcpListener, num::NonZeroUsize, time::Duration};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{Server, ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web,
};
use secrecy::SecretString;
use ticketing_runtime::{Health, Lifecycle, Settings, telemetry::metrics::Metrics};
use tokio_util::sync::CancellationToken;

use crate::{
    Problem, admin,
    cross_site::{self, AllowedOrigins},
    forwarded::TrustedProxy,
    observe,
};

/// How long an idle connection is kept, on the admin port as well, and one that has not been used yet:
/// clients open those ahead, and the server would answer 408 to what was never asked. Longer than Traefik
/// and the other services keep theirs (30 s): the side that reuses a connection should be the one that
/// closes it, or a request meets its end.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Seconds; the lifecycle's deadline decides, not the server's own.
const NEVER: u64 = 24 * 3600;

/// Where a service listens and whom it believes.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// `ip:port` that Traefik routes to.
    pub address: String,
    /// `ip:port` of the admin port.
    pub admin_address: String,
    /// Threads that serve requests; by default one per core.
    pub workers: Option<NonZeroUsize>,
    /// Who may say where a request came from.
    pub proxy: TrustedProxy,
    /// Other origins that may change state.
    pub origins: AllowedOrigins,
}

impl HttpSettings {
    /// Reads `HTTP_ADDRESS`, `ADMIN_ADDRESS`, `HTTP_WORKERS`, `FORWARDED_TOKEN`, `TRUSTED_HOPS` and
    /// `ALLOWED_ORIGINS`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let address = settings.required("HTTP_ADDRESS");
        let admin_address = settings.required("ADMIN_ADDRESS");
        let workers = settings.optional("HTTP_WORKERS");
        let token: Option<SecretString> = settings.secret("FORWARDED_TOKEN");
        let hops = settings.or("TRUSTED_HOPS", 0);
        let origins = settings.or("ALLOWED_ORIGINS", AllowedOrigins::default());
        Some(Self {
            address: address?,
            admin_address: admin_address?,
            workers: workers?,
            proxy: TrustedProxy {
                token: token?,
                hops: hops?,
            },
            origins: origins?,
        })
    }
}

/// Serves `routes` on `listener` until the lifecycle ends: the soft token stops accepting and
/// finishes what is in flight, the hard token drops it.
///
/// # Errors
/// When the listener can't be used.
pub fn serve(
    listener: TcpListener,
    settings: &HttpSettings,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    start(listener, settings, lifecycle, true, routes)
}

/// The same for answers that last: they end when the client has gone. Otherwise a request is finished
/// whether somebody waits for its answer or not, and that the client has gone is found out when something is
/// written.
///
/// # Errors
/// As [`serve`].
pub fn serve_while_connected(
    listener: TcpListener,
    settings: &HttpSettings,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    start(listener, settings, lifecycle, false, routes)
}

fn start(
    listener: TcpListener,
    settings: &HttpSettings,
    lifecycle: &Lifecycle,
    finish_for_nobody: bool,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    let (proxy, origins) = (settings.proxy.clone(), settings.origins.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(proxy.clone())
            .app_data(origins.clone())
            .app_data(ids())
            .wrap(from_fn(observe_own_site))
            // What a service says of unknown routes itself comes after, and wins.
            .default_service(web::to(not_found))
            .configure(&routes)
    });
    let workers = settings
        .workers
        .map_or_else(default_workers, NonZeroUsize::get);
    let server = server
        .workers(workers)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(KEEP_ALIVE)
        .h1_allow_half_closed(finish_for_nobody)
        .disable_signals()
        .shutdown_timeout(NEVER)
        .listen(listener)?;
    supervise(server.run(), lifecycle);
    Ok(())
}

/// Serves the admin port until the lifecycle's hard token: it answers while the service drains, and says
/// so.
///
/// # Errors
/// When the listener can't be used.
pub fn serve_admin(
    listener: TcpListener,
    health: &Health,
    metrics: &Metrics,
    lifecycle: &Lifecycle,
    internal: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    lifecycle.spawn(drain(health.clone(), lifecycle.soft().clone()));
    let observed = metrics.clone();
    lifecycle.keep_house(move || observed.upkeep());
    let (health, metrics) = (health.clone(), metrics.clone());
    let server = HttpServer::new(move || {
        let (health, metrics) = (health.clone(), metrics.clone());
        App::new()
            .app_data(ids())
            .wrap(from_fn(observe_any))
            .configure(|config| admin::routes(config, health, metrics))
            .configure(&internal)
            .default_service(web::to(not_found))
    });
    let server = server
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(KEEP_ALIVE)
        .disable_signals()
        .shutdown_timeout(NEVER)
        .listen(listener)?;
    let server = server.run();
    let (handle, hard) = (server.handle(), lifecycle.hard().clone());
    // Not a task that the shutdown waits for: it tells of the shutdown until that is over.
    tokio::spawn(server);
    tokio::spawn(async move {
        hard.cancelled().await;
        handle.stop(false).await;
    });
    Ok(())
}

async fn drain(health: Health, soft: CancellationToken) {
    soft.cancelled().await;
    health.drain();
}

/// One middleware for both concerns: each one boxes its future, for every request. What is refused
/// becomes a response in here, where its trace is known.
async fn observe_own_site<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    observe::request(request, async |request| match cross_site::check(&request) {
        Ok(()) => {
            let response = next.call(request).await?;
            Ok(response.map_into_left_body())
        }
        Err(problem) => {
            let response = cross_site::refuse(request, problem).await;
            Ok(response.map_into_right_body())
        }
    })
    .await
}

async fn observe_any<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    observe::request(request, async |request| next.call(request).await).await
}

/// What can't be an id, in a path, names nothing.
fn ids() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| Problem::not_found().into())
}

async fn not_found() -> Result<&'static str, Problem> {
    Err(Problem::not_found())
}

fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Ties a server to the lifecycle. The program owns its signals and its deadline, so the server has
/// none.
fn supervise(server: Server, lifecycle: &Lifecycle) {
    let handle = server.handle();
    let (soft, hard) = (lifecycle.soft().clone(), lifecycle.hard().clone());
    let unasked = soft.clone();
    lifecycle.spawn(async move {
        let outcome = server.await;
        if !unasked.is_cancelled() {
            // A process that listens no more is of no use: it ends, and Nomad starts another.
            tracing::error!(?outcome, "the server ended by itself");
            unasked.cancel();
        }
    });
    lifecycle.spawn(async move {
        soft.cancelled().await;
        tokio::select! {
            () = handle.stop(true) => {}
            () = hard.cancelled() => handle.stop(false).await,
        }
    });
}
