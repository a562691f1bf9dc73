//! Somebody who listens, as a browser does.

use std::{fmt, time::Duration};

use reqwest::{Response, header};
use ticketing_contracts::ids::TicketId;
use tokio::time::timeout;

use crate::harness::{App, User};

/// Generous: it bounds a failure, it does not measure.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A stream of events.
pub struct Listener {
    answer: Response,
    unread: Vec<u8>,
    /// What it would come back to.
    pub place: String,
}

/// What it was told.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    pub name: String,
    pub data: String,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.data)
    }
}

/// Who listens to what.
#[derive(Default)]
pub struct Ask<'a> {
    pub tickets: &'a [TicketId],
    pub offers: bool,
    pub user: Option<&'a User>,
    pub language: &'a str,
    /// `Last-Event-ID`.
    pub place: &'a str,
}

impl Ask<'_> {
    pub async fn of(&self, app: &App) -> Response {
        let tickets: Vec<_> = self.tickets.iter().map(ToString::to_string).collect();
        let mut url = format!("{}/live?tickets={}", app.base, tickets.join(","));
        if self.offers {
            url.push_str("&offers=1");
        }
        let mut request = app.client.get(url);
        if let Some(user) = self.user {
            request = request.header(header::COOKIE, format!("session={}", user.session));
        }
        if !self.language.is_empty() {
            request = request.header(header::ACCEPT_LANGUAGE, self.language);
        }
        if !self.place.is_empty() {
            request = request.header("last-event-id", self.place);
        }
        request.send().await.unwrap()
    }
}

impl Listener {
    /// Listens from now on.
    pub async fn to(app: &App, ask: Ask<'_>) -> Self {
        let answer = ask.of(app).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut listener = Self {
            answer,
            unread: Vec::new(),
            place: String::new(),
        };
        if ask.place.is_empty() {
            listener.has_begun().await;
        }
        listener
    }

    /// To tickets, as nobody.
    pub async fn to_tickets(app: &App, tickets: &[TicketId]) -> Self {
        let ask = Ask {
            tickets,
            ..Ask::default()
        };
        Self::to(app, ask).await
    }

    /// To what becomes of somebody's orders.
    pub async fn to_orders_of(app: &App, user: &User) -> Self {
        let ask = Ask {
            user: Some(user),
            ..Ask::default()
        };
        Self::to(app, ask).await
    }

    /// Waits until it is known from where on it is told.
    async fn has_begun(&mut self) {
        let first = self.any().await.expect("it has just begun");
        assert_eq!(first.name, "place", "{first:?}");
    }

    /// What it is told next; `None` when it is told nothing any more.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            let told = self.any().await?;
            if told.name != "place" {
                return Some(told);
            }
        }
    }

    /// What it is told next, which there must be.
    pub async fn told(&mut self) -> Told {
        self.next().await.expect("it did not end")
    }

    /// What it missed: all that it is told before it is told where it is.
    pub async fn missed(&mut self) -> Vec<Told> {
        let mut missed = Vec::new();
        loop {
            let told = self.any().await.expect("it did not end");
            if told.name == "place" {
                return missed;
            }
            missed.push(told);
        }
    }

    /// Waits for a sign of life.
    pub async fn lives(&mut self) {
        let told = self.any().await.expect("it did not end");
        assert_eq!(told.name, "place", "{told:?}");
    }

    /// The same with what only tells where to come back to.
    async fn any(&mut self) -> Option<Told> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<_> = self.unread.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                if let Some(told) = self.read(&block) {
                    return Some(told);
                }
                continue;
            }
            let chunk = timeout(DEADLINE, self.answer.chunk()).await;
            let chunk = chunk.expect("something is told in time").unwrap()?;
            self.unread.extend_from_slice(&chunk);
        }
    }

    /// By the standard: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
    fn read(&mut self, block: &str) -> Option<Told> {
        let (mut name, mut data) = (String::new(), Vec::new());
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "data" => data.push(value),
                "id" => value.clone_into(&mut self.place),
                "" | "retry" => {}
                other => panic!("no such field: {other}"),
            }
        }
        let data = (!data.is_empty()).then(|| data.join("\n"))?;
        Some(Told { name, data })
    }
}

impl Told {
    /// What a stock says of itself.
    pub fn version(&self) -> i64 {
        let (_, rest) = self.data.split_once("data-version=\"").expect("a version");
        rest.split('"').next().unwrap().parse().unwrap()
    }
}
