//! Changes things, and says so.

use anyhow::Result;
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_messaging::{Envelope, outbox};
use ticketing_postgres::tx;
use uuid::Uuid;

use crate::{Thing, ThingEvent};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Gives each of `things` its next version, and appends an event for each, in one transaction.
/// Returns the events' ids.
///
/// # Errors
/// When Postgres fails.
pub async fn change(
    connection: &mut AsyncPgConnection,
    things: &[Uuid],
    weight: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    tx::begin(connection).await?;
    let changed = change_all(connection, things, weight, now).await;
    tx::end(connection, changed).await
}

async fn change_all(
    connection: &mut AsyncPgConnection,
    things: &[Uuid],
    weight: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let mut things = things.to_vec();
    things.sort_unstable();
    let rows: Vec<Row> = diesel::sql_query(
        "INSERT INTO thing (id, version) SELECT unnest($1), 1 \
         ON CONFLICT (id) DO UPDATE SET version = thing.version + 1 RETURNING id, version",
    )
    .bind::<Array<SqlUuid>, _>(things)
    .get_results(connection)
    .await?;
    let mut events = Vec::with_capacity(rows.len());
    for Row { id, version } in rows {
        let thing = Thing {
            id,
            version,
            weight,
        };
        events.push(Envelope::of(&ThingEvent::Changed(thing), now)?);
    }
    outbox::append_all(connection, &events).await?;
    Ok(events.into_iter().map(|event| event.id).collect())
}
