//! A schema and a writer without a service around it: steps, as the service takes them.

use std::time::Duration;

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use payments::{
    domain::{Finding, Method, Payment},
    error::Error,
    paying::{Patience, Writer, writer::Settings},
    store::{
        batch::{Begin, Confirming, Success},
        migrations,
        webhooks::Hint,
    },
};
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    internal::Lease,
    money::Currency,
};
use ticketing_http::idempotency::Repeatable;
use ticketing_messaging::{Envelope, Wake};
use ticketing_postgres::{DatabaseSettings, Pool, migrate};
use ticketing_testkit::{Link, TestDatabase};
use uuid::Uuid;

use super::now;

/// What a writer says of a step.
pub type Asked = BoxFuture<'static, Result<bool, Error>>;

pub struct Books {
    pub database: TestDatabase,
    pub pool: Pool,
    /// A superuser's connection.
    pub sql: tokio_postgres::Client,
    pub writer: Writer,
}

impl Books {
    pub async fn open() -> Self {
        let database = TestDatabase::new();
        let run = migrate::up(&database.owner(), migrations()).await;
        run.expect("the migrations run");
        Self {
            pool: Pool::new(&database.app()).unwrap(),
            sql: database.superuser().await,
            writer: writer(database.app()),
            database,
        }
    }

    /// Whose writer has a link to the database that can break.
    pub async fn open_behind_a_link() -> (Self, Link) {
        let mut books = Self::open().await;
        let link = Link::to(books.database.port()).await;
        books.writer = writer(books.database.through(link.port()).app());
        (books, link)
    }

    pub fn begins(&self, one: &Begin) -> Asked {
        let (writer, begin) = (self.writer.clone(), one.clone());
        async move { writer.begin(begin).await }.boxed()
    }

    pub fn confirms(&self, one: &Begin) -> Asked {
        let (writer, attempt) = (self.writer.clone(), confirming(one));
        async move { writer.confirming(attempt).await }.boxed()
    }

    pub fn notes(&self, one: &Begin) -> Asked {
        let (writer, hint) = (self.writer.clone(), hint(one));
        async move { writer.note(hint).await }.boxed()
    }

    pub fn succeeds(&self, one: &Begin) -> Asked {
        let (writer, success) = (self.writer.clone(), success(one));
        async move { writer.succeed(success).await }.boxed()
    }

    /// A number out of Postgres.
    pub async fn number(&self, sql: &str) -> i64 {
        self.sql.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// In how many transactions the rows of a table were written last.
    pub async fn transactions(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(DISTINCT xmin::text) FROM {table}"))
            .await
    }

    /// All that there is, but for times and what is made up anew.
    pub async fn rows(&self) -> Vec<String> {
        let rows = "SELECT (to_jsonb(p) - '{attempted_at, created_at, due_at}'::text[] \
                            || jsonb_build_object('due', due_at IS NOT NULL))::text FROM payment p \
                    UNION ALL SELECT (to_jsonb(a) - 'begun_at')::text FROM attempt a \
                    UNION ALL SELECT id FROM webhook_event \
                    UNION ALL SELECT jsonb_build_array(kind, subject, version, data)::text FROM outbox \
                    ORDER BY 1";
        let rows = self.sql.query(rows, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

pub fn patience() -> Patience {
    Patience::with(Duration::from_secs(60))
}

pub fn writer(database: DatabaseSettings) -> Writer {
    Writer::start(Settings {
        database,
        instance: "one".into(),
        patience: patience(),
        wake: Wake::default(),
        bell: std::sync::Arc::default(),
    })
}

/// All of them in one batch: the one thread that there is asks for all before the writer gets its turn. To
/// be called in a test with one worker.
pub async fn at_once(asked: impl IntoIterator<Item = Asked>) -> Vec<Result<bool, Error>> {
    let asked: Vec<_> = asked.into_iter().collect();
    tokio::spawn(join_all(asked)).await.unwrap()
}

/// The same, which the database has no reason to refuse.
pub async fn done_at_once(asked: impl IntoIterator<Item = Asked>) -> Vec<bool> {
    let done = at_once(asked).await;
    done.into_iter().map(Result::unwrap).collect()
}

/// The payment of this number, of an order and a buyer of its own.
pub fn begin(number: u128) -> Begin {
    let lease = Lease {
        number: 1,
        release_at: now(),
        amount: 10_50,
        currency: Currency::USD,
    };
    let [payment, order, user] = [1, 2, 3].map(|kind| Uuid::from_u128((kind << 64) | number));
    let (payment, order, user) = (PaymentId(payment), OrderId(order), UserId(user));
    let method = Method::from("tok_visa".to_owned());
    Begin {
        payment: Payment::begin(payment, order, user, &lease, method, now()),
        request: None,
    }
}

/// The same, asked for with a key.
pub fn begin_with(number: u128, key: &str) -> Begin {
    let mut begin = begin(number);
    begin.request = Some(Repeatable {
        user: begin.payment.user_id,
        route: "POST /api/payments",
        key: key.to_owned(),
        fingerprint: [7; 32],
    });
    begin
}

fn intent(begin: &Begin) -> String {
    format!("pi_{}", begin.payment.id)
}

pub fn confirming(begin: &Begin) -> Confirming {
    Confirming {
        id: begin.payment.id,
        attempt: 1,
        intent: intent(begin),
    }
}

pub fn success(begin: &Begin) -> Success {
    let mut payment = begin.payment.clone();
    payment.intent = Some(intent(begin));
    let event = payment.take(1, Finding::Succeeded).unwrap();
    Success {
        id: payment.id,
        version: payment.version,
        intent: intent(begin),
        event: Envelope::of(&event, now()).unwrap(),
    }
}

pub fn hint(begin: &Begin) -> Hint {
    Hint {
        event: format!("evt_{}", begin.payment.id),
        at: now(),
        intent: intent(begin),
        payment: Some(begin.payment.id),
    }
}
