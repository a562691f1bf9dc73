//! A stand-in for orders' internal routes.

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use ticketing_contracts::{
    events::{orders::Inventory, tickets::Ticket},
    ids::TicketId,
};
use ticketing_http::Problem;
use ticketing_testkit::eventually;
use tokio::sync::watch;

#[derive(Clone)]
pub struct Orders {
    pub base: String,
    state: web::Data<State>,
}

struct State {
    /// What callers must show.
    token: &'static str,
    stocks: Mutex<HashMap<TicketId, Inventory>>,
    closed: Mutex<Vec<Ticket>>,
    away: AtomicBool,
    /// While it is shut, questions wait.
    gate: watch::Sender<bool>,
    waiting: AtomicUsize,
    asked: AtomicUsize,
}

impl Orders {
    pub fn start(token: &'static str) -> Self {
        let state = web::Data::new(State {
            token,
            stocks: Mutex::default(),
            closed: Mutex::default(),
            away: AtomicBool::new(false),
            gate: watch::Sender::new(true),
            waiting: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let data = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/internal/tickets/{id}/inventory", web::get().to(inventory))
                .route("/internal/tickets/{id}/close", web::post().to(close))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        tokio::spawn(server.run());
        Self { base, state }
    }

    /// From now on this is how a ticket stands.
    pub fn stock(&self, inventory: Inventory) {
        let mut stocks = self.state.stocks.lock().unwrap();
        stocks.insert(inventory.ticket_id, inventory);
    }

    /// Whether it answers 503 to everything.
    pub fn away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
    }

    /// Lets questions wait.
    pub fn shut(&self) {
        self.state.gate.send_replace(false);
    }

    /// Answers those that wait.
    pub fn open(&self) {
        self.state.gate.send_replace(true);
    }

    /// Waits until this many wait.
    pub async fn waiting(&self, count: usize) {
        eventually("orders is asked", async || {
            (self.state.waiting.load(Ordering::SeqCst) == count).then_some(())
        })
        .await;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// The tombstones that it was sent.
    pub fn closed(&self) -> Vec<Ticket> {
        self.state.closed.lock().unwrap().clone()
    }
}

impl State {
    async fn admit(&self, request: &HttpRequest) -> Result<(), Problem> {
        let shown = request.headers().get("authorization");
        let expected = format!("Bearer {}", self.token);
        if shown.is_none_or(|shown| shown.as_bytes() != expected.as_bytes()) {
            return Err(Problem::unauthorized());
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        _ = self.gate.subscribe().wait_for(|open| *open).await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(Problem::unavailable(
                std::time::Duration::from_secs(1),
                "away",
            ));
        }
        Ok(())
    }
}

async fn inventory(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<TicketId>,
) -> Result<HttpResponse, Problem> {
    state.admit(&request).await?;
    let stock = state.stocks.lock().unwrap().get(&id).cloned();
    stock
        .map(|stock| HttpResponse::Ok().json(stock))
        .ok_or_else(Problem::not_found)
}

async fn close(
    state: web::Data<State>,
    request: HttpRequest,
    id: web::Path<TicketId>,
    tombstone: web::Json<Ticket>,
) -> Result<HttpResponse, Problem> {
    state.admit(&request).await?;
    assert_eq!(*id, tombstone.id);
    let stock = state.stocks.lock().unwrap().get(&id).cloned();
    if stock.is_some_and(|stock| stock.held + stock.sold > 0) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "Some of it is held or sold",
        ));
    }
    state.closed.lock().unwrap().push(tombstone.into_inner());
    Ok(HttpResponse::NoContent().finish())
}
