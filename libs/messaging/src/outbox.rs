//! What is to be published, written in the transaction that makes it true.

use diesel::{
    QueryResult,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_postgres::prepared;

use crate::envelope::Envelope;

/// Appends one event. To be called under the row lock of what it is about, so that its events are in
/// the order of its versions.
///
/// # Errors
/// When the statement fails; the transaction is to be rolled back then.
pub async fn append(connection: &mut AsyncPgConnection, event: &Envelope) -> QueryResult<()> {
    append_all(connection, std::slice::from_ref(event)).await
}

/// Appends events in their order, by one statement however many they are.
///
/// # Errors
/// As [`append`].
pub async fn append_all(connection: &AsyncPgConnection, events: &[Envelope]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    fn column<'a, T>(events: &'a [Envelope], of: impl Fn(&'a Envelope) -> T) -> Vec<T> {
        events.iter().map(of).collect()
    }
    let added = prepared(
        "INSERT INTO outbox (id, kind, subject, version, time, traceparent, data) \
         SELECT * FROM unnest({}, {}, {}, {}, {}, {}, {})",
    )
    .bind::<Array<diesel::sql_types::Uuid>, _>(column(events, |e| e.id))
    .bind::<Array<Text>, _>(column(events, |e| e.kind.as_str()))
    .bind::<Array<diesel::sql_types::Uuid>, _>(column(events, |e| e.subject))
    .bind::<Array<BigInt>, _>(column(events, |e| e.version))
    .bind::<Array<Timestamptz>, _>(column(events, |e| e.time))
    .bind::<Array<Nullable<Text>>, _>(column(events, |e| e.trace.map(|t| t.traceparent())))
    .bind::<Array<Text>, _>(column(events, |e| e.data.as_str()))
    .execute(&mut &*connection)
    .await?;
    metrics::counter!("messaging_appended_total").increment(added as u64);
    Ok(())
}
