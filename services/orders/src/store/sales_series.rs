//! How a ticket stood at given moments, from what was noted of each minute.

use chrono::{DateTime, SubsecRound, Utc};
use diesel::{
    OptionalExtension, QueryResult,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    ids::{TicketId, UserId},
    money::Currency,
};
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::corrupt;
use crate::sales::State;

/// How a ticket stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Whose it is.
    pub seller: UserId,
    /// How many there are.
    pub capacity: i32,
    /// What became of them.
    pub state: State,
    /// What the revenue is counted in.
    pub currency: Currency,
    /// The first minute of which something was noted.
    pub first: Option<DateTime<Utc>>,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// How the ticket stands now.
///
/// # Errors
/// When the database fails.
pub async fn figures(
    connection: &mut AsyncPgConnection,
    ticket: TicketId,
) -> QueryResult<Option<Figures>> {
    type Row = (
        Uuid,
        i32,
        i32,
        i32,
        i64,
        String,
        Option<DateTime<Utc>>,
        DateTime<Utc>,
    );
    let row: Option<Row> = prepared(
        "SELECT seller_id, capacity, held, sold, revenue, currency, \
                (SELECT min(minute) FROM sales WHERE sales.ticket_id = inventory.ticket_id), \
                clock_timestamp() \
         FROM inventory WHERE ticket_id = {}",
    )
    .bind::<SqlUuid, _>(ticket.0)
    .returning::<(
        SqlUuid,
        Integer,
        Integer,
        Integer,
        BigInt,
        Text,
        Nullable<Timestamptz>,
        Timestamptz,
    )>()
    .get_result(connection)
    .await
    .optional()?;
    let Some((seller, capacity, held, sold, revenue, currency, first, now)) = row else {
        return Ok(None);
    };
    let currency = currency.parse();
    Ok(Some(Figures {
        seller: UserId(seller),
        capacity,
        state: State {
            held,
            sold,
            revenue,
        },
        currency: currency.map_err(|_| corrupt("the currency", ticket.0))?,
        first,
        now: now.trunc_subsecs(3),
    }))
}

/// How the ticket stood at each of these moments, in their order: a look into the index for each,
/// however many minutes lie between.
///
/// # Errors
/// When the database fails.
pub async fn at(
    connection: &mut AsyncPgConnection,
    ticket: TicketId,
    moments: &[DateTime<Utc>],
) -> QueryResult<Vec<State>> {
    if moments.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i32, i32, i64)> = prepared(
        "SELECT coalesce(last.held, 0), coalesce(last.sold, 0), coalesce(last.revenue, 0) \
         FROM unnest({}) WITH ORDINALITY AS moment (at, number) \
         LEFT JOIN LATERAL (SELECT held, sold, revenue FROM sales \
                            WHERE ticket_id = {} AND minute < moment.at \
                            ORDER BY minute DESC LIMIT 1) AS last ON true \
         ORDER BY moment.number",
    )
    .bind::<Array<Timestamptz>, _>(moments)
    .bind::<SqlUuid, _>(ticket.0)
    .returning::<(Integer, Integer, BigInt)>()
    .get_results(connection)
    .await?;
    let state = |(held, sold, revenue)| State {
        held,
        sold,
        revenue,
    };
    Ok(rows.into_iter().map(state).collect())
}
