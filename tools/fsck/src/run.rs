//! Looks at everything.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use redis::aio::MultiplexedConnection;
use ticketing_contracts::events::{Event, ExpirationEvent, OrderEvent, PaymentEvent, TicketEvent};
use ticketing_postgres::tx;

use crate::{
    checks::{self, Finding},
    config::Config,
    patience::{Next, Patience, Verdict},
    report::Report,
    store::{
        self, copies, deadlines,
        messaging::{self, Hearing},
        orders, payments, simulator, streams,
    },
};

/// Between two lines that tell what is waited for.
const TELL: Duration = Duration::from_secs(5);

/// What to look at.
#[derive(Debug, Clone)]
pub struct Options {
    /// What holds at rest as well.
    pub at_rest: bool,
    /// How long that is waited for.
    pub wait: Duration,
    /// Between two looks.
    pub pause: Duration,
    /// Dead letters that are no breach: `service/id`.
    pub explained: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            at_rest: true,
            wait: Duration::from_secs(30),
            pause: Duration::from_millis(500),
            explained: Vec::new(),
        }
    }
}

/// Looks at everything, and says now and then what it waits for.
///
/// # Errors
/// When Postgres or Redis does not answer.
pub async fn run(
    config: &Config,
    options: &Options,
    progress: impl Fn(&str),
) -> anyhow::Result<Report> {
    let started = Instant::now();
    let mut postgres = config.database.connect().await?;
    let mut verdicts = Vec::new();
    if options.at_rest {
        let mut redis = config.redis.connect().await?;
        verdicts = wait_for_rest(&mut postgres, &mut redis, config, options, &progress).await?;
    }
    // Last, so that it sees what was done meanwhile; and once, since it is what takes long.
    store::begin_snapshot(&mut postgres).await?;
    let always = look_at_what_always_holds(&mut postgres, config).await;
    let always = tx::end(&mut postgres, always).await?;
    verdicts.extend(
        always
            .into_iter()
            .map(|finding| Verdict { finding, passed: 0 }),
    );
    Ok(Report::of(verdicts, started.elapsed()))
}

async fn wait_for_rest(
    postgres: &mut AsyncPgConnection,
    redis: &mut MultiplexedConnection,
    config: &Config,
    options: &Options,
    progress: &impl Fn(&str),
) -> anyhow::Result<Vec<Verdict>> {
    let mut patience = Patience::new(options.wait);
    let (started, mut told) = (Instant::now(), Instant::now());
    loop {
        store::begin_snapshot(postgres).await?;
        let at = started.elapsed();
        let findings = look_at_what_holds_at_rest(postgres, redis, config, options).await;
        let findings = tx::end(postgres, findings).await?;
        if patience.note(at, findings) == Next::Done {
            return Ok(patience.verdicts());
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            let waiting = patience.waiting_for();
            let names: Vec<_> = waiting
                .iter()
                .map(|(invariant, count)| format!("{} {count}", invariant.name()))
                .collect();
            progress(&format!("fsck waits for: {}", names.join(", ")));
        }
        tokio::time::sleep(options.pause).await;
    }
}

/// A failure within a snapshot.
type Outcome = Result<Vec<Finding>, Failure>;

/// For [`tx::end`], which wants to know of errors that can be those of a database.
#[derive(Debug)]
struct Failure(anyhow::Error);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

async fn look_at_what_always_holds(connection: &mut AsyncPgConnection, config: &Config) -> Outcome {
    let schemas = &config.schemas;
    let (schema, mut findings) = (&schemas.orders, Vec::new());
    let tickets = orders::tickets(connection, schema).await?;
    findings.extend(checks::stock::tickets(&tickets));
    let sales = orders::odd_sales(connection, schema).await?;
    findings.push(checks::orders::sales(tickets.len(), &sales));
    let count = usize::try_from(orders::count(connection, schema).await?).unwrap_or_default();
    let odd = orders::odd_orders(connection, schema).await?;
    findings.extend(checks::orders::orders(count, &odd));
    findings.push(checks::orders::items(count, &tickets, &odd));
    let (count, pairs) = copies::pairs(connection, schemas).await?;
    findings.extend(checks::copies::equal(count, &pairs));
    findings.extend(checks::payments::always(
        &payments::counts(connection, schemas).await?,
        &payments::oddly_paid(connection, schemas).await?,
        &payments::shared(connection, schemas).await?,
        &payments::odd(connection, schemas).await?,
        &payments::copies(connection, schemas).await?,
    ));
    findings.push(inboxes(connection, config).await?);
    Ok(findings)
}

async fn inboxes(connection: &mut AsyncPgConnection, config: &Config) -> Result<Finding, Failure> {
    let schemas = &config.schemas;
    let (orders, tickets, payments) = (&schemas.orders, &schemas.tickets, &schemas.payments);
    // expiration has no inbox: to note a deadline again changes nothing.
    let hearings = [
        Hearing {
            producer: tickets,
            kinds: heard_by::<TicketEvent>("orders"),
            listener: orders,
            service: "orders",
        },
        Hearing {
            producer: orders,
            kinds: heard_by::<OrderEvent>("tickets"),
            listener: tickets,
            service: "tickets",
        },
        Hearing {
            producer: payments,
            kinds: heard_by::<PaymentEvent>("orders"),
            listener: orders,
            service: "orders",
        },
        Hearing {
            producer: orders,
            kinds: heard_by::<OrderEvent>("payments"),
            listener: payments,
            service: "payments",
        },
    ];
    let (mut seen, mut missing) = (0, Vec::new());
    for hearing in &hearings {
        let window = config.bounds.inbox;
        let (count, some) = messaging::unhandled(connection, hearing, window).await?;
        seen += usize::try_from(count).unwrap_or_default();
        missing.extend(some);
    }
    Ok(checks::messaging::inboxes(seen, &missing))
}

fn heard_by<E: Event>(service: &str) -> Vec<&'static str> {
    let heard = E::HEARD_BY.iter().filter(|(_, by)| by.contains(&service));
    heard.map(|(kind, _)| *kind).collect()
}

async fn look_at_what_holds_at_rest(
    postgres: &mut AsyncPgConnection,
    redis: &mut MultiplexedConnection,
    config: &Config,
    options: &Options,
) -> Outcome {
    let (schemas, bounds) = (&config.schemas, &config.bounds);
    let (orders_schema, tickets_schema) = (&schemas.orders, &schemas.tickets);
    let payments_schema = &schemas.payments;
    // All of Postgres' first, the snapshot begins with it; Redis is as new or newer.
    let boxes = [
        messaging::outbox(postgres, tickets_schema, bounds.outbox).await?,
        messaging::outbox(postgres, orders_schema, bounds.outbox).await?,
        messaging::outbox(postgres, payments_schema, bounds.outbox).await?,
    ];
    let (count, pairs) = copies::pairs(postgres, schemas).await?;
    let (open, now) = orders::open(postgres, orders_schema).await?;
    let mut letters = messaging::dead_letters(postgres, tickets_schema, "tickets").await?;
    letters.extend(messaging::dead_letters(postgres, orders_schema, "orders").await?);
    letters.extend(messaging::dead_letters(postgres, payments_schema, "payments").await?);
    let takings = payments::takings(postgres, schemas).await?;
    let paying = checks::payments::at_rest(
        &payments::counts(postgres, schemas).await?,
        &payments::oddly_paid(postgres, schemas).await?,
        &payments::under_way(postgres, schemas, bounds).await?,
        &payments::copies(postgres, schemas).await?,
        &takings,
    );

    let streams = [
        streams::of::<TicketEvent>(redis, &config.redis).await?,
        streams::of::<OrderEvent>(redis, &config.redis).await?,
        streams::of::<PaymentEvent>(redis, &config.redis).await?,
        streams::of::<ExpirationEvent>(redis, &config.redis).await?,
    ];
    let deadlines = deadlines::all(redis, &config.redis).await?;
    letters.extend(deadlines::dead_letters(redis, &config.redis).await?);
    let open_ids: HashSet<_> = open.iter().map(|order| order.id).collect();
    let scheduled = deadlines.kept.iter().map(|(id, _)| *id);
    let others: Vec<_> = scheduled.filter(|id| !open_ids.contains(id)).collect();
    let unknown = orders::unknown(postgres, orders_schema, &others).await?;

    let overdue = TimeDelta::from_std(bounds.overdue).unwrap_or(TimeDelta::days(365));
    let published: Vec<_> = boxes.iter().zip(&streams).collect();
    let mut findings = vec![
        checks::messaging::outboxes(&boxes),
        checks::messaging::streams(&published),
        checks::messaging::groups(&streams, bounds.pending),
        checks::schedule::known(&deadlines, &unknown),
        checks::messaging::dead_letters(4, &letters, &options.explained),
    ];
    findings.extend(checks::copies::current(count, &pairs));
    findings.extend(paying);
    if let Some(simulator) = &config.simulator {
        let totals = simulator::totals(simulator).await?;
        findings.push(checks::payments::simulator(&takings, &totals));
    }
    findings.extend(checks::schedule::open_orders(
        &open, &deadlines, now, overdue,
    ));
    Ok(findings)
}
