//! Starts what production starts, on free ports. The services that web asks are started once for all tests,
//! with a schema each: every test makes people and tickets of its own. web itself is started by each test.

mod browser;
mod neighbours;
mod page;
mod stand_in;

use std::time::Duration;

use auth::domain::session::SigningKeys;
use reqwest::{Client, header::COOKIE};
use ticketing_contracts::{
    api::{auth::User as Account, orders::Order, tickets::Ticket},
    ids::{TicketId, UserId},
};
use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{Clock, Lifecycle, Settings, lifecycle::Signals};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, block_in_place},
};
use web::{app::Application, config::Serve};

pub use self::{
    browser::Browser,
    neighbours::Neighbours,
    page::{Form, Page},
    stand_in::StandIn,
};

/// What Traefik shows.
pub const FORWARDED_TOKEN: &str = "traefik";

/// Nobody listens there.
pub const NOWHERE: &str = "http://127.0.0.1:9";

/// Where web's pages are from outside, in tests.
pub const PUBLIC_URL: &str = "https://ticketing.example";

/// A running web.
pub struct App {
    pub base: String,
    pub admin: String,
    pub client: Client,
    pub lifecycle: Lifecycle,
    pub done: JoinHandle<anyhow::Result<()>>,
}

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub session: String,
}

/// What web is started with.
pub struct Builder {
    redis: RedisSettings,
    settings: Vec<(&'static str, String)>,
    clock: Clock,
}

impl Builder {
    /// Beside all the others.
    pub fn new() -> Self {
        let neighbours = Neighbours::shared();
        Self::beside(neighbours)
    }

    pub fn beside(neighbours: &Neighbours) -> Self {
        let settings = vec![
            ("HTTP_ADDRESS", "127.0.0.1:0".to_owned()),
            ("ADMIN_ADDRESS", "127.0.0.1:0".to_owned()),
            ("HTTP_WORKERS", "2".to_owned()),
            ("FORWARDED_TOKEN", FORWARDED_TOKEN.to_owned()),
            ("FORM_KEY", "forms are signed with this".to_owned()),
            ("PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("REDIS_URL", neighbours.redis.url.clone()),
            ("REDIS_PASSWORD", "no password is set".to_owned()),
            ("REDIS_PREFIX", neighbours.redis.prefix.clone()),
            ("AUTH_URL", neighbours.auth.clone()),
            ("TICKETS_URL", neighbours.tickets.clone()),
            ("ORDERS_URL", neighbours.orders.clone()),
            ("PAYMENTS_URL", neighbours.payments.clone()),
        ];
        Self {
            redis: neighbours.redis.clone(),
            settings,
            clock: Clock::system(),
        }
    }

    pub fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// With a service that can't be reached.
    pub fn without(self, service: &str) -> Self {
        let setting = match service {
            "auth" => "AUTH_URL",
            "tickets" => "TICKETS_URL",
            "orders" => "ORDERS_URL",
            "payments" => "PAYMENTS_URL",
            other => panic!("there is no service {other}"),
        };
        self.set(setting, NOWHERE)
    }

    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub fn redis(mut self, redis: RedisSettings) -> Self {
        self.redis = redis;
        self
    }

    pub fn start(self) -> App {
        let auth = self.settings.iter().rfind(|(name, _)| *name == "AUTH_URL");
        let has_auth = auth.is_some_and(|(_, url)| *url == Neighbours::shared().auth);
        let mut config =
            Serve::read(Settings::from_pairs(self.settings)).expect("the settings are right");
        config.redis = self.redis.clone();
        config.redis.password = None;
        let application = Application::build(config, self.clock).expect("it builds");
        let signals = Signals::install().unwrap();
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App {
            base: format!("http://127.0.0.1:{}", application.port().unwrap()),
            admin: format!("http://127.0.0.1:{}", application.admin_port().unwrap()),
            client: client(),
            done: tokio::spawn(application.run_until_stopped(lifecycle.clone(), signals)),
            lifecycle,
        };
        if has_auth {
            // No other service is asked for this page.
            let page = format!("{}/tickets/new", app.base);
            let known = neighbours::knows_sessions(|user| {
                let session = format!("session={}", user.session);
                app.client.get(&page).header(COOKIE, session)
            });
            block_in_place(|| Handle::current().block_on(known));
        }
        app
    }
}

impl App {
    pub fn start() -> Self {
        Builder::new().start()
    }

    /// Somebody's browser, without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// The browser of somebody who is signed in.
    pub fn browser_of(&self, user: &User) -> Browser {
        let browser = self.browser();
        browser.set_cookie("session", &user.session);
        browser
    }

    /// A value on the admin port's `/metrics`, 0 if it is not there.
    pub async fn metric(&self, name: &str) -> f64 {
        let request = self.client.get(format!("{}/metrics", self.admin));
        let text = request.send().await.unwrap().text().await.unwrap();
        let line = text
            .lines()
            .find(|line| line.split([' ', '{']).next() == Some(name));
        line.map_or(0.0, |line| {
            line.rsplit(' ').next().unwrap().parse().unwrap()
        })
    }

    /// Ends it as SIGTERM would, and waits.
    pub async fn stopped(self) {
        self.lifecycle.soft().cancel();
        self.done.await.unwrap().unwrap();
    }
}

impl User {
    /// Somebody who has never been here. auth need not know: whoever has a session is believed.
    pub fn new() -> Self {
        let now = Clock::system().now();
        let id = UserId::new(now);
        let account = Account {
            id,
            email: format!("ann.{id}@example.com"),
        };
        let keys = SigningKeys::parse(neighbours::SESSION_KEY).unwrap();
        let token = keys.sign(&account, now).unwrap();
        Self {
            id,
            email: account.email,
            session: token.as_str().to_owned(),
        }
    }

    /// Puts up a ticket with this title, for 10.50 USD.
    pub async fn offers(&self, title: &str, capacity: i32) -> Ticket {
        let body = serde_json::json!({"title": title, "price": 10.5, "capacity": capacity});
        let url = format!("{}/api/tickets", Neighbours::shared().tickets);
        let request = client().post(url).bearer_auth(&self.session).json(&body);
        neighbours::created(request).await
    }

    /// Holds some.
    pub async fn orders(&self, ticket: TicketId, quantity: i32) -> Order {
        let body = serde_json::json!({"ticketId": ticket, "quantity": quantity});
        let url = format!("{}/api/orders", Neighbours::shared().orders);
        let request = client().post(url).bearer_auth(&self.session).json(&body);
        neighbours::created(request).await
    }
}

/// A client that goes nowhere by itself.
pub fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A title that no other test has.
pub fn unique(title: &str) -> String {
    let id = UserId::new(Clock::system().now());
    let end = id.to_string().replace('-', "");
    format!("{title} {}", &end[12..])
}
