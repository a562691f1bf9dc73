//! What the database says of a sale.

use std::time::Duration;

use anyhow::{Context, ensure};
use stack::secrets::Secrets;
use ticketing_contracts::ids::TicketId;
use tokio_postgres::{Client, NoTls};

use crate::stack::Stack;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How many.
const LOOKS: u32 = 3_000;

/// Of the log, 16 MB each: what `min_wal_size` keeps in the job's file.
const SEGMENTS: u32 = 60;

/// A connection that may do everything: it reads all schemas, and puts old orders into one.
pub struct Books {
    client: Client,
}

/// How a ticket stands.
pub struct Stood {
    /// Held and sold, as the stock says.
    pub taken: i64,
    /// The same, as the orders say.
    pub ordered: i64,
}

impl Books {
    pub async fn open(stack: &Stack, secrets: &Secrets) -> anyhow::Result<Self> {
        let config = format!(
            "host=127.0.0.1 port={} user=postgres password={} dbname=ticketing",
            stack.postgres_port, secrets.superuser_password
        );
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// As if it had been running for a while: the segments of its log are there, to be used again. Making
    /// one means writing it twice, and whoever commits waits for that.
    pub async fn run_in(&self) -> anyhow::Result<()> {
        for _ in 0..SEGMENTS {
            let fill = "SELECT pg_logical_emit_message(true, 'bench', ''), pg_switch_wal()";
            self.client.batch_execute(fill).await?;
        }
        self.client.batch_execute("CHECKPOINT").await?;
        Ok(())
    }

    /// Waits until orders knows every ticket that is put up.
    pub async fn knows(&self) -> anyhow::Result<()> {
        let unknown = "SELECT count(*) FROM tickets.ticket AS t \
                       WHERE NOT EXISTS (SELECT FROM orders.inventory WHERE ticket_id = t.id)";
        self.reach_zero(unknown)
            .await
            .context("orders does not hear of tickets")
    }

    /// Waits until every event of orders is published.
    pub async fn drained(&self) -> anyhow::Result<()> {
        let unpublished = "SELECT count(*) FROM orders.outbox WHERE stamp IS NULL";
        self.reach_zero(unpublished)
            .await
            .context("the relay does not get there")
    }

    /// How many orders are complete.
    pub async fn complete(&self) -> anyhow::Result<u64> {
        let complete = "SELECT count(*) FROM orders.orders WHERE status = 'complete'";
        let count: i64 = self.client.query_one(complete, &[]).await?.get(0);
        Ok(u64::try_from(count)?)
    }

    async fn reach_zero(&self, count: &str) -> anyhow::Result<()> {
        for _ in 0..LOOKS {
            let left: i64 = self.client.query_one(count, &[]).await?.get(0);
            if left == 0 {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::bail!("it took too long")
    }

    pub async fn stock(&self, ticket: TicketId) -> anyhow::Result<Stood> {
        let row = self
            .client
            .query_one(
                "SELECT (held + sold)::bigint, \
                        (SELECT coalesce(sum(quantity), 0) FROM orders.order_item AS i \
                         JOIN orders.orders AS o ON o.id = i.order_id AND o.status <> 'cancelled' \
                         WHERE i.ticket_id = s.ticket_id) \
                 FROM orders.inventory AS s WHERE ticket_id = $1",
                &[&ticket.0],
            )
            .await?;
        Ok(Stood {
            taken: row.get(0),
            ordered: row.get(1),
        })
    }

    /// Orders of last year, of this ticket and by as many persons, that nobody paid for: what nobody owes
    /// anything for. Their ids are of their time.
    pub async fn add_old_orders(&self, count: u64, ticket: TicketId) -> anyhow::Result<()> {
        let count = i64::try_from(count)?;
        let id = "(lpad(to_hex(1730000000000 + n), 12, '0') || '7000' || \
                  '8' || substr(md5(n::text), 1, 15))::uuid";
        let statements = [
            format!(
                "INSERT INTO orders.orders (id, version, user_id, status, reason, created_at, \
                        expires_at, release_at, total, currency) \
                 SELECT {id}, 3, md5((n % 2000000)::text)::uuid, 'cancelled', 'expired', t, t, t, 2500, \
                        'USD' \
                 FROM generate_series(1, {count}) AS n, \
                      LATERAL (SELECT to_timestamp(1730000000 + n / 1000)) AS at (t)"
            ),
            format!(
                "INSERT INTO orders.order_item (order_id, position, ticket_id, ticket_version, title, \
                        price, quantity) \
                 SELECT {id}, 0, '{ticket}', 1, 'Last year', 2500, 1 \
                 FROM generate_series(1, {count}) AS n"
            ),
            "VACUUM (ANALYZE) orders.orders".to_owned(),
            "VACUUM (ANALYZE) orders.order_item".to_owned(),
            "CHECKPOINT".to_owned(),
        ];
        for statement in statements {
            self.client.batch_execute(&statement).await?;
        }
        let there: i64 = self
            .client
            .query_one("SELECT count(*) FROM orders.orders WHERE version = 3", &[])
            .await?
            .get(0);
        ensure!(there >= count, "only {there} old orders were added");
        Ok(())
    }
}

/// Lets `fsck` have a look at everything, on the stack that is measured.
pub async fn check(stack: &Stack) -> anyhow::Result<()> {
    let this = std::env::current_exe()?;
    let program = this.with_file_name("stack");
    let status = tokio::process::Command::new(program)
        .args(["fsck", "--release"])
        .env("TICKETING_STATE", &stack.state)
        .status()
        .await
        .context("stack can't be started")?;
    ensure!(status.success(), "fsck found a breach");
    Ok(())
}
