//! Tickets, page by page.

use diesel::{
    QueryResult,
    sql_types::{BigInt, Bool, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::ids::UserId;
use ticketing_postgres::prepared;
use uuid::Uuid;

use super::row::{Columns, columns};
use crate::domain::{PageRequest, Search, Ticket};

/// The tickets of a page, newest first, and one more if there is another page.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    connection: &mut AsyncPgConnection,
    request: &PageRequest,
) -> QueryResult<Vec<Ticket>> {
    // No id is above this one: without a cursor, the statement is the same.
    let below = request.after.map_or(Uuid::max(), |after| after.0);
    let limit = request.limit + 1;
    match (&request.search, request.owner) {
        (None, None) => listed(connection, below, limit).await,
        (None, Some(owner)) => of_seller(connection, owner, below, limit).await,
        (Some(search), None) => found(connection, search, below, limit).await,
        (Some(search), Some(owner)) => {
            found_of_seller(connection, search, owner, below, limit).await
        }
    }
}

async fn listed(
    connection: &mut AsyncPgConnection,
    below: Uuid,
    limit: i64,
) -> QueryResult<Vec<Ticket>> {
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM ticket WHERE listed_id < {} ORDER BY listed_id DESC LIMIT {}"
    ))
    .bind::<SqlUuid, _>(below)
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}

async fn of_seller(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    below: Uuid,
    limit: i64,
) -> QueryResult<Vec<Ticket>> {
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM ticket WHERE user_id = {} AND NOT deleted AND id < {} ORDER BY id DESC LIMIT {}"
    ))
    .bind::<SqlUuid, _>(owner.0)
    .bind::<SqlUuid, _>(below)
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}

/// By the index of words, and then the newest of what it finds. Left to itself the planner would often go
/// through all tickets by id instead, and take each title apart: it believes that no word is rarer than
/// one in fifty. OFFSET 0 keeps it from that.
async fn found(
    connection: &mut AsyncPgConnection,
    search: &Search,
    below: Uuid,
    limit: i64,
) -> QueryResult<Vec<Ticket>> {
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM (SELECT * FROM ticket \
                WHERE listed_id IS NOT NULL AND ticket_words(title) @@ ticket_query({}, {}) OFFSET 0) AS found \
          WHERE id < {} ORDER BY id DESC LIMIT {}"
    ))
    .bind::<Text, _>(search.words())
    .bind::<Bool, _>(search.typing())
    .bind::<SqlUuid, _>(below)
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}

async fn found_of_seller(
    connection: &mut AsyncPgConnection,
    search: &Search,
    owner: UserId,
    below: Uuid,
    limit: i64,
) -> QueryResult<Vec<Ticket>> {
    prepared(concat!(
        "SELECT ",
        columns!(),
        " FROM ticket WHERE user_id = {} AND NOT deleted AND id < {} \
          AND ticket_words(title) @@ ticket_query({}, {}) ORDER BY id DESC LIMIT {}"
    ))
    .bind::<SqlUuid, _>(owner.0)
    .bind::<SqlUuid, _>(below)
    .bind::<Text, _>(search.words())
    .bind::<Bool, _>(search.typing())
    .bind::<BigInt, _>(limit)
    .returning::<Columns>()
    .get_results(connection)
    .await
}
