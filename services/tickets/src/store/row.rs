//! A ticket's row, read by position.

use chrono::{DateTime, Utc};
use diesel::{
    deserialize::{Queryable, Result},
    pg::Pg,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use ticketing_contracts::ids::{OrderId, TicketId, UserId};
use uuid::Uuid;

use crate::domain::{Stock, Ticket};

/// The columns of [`Columns`], for the texts of statements.
macro_rules! columns {
    () => {
        "id, version, title, price, currency, user_id, capacity, max_per_order, max_per_person, \
         deleted, created_at, updated_at, stock_version, stock_ticket_version, stock_capacity, \
         held, sold, next_release_at, order_id"
    };
}
pub(super) use columns;

/// What the seller says, and what orders say.
pub(super) type Columns = (Said, Reported);

type Said = (
    SqlUuid,
    BigInt,
    Text,
    BigInt,
    Text,
    SqlUuid,
    Integer,
    Nullable<Integer>,
    Nullable<Integer>,
    Bool,
    Timestamptz,
    Timestamptz,
);

type Reported = (
    BigInt,
    BigInt,
    Nullable<Integer>,
    Integer,
    Integer,
    Nullable<Timestamptz>,
    Nullable<SqlUuid>,
);

type SaidRow = (
    Uuid,
    i64,
    String,
    i64,
    String,
    Uuid,
    i32,
    Option<i32>,
    Option<i32>,
    bool,
    DateTime<Utc>,
    DateTime<Utc>,
);

type ReportedRow = (
    i64,
    i64,
    Option<i32>,
    i32,
    i32,
    Option<DateTime<Utc>>,
    Option<Uuid>,
);

impl Queryable<Columns, Pg> for Ticket {
    type Row = (SaidRow, ReportedRow);

    fn build((said, reported): Self::Row) -> Result<Self> {
        #[rustfmt::skip]
        let (
            id, version, title, price, currency, user_id, capacity, max_per_order, max_per_person,
            deleted, created_at, updated_at,
        ) = said;
        let (stock_version, ticket_version, stock_capacity, held, sold, next_release_at, order_id) =
            reported;
        Ok(Self {
            id: TicketId(id),
            version,
            title,
            price,
            currency: currency.parse()?,
            user_id: UserId(user_id),
            capacity,
            max_per_order,
            max_per_person,
            deleted,
            created_at,
            updated_at,
            stock: Stock {
                version: stock_version,
                ticket_version,
                capacity: stock_capacity,
                held,
                sold,
                next_release_at,
                order_id: order_id.map(OrderId),
            },
        })
    }
}
