//! Something in a service's place that answers what a test wants, and remembers what it was asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::StatusCode,
    web::{self, Data},
};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: HashMap<String, String>,
}

/// A running stand-in. It ends with the test.
pub struct StandIn {
    pub base: String,
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Answers {
    answer: Box<dyn Fn(&str) -> Value + Send + Sync>,
    after: Duration,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Answers 200 with what `answer` makes of the path. JSON null is a body that is no JSON.
    pub fn start(answer: impl Fn(&str) -> Value + Send + Sync + 'static) -> Self {
        Self::on(0, Duration::ZERO, answer)
    }

    /// The same on a port, and after a while.
    pub fn on(
        port: u16,
        after: Duration,
        answer: impl Fn(&str) -> Value + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answers = Data::new(Answers {
            answer: Box::new(answer),
            after,
            asked: Arc::clone(&asked),
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(answers.clone())
                .default_service(web::to(handle))
        });
        let server = server.workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", port)).unwrap();
        let port = server.addrs()[0].port();
        tokio::spawn(server.run());
        Self {
            base: format!("http://127.0.0.1:{port}"),
            port,
            asked,
        }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn handle(request: HttpRequest, answers: Data<Answers>) -> HttpResponse {
    let headers = request.headers().iter();
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
    answers.asked.lock().unwrap().push(Asked {
        path: request.uri().to_string(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
    });
    tokio::time::sleep(answers.after).await;
    match (answers.answer)(request.path()) {
        Value::Null => HttpResponse::Ok().body("<html>"),
        answer => HttpResponse::build(StatusCode::OK).json(answer),
    }
}
