//! The relay's session in Postgres: the lock that makes it the leader, and all it reads and writes.
//!
//! One connection for everything: while a statement on it succeeds, the lock is held.

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    result::Error,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::{FutureExt, StreamExt};
use ticketing_postgres::{DatabaseSettings, prepared};
use uuid::Uuid;

use super::{floor::Horizon, leader::Batch};
use crate::{envelope::Envelope, stamp::Stamp};

/// A leader that does not look for this long (it is stopped, say) loses its session, and so the lock.
const IDLE: &str = "SET idle_session_timeout = '15s'";

/// A statement that takes longer is stuck.
const STATEMENT: &str = "SET statement_timeout = '30s'";

/// A stamp that a crash of Postgres loses makes the row be published twice, which the listeners'
/// inboxes know: no batch has to wait for the disk.
const COMMIT: &str = "SET synchronous_commit = off";

/// The statistics never fit: rows change state as soon as they are there. Postgres takes those that
/// have no stamp for none at all, or for half of the table, and then goes through all of them for each
/// row of a batch, or through the whole table. So what depends on an estimate is ruled out: the batch's
/// range of an index, hashed, whatever there is around it, and that is planned once. What is ruled out
/// counts as so expensive that it would be worth compiling, where there is no other plan.
const PLANS: [&str; 2] = ["SET enable_nestloop = off", "SET jit = off"];

pub(super) struct Session {
    connection: AsyncPgConnection,
}

/// A row that is not published.
#[derive(Debug)]
pub(super) struct Unpublished {
    pub seq: i64,
    pub envelope: Envelope,
}

/// How much there is to publish, and since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backlog {
    pub depth: i64,
    pub oldest: Option<DateTime<Utc>>,
}

/// A row's number (in the outbox, or of its stamp) and its event.
type Row = (
    i64,
    Uuid,
    String,
    Uuid,
    i64,
    DateTime<Utc>,
    Option<String>,
    String,
);
type RowTypes = (
    BigInt,
    SqlUuid,
    Text,
    SqlUuid,
    BigInt,
    Timestamptz,
    Nullable<Text>,
    Text,
);

fn split((number, id, kind, subject, version, time, traceparent, data): Row) -> (i64, Envelope) {
    let envelope = Envelope {
        id,
        kind,
        subject,
        version,
        time,
        trace: traceparent.and_then(|header| header.parse().ok()),
        data,
    };
    (number, envelope)
}

impl Session {
    /// A session that leads, or `None` while another one does.
    pub async fn lead(database: &DatabaseSettings) -> anyhow::Result<Option<Self>> {
        let mut connection = database.clone().planned_once().connect().await?;
        let locked: bool =
            prepared("SELECT pg_try_advisory_lock(hashtextextended('relay:' || {}, 0))")
                .bind::<Text, _>(&database.schema)
                .returning::<Bool>()
                .get_result(&mut connection)
                .await?;
        if !locked {
            return Ok(None);
        }
        for setting in [IDLE, STATEMENT, COMMIT].iter().chain(&PLANS) {
            diesel::sql_query(*setting).execute(&mut connection).await?;
        }
        diesel::sql_query(format!("LISTEN \"{}\"", super::channel(database)))
            .execute(&mut connection)
            .await?;
        Ok(Some(Self { connection }))
    }

    /// The highest stamp that was given, and up to where all groups have acknowledged.
    pub async fn positions(&mut self) -> QueryResult<(Stamp, Stamp)> {
        let (highest, acked) = prepared(
            "SELECT greatest(acked, (SELECT max(stamp) FROM outbox WHERE stamp IS NOT NULL)), acked \
             FROM outbox_position",
        )
        .returning::<(BigInt, BigInt)>()
        .get_result(&mut self.connection)
        .await?;
        Ok((Stamp::from_number(highest), Stamp::from_number(acked)))
    }

    /// How far the database is.
    pub async fn horizon(&self) -> QueryResult<Horizon> {
        let (seq, oldest, next) = prepared(
            // A sequence that was never used tells its first value as its last. The snapshot's xmax
            // would not do as the next id: it is that after the last one that has ended.
            "SELECT last_value - (NOT is_called)::int, pg_snapshot_xmin(s)::text::bigint, \
                    pg_current_xact_id()::text::bigint \
             FROM outbox_seq, pg_current_snapshot() AS s",
        )
        .returning::<(BigInt, BigInt, BigInt)>()
        .get_result(&mut &self.connection)
        .await?;
        Ok(Horizon { seq, oldest, next })
    }

    /// Rows that are not published, in their order.
    pub async fn unpublished(&mut self, floor: i64, limit: i64) -> QueryResult<Vec<Unpublished>> {
        let rows: Vec<Row> = prepared(
            "SELECT seq, id, kind, subject, version, time, traceparent, data \
             FROM outbox WHERE stamp IS NULL AND seq > {} ORDER BY seq LIMIT {}",
        )
        .bind::<BigInt, _>(floor)
        .bind::<BigInt, _>(limit)
        .returning::<RowTypes>()
        .get_results(&mut self.connection)
        .await?;
        let unpublished = |row: Row| {
            let (seq, envelope) = split(row);
            Unpublished { seq, envelope }
        };
        Ok(rows.into_iter().map(unpublished).collect())
    }

    /// Rows that were published after `after`, up to `upto`, in the order of their stamps.
    pub async fn published(
        &mut self,
        after: Stamp,
        upto: Stamp,
        limit: i64,
    ) -> QueryResult<Vec<(Stamp, Envelope)>> {
        let rows: Vec<Row> = prepared(
            "SELECT stamp, id, kind, subject, version, time, traceparent, data \
             FROM outbox WHERE stamp > {} AND stamp <= {} ORDER BY stamp LIMIT {}",
        )
        .bind::<BigInt, _>(after.number())
        .bind::<BigInt, _>(upto.number())
        .bind::<BigInt, _>(limit)
        .returning::<RowTypes>()
        .get_results(&mut self.connection)
        .await?;
        let published = |row: Row| {
            let (number, envelope) = split(row);
            (Stamp::from_number(number), envelope)
        };
        Ok(rows.into_iter().map(published).collect())
    }

    /// Notes that these rows are published. Only the partitions of their times are looked at.
    pub async fn stamp(&self, batch: &Batch) -> QueryResult<()> {
        let (first, last) = match batch.seqs[..] {
            [first, .., last] => (first, last),
            [only] => (only, only),
            [] => return Ok(()),
        };
        let stamped = prepared(
            "UPDATE outbox SET stamp = published.stamp \
             FROM unnest({}, {}) AS published (seq, stamp) \
             WHERE outbox.seq = published.seq AND outbox.seq BETWEEN {} AND {} \
               AND outbox.time BETWEEN {} AND {} AND outbox.stamp IS NULL",
        )
        .bind::<Array<BigInt>, _>(&batch.seqs)
        .bind::<Array<BigInt>, _>(&batch.stamps)
        .bind::<BigInt, _>(first)
        .bind::<BigInt, _>(last)
        .bind::<Timestamptz, _>(batch.span.0)
        .bind::<Timestamptz, _>(batch.span.1)
        .execute(&mut &self.connection)
        .await?;
        // Only the holder of the lock stamps.
        if stamped == batch.seqs.len() {
            Ok(())
        } else {
            Err(Error::RollbackTransaction)
        }
    }

    /// Both in one round trip.
    pub async fn stamp_and_look(&self, batch: &Batch) -> QueryResult<Horizon> {
        let ((), horizon) = futures::try_join!(self.stamp(batch), self.horizon())?;
        Ok(horizon)
    }

    /// Notes up to where all groups have acknowledged. It never falls: what was acknowledged once has
    /// taken effect.
    pub async fn acknowledged(&mut self, upto: Stamp) -> QueryResult<()> {
        prepared(
            "UPDATE outbox_position SET acked = new.acked FROM (SELECT {} AS acked) AS new \
             WHERE outbox_position.acked < new.acked",
        )
        .bind::<BigInt, _>(upto.number())
        .execute(&mut self.connection)
        .await
        .map(drop)
    }

    /// How much is waiting above `floor`.
    pub async fn backlog(&mut self, floor: i64) -> QueryResult<Backlog> {
        let (depth, oldest) =
            prepared("SELECT count(*), min(time) FROM outbox WHERE stamp IS NULL AND seq > {}")
                .bind::<BigInt, _>(floor)
                .returning::<(BigInt, Nullable<Timestamptz>)>()
                .get_result(&mut self.connection)
                .await?;
        Ok(Backlog { depth, oldest })
    }

    /// No event below this one can be published again.
    pub async fn replay_floor(&mut self) -> QueryResult<Uuid> {
        prepared("SELECT messaging_replay_floor()")
            .returning::<SqlUuid>()
            .get_result(&mut self.connection)
            .await
    }

    /// Waits for another process to announce a commit.
    pub async fn announced(&mut self) {
        let mut notifications = std::pin::pin!(self.connection.notifications_stream());
        if notifications.next().await.is_none() {
            // The connection is broken; the next statement finds out.
            return;
        }
        // One look is enough for all that came meanwhile.
        while notifications.next().now_or_never().flatten().is_some() {}
    }
}
