//! Accounts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ticketing_contracts::{
    api::auth::{User, normalised_email},
    ids::UserId,
};
use ticketing_postgres::errors::violated;

use super::schema::users;
use crate::error::Error;

/// Adds an account. Its address must be trimmed.
///
/// # Errors
/// [`Error::EmailInUse`] when another account has this address in any letter case.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    user: &User,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        users::id.eq(user.id.0),
        users::email.eq(&user.email),
        users::normalised_email.eq(normalised_email(&user.email)),
        users::password_hash.eq(password_hash),
        users::created_at.eq(now),
    );
    match diesel::insert_into(users::table)
        .values(row)
        .execute(connection)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if violated(&error, "users_normalised_email_key") => Err(Error::EmailInUse),
        Err(error) => Err(error.into()),
    }
}

/// The account with this address, in any letter case, and its password's hash.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    email: &str,
) -> Result<Option<(User, String)>, Error> {
    let row: Option<(uuid::Uuid, String, String)> = users::table
        .filter(users::normalised_email.eq(normalised_email(email)))
        .select((users::id, users::email, users::password_hash))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(|(id, email, hash)| {
        (
            User {
                id: UserId(id),
                email,
            },
            hash,
        )
    }))
}
