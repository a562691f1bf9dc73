//! Sellers and buyers.
//!
//! Their sessions are signed here with the stack's own key, by the code that auth signs with: two
//! thousand sign-ups would measure argon2.

use ::auth::domain::session::SigningKeys;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use ticketing_contracts::{
    api::{auth::User, orders::Order, problem::ProblemBody, tickets::Ticket},
    ids::{OrderId, TicketId, UserId},
};
use ticketing_runtime::Clock;
use ticketing_testkit::{eventually, eventually_within};

use super::{RECOVERED_WITHIN, Stack};

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    stack: Stack,
    cookie: String,
}

impl Stack {
    /// So many new people, known to every instance of tickets, orders, payments and web.
    pub async fn people(&self, count: usize) -> Vec<Person> {
        let keys = SigningKeys::parse(&self.secrets().session_keys.join(",")).unwrap();
        let clock = Clock::system();
        let person = |number| {
            let user = User {
                id: UserId::new(clock.now()),
                email: format!("person-{number}@example.com"),
            };
            let token = keys.sign(&user, clock.now()).unwrap();
            Person {
                id: user.id,
                stack: self.clone(),
                cookie: format!("session={}", token.as_str()),
            }
        };
        let people: Vec<_> = (0..count).map(person).collect();
        self.wait_until_known(&people[0]).await;
        people
    }

    /// Somebody who comes through auth's own front door.
    pub async fn signs_up(&self, name: &str) -> Person {
        let (_, cookie) = self.sign_up(name).await;
        let user = self.current_user(&cookie).await;
        let person = Person {
            id: serde_json::from_value(user["id"].clone()).unwrap(),
            stack: self.clone(),
            cookie,
        };
        self.wait_until_known(&person).await;
        person
    }

    /// One new person.
    pub async fn person(&self) -> Person {
        self.people(1).await.remove(0)
    }

    /// A key that was just rotated in reaches each instance when it next asks auth.
    async fn wait_until_known(&self, person: &Person) {
        for (service, path) in [
            ("tickets", "/api/tickets?owner=me"),
            ("orders", "/api/orders"),
            (
                "payments",
                "/api/payments?orderId=018bcfe5-687b-7000-8000-000000000001",
            ),
            ("web", "/orders"),
        ] {
            for instance in self.passing(service).await {
                let url = format!("http://{instance}{path}");
                let what = format!("{instance} of {service} knows the key");
                eventually_within(RECOVERED_WITHIN, &what, async || {
                    let request = self.client.get(&url).header(header::COOKIE, &person.cookie);
                    let answer = request.send().await.ok()?;
                    // web leads whom it does not know to its page for signing in.
                    let known = answer.status() == StatusCode::OK && answer.url().as_str() == url;
                    known.then_some(())
                })
                .await;
            }
        }
    }

    /// A ticket as everybody sees it.
    pub async fn ticket(&self, id: TicketId) -> Ticket {
        let answer = self.get_path(&format!("/api/tickets/{id}")).await;
        expect(answer, StatusCode::OK).await.json().await.unwrap()
    }

    /// Waits until a ticket is shown as it should be.
    pub async fn shown(&self, id: TicketId, what: &str, is: impl Fn(&Ticket) -> bool) -> Ticket {
        eventually(&format!("ticket {id} is shown {what}"), async || {
            let answer = self.get_path(&format!("/api/tickets/{id}")).await;
            let ticket = answer.json::<Ticket>().await.ok()?;
            is(&ticket).then_some(ticket)
        })
        .await
    }
}

impl Person {
    /// Name and value of the cookie that a browser of theirs has.
    pub fn session(&self) -> (&str, &str) {
        self.cookie.split_once('=').unwrap()
    }

    /// A request of theirs, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.stack.base);
        self.stack
            .client
            .request(method, url)
            .header(header::COOKIE, &self.cookie)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.request(Method::POST, path).json(body);
        request.send().await.unwrap()
    }

    /// Puts up a ticket.
    pub async fn sell(&self, title: &str, capacity: i32) -> Ticket {
        let body = json!({"title": title, "price": 10.5, "capacity": capacity});
        let answer = self.post("/api/tickets", &body).await;
        expect(answer, StatusCode::CREATED)
            .await
            .json()
            .await
            .unwrap()
    }

    /// Changes a ticket of theirs.
    pub async fn edits(&self, ticket: TicketId, edit: &Value) -> Ticket {
        let request = self.request(Method::PUT, &format!("/api/tickets/{ticket}"));
        let answer = request.json(edit).send().await.unwrap();
        expect(answer, StatusCode::OK).await.json().await.unwrap()
    }

    /// Ends the sale of a ticket of theirs.
    pub async fn withdraws(&self, ticket: TicketId) {
        let request = self.request(Method::DELETE, &format!("/api/tickets/{ticket}"));
        expect(request.send().await.unwrap(), StatusCode::NO_CONTENT).await;
    }

    /// Wants so many of one ticket.
    pub async fn order(&self, ticket: TicketId, quantity: i32) -> Response {
        let body = json!({"ticketId": ticket, "quantity": quantity});
        self.post("/api/orders", &body).await
    }

    /// Wants and gets them.
    pub async fn gets(&self, ticket: TicketId, quantity: i32) -> Order {
        placed(self.order(ticket, quantity).await).await
    }

    /// One's own order.
    pub async fn shows(&self, id: OrderId) -> Order {
        let answer = self.get(&format!("/api/orders/{id}")).await;
        expect(answer, StatusCode::OK).await.json().await.unwrap()
    }

    pub async fn cancels(&self, id: OrderId) -> StatusCode {
        let request = self.request(Method::DELETE, &format!("/api/orders/{id}"));
        request.send().await.unwrap().status()
    }
}

/// The order of an answer that must be 201.
pub async fn placed(answer: Response) -> Order {
    expect(answer, StatusCode::CREATED)
        .await
        .json()
        .await
        .unwrap()
}

/// The answer, when it has this status; fails with what it says instead.
pub async fn expect(answer: Response, status: StatusCode) -> Response {
    if answer.status() != status {
        let (found, url) = (answer.status(), answer.url().clone());
        let text = answer.text().await.unwrap_or_default();
        panic!("{url} answers {found}, not {status}: {text}");
    }
    answer
}

/// The first thing that a problem complains of.
pub async fn problem(answer: Response) -> String {
    let problem: ProblemBody = answer.json().await.unwrap();
    problem.errors[0].message.clone()
}
