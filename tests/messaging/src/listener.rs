//! Notes every event, and keeps a copy of each thing.

use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_messaging::{Delivery, consumer::Failure, inbox::Handler};
use ticketing_postgres::prepared;

use crate::{PANIC, ThingEvent};

/// The handler.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listener;

impl Handler for Listener {
    type Event = ThingEvent;

    async fn handle(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &[&Delivery<ThingEvent>],
    ) -> Result<(), Failure> {
        note(connection, batch).await
    }
}

/// Set-wise: one statement for the effects, one for the copies, however many events there are.
///
/// # Errors
/// When Postgres fails, or refuses a weight.
///
/// # Panics
/// When an event's weight is [`PANIC`].
pub async fn note(
    connection: &mut AsyncPgConnection,
    batch: &[&Delivery<ThingEvent>],
) -> Result<(), Failure> {
    let things = || {
        batch.iter().map(|delivery| {
            let ThingEvent::Changed(thing) = &delivery.event;
            thing
        })
    };
    assert!(
        things().all(|thing| thing.weight != PANIC),
        "a weight that nobody can bear"
    );
    let ids: Vec<_> = batch.iter().map(|delivery| delivery.envelope.id).collect();
    let subjects: Vec<_> = things().map(|thing| thing.id).collect();
    let versions: Vec<_> = things().map(|thing| thing.version).collect();
    let weights: Vec<_> = things().map(|thing| thing.weight).collect();
    prepared(
        "INSERT INTO effect (event_id, subject, version, weight) \
         SELECT * FROM unnest({}, {}, {}, {})",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(&subjects)
    .bind::<Array<BigInt>, _>(&versions)
    .bind::<Array<BigInt>, _>(weights)
    .execute(connection)
    .await?;
    // Only what is newer; ordered, so that two listeners don't wait for each other.
    prepared(
        "WITH newest AS (SELECT subject, max(version) AS version \
                         FROM unnest({}, {}) AS event (subject, version) \
                         GROUP BY subject ORDER BY subject), \
              applied AS (INSERT INTO copy (subject, version) SELECT subject, version FROM newest \
                          ON CONFLICT (subject) DO UPDATE SET version = excluded.version \
                          WHERE copy.version < excluded.version RETURNING subject, version) \
         INSERT INTO copy_history (subject, version) SELECT subject, version FROM applied",
    )
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Array<BigInt>, _>(versions)
    .execute(connection)
    .await?;
    Ok(())
}
