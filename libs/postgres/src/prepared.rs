//! SQL that Postgres parses and plans once per connection.
//!
//! `diesel::sql_query` is prepared anew each time: a second round trip, and for a small statement most
//! of its cost. This is for statements that the query builder can't say (set-wise ones over arrays,
//! say) and that run often.

use std::{marker::PhantomData, str::Split};

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::Error,
    serialize::ToSql,
    sql_types::HasSqlType,
};

/// A statement with a `{}` for each value, in their order:
///
/// ```
/// use diesel::sql_types::{Array, BigInt};
/// use ticketing_postgres::prepared;
///
/// let numbers = vec![1, 2];
/// let doubled = prepared("SELECT n * {} FROM unnest({}) AS n")
///     .bind::<BigInt, _>(2)
///     .bind::<Array<BigInt>, _>(&numbers)
///     .returning::<BigInt>();
/// ```
///
/// The text decides which statement it is: it must have few values, so it is no place for a variable.
pub fn prepared(text: &'static str) -> Prepared<(), ()> {
    Prepared {
        text,
        values: (),
        row: PhantomData,
    }
}

/// A statement and its values; run it by `diesel_async::RunQueryDsl`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Prepared<Row, Values> {
    text: &'static str,
    values: Values,
    row: PhantomData<fn() -> Row>,
}

/// A value after others.
#[derive(Debug, Clone)]
pub struct Bound<Before, SqlType, Value> {
    before: Before,
    value: Value,
    sql_type: PhantomData<fn() -> SqlType>,
}

impl<Row, Values> Prepared<Row, Values> {
    /// The value of the next `{}`.
    pub fn bind<SqlType, Value>(
        self,
        value: Value,
    ) -> Prepared<Row, Bound<Values, SqlType, Value>> {
        Prepared {
            text: self.text,
            values: Bound {
                before: self.values,
                value,
                sql_type: PhantomData,
            },
            row: PhantomData,
        }
    }

    /// The SQL types of the columns that come back.
    pub fn returning<Columns>(self) -> Prepared<Columns, Values> {
        Prepared {
            text: self.text,
            values: self.values,
            row: PhantomData,
        }
    }
}

/// The values of a statement, between the pieces of its text.
trait Values {
    fn push<'b>(
        &'b self,
        pieces: &mut Split<'static, &'static str>,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()>;
}

impl Values for () {
    fn push<'b>(
        &'b self,
        pieces: &mut Split<'static, &'static str>,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        out.push_sql(piece(pieces)?);
        Ok(())
    }
}

impl<Before: Values, SqlType, Value> Values for Bound<Before, SqlType, Value>
where
    Pg: HasSqlType<SqlType>,
    Value: ToSql<SqlType, Pg>,
{
    fn push<'b>(
        &'b self,
        pieces: &mut Split<'static, &'static str>,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        self.before.push(pieces, out)?;
        out.push_bind_param::<SqlType, _>(&self.value)?;
        out.push_sql(piece(pieces)?);
        Ok(())
    }
}

fn piece(pieces: &mut Split<'static, &'static str>) -> QueryResult<&'static str> {
    pieces
        .next()
        .ok_or_else(|| Error::QueryBuilderError("the statement has fewer {} than values".into()))
}

impl<Row, V: Values> QueryFragment<Pg> for Prepared<Row, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split("{}");
        self.values.push(&mut pieces, &mut out)?;
        match pieces.next() {
            None => Ok(()),
            Some(_) => Err(Error::QueryBuilderError(
                "the statement has more {} than values".into(),
            )),
        }
    }
}

/// By its text, not by its type.
impl<Row, V> QueryId for Prepared<Row, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row, V> Query for Prepared<Row, V> {
    type SqlType = Row;
}
