//! The services that orders asks: auth's keys, and tickets' admin port.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    web::{Data, Path, get},
};
use auth::domain::session::SigningKeys;
use ticketing_contracts::{events::tickets::Ticket, ids::TicketId};
use tokio::sync::Semaphore;

const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

/// What orders shows to tickets.
pub const ORDERS_TOKEN: &str = "orders shows this";

/// Answers for both on one port, until the test ends.
#[derive(Clone)]
pub struct Neighbours {
    pub base: String,
    pub keys: SigningKeys,
    tickets: Data<Tickets>,
}

struct Tickets {
    known: Mutex<HashMap<TicketId, Ticket>>,
    asked: AtomicUsize,
    away: AtomicBool,
    /// A permit for each answer.
    gate: Arc<Semaphore>,
}

impl Neighbours {
    pub fn start() -> Self {
        let keys = SigningKeys::parse(KEY).unwrap();
        let tickets = Data::new(Tickets {
            known: Mutex::default(),
            asked: AtomicUsize::new(0),
            away: AtomicBool::new(false),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        });
        let (published, shared) = (Data::new(keys.public().clone()), tickets.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(published.clone())
                .app_data(shared.clone())
                .route("/api/users/.well-known/jwks.json", get().to(jwks))
                .route("/internal/tickets/{id}", get().to(ticket))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self {
            base,
            keys,
            tickets,
        }
    }

    /// tickets has it, and has told nobody.
    pub fn put(&self, ticket: &Ticket) {
        let mut known = self.tickets.known.lock().unwrap();
        known.insert(ticket.id, ticket.clone());
    }

    /// How often tickets was asked for one.
    pub fn asked(&self) -> usize {
        self.tickets.asked.load(Ordering::SeqCst)
    }

    /// Whether tickets fails.
    pub fn away(&self, away: bool) {
        self.tickets.away.store(away, Ordering::SeqCst);
    }

    /// Keeps whoever asks waiting.
    pub fn hold_up(&self) {
        self.tickets.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Answers all.
    pub fn go_on(&self) {
        self.tickets.gate.add_permits(1_000);
    }
}

async fn jwks(keys: Data<jsonwebtoken::jwk::JwkSet>) -> HttpResponse {
    HttpResponse::Ok().json(keys)
}

async fn ticket(request: HttpRequest, id: Path<TicketId>, tickets: Data<Tickets>) -> HttpResponse {
    tickets.asked.fetch_add(1, Ordering::SeqCst);
    let shown = request.headers().get("authorization").unwrap();
    assert_eq!(shown, &format!("Bearer {ORDERS_TOKEN}"));
    tickets.gate.acquire().await.unwrap().forget();
    if tickets.away.load(Ordering::SeqCst) {
        return HttpResponse::InternalServerError().finish();
    }
    match tickets.known.lock().unwrap().get(&id) {
        Some(ticket) => HttpResponse::Ok().json(ticket),
        None => HttpResponse::NotFound().finish(),
    }
}
