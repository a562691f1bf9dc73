//! Migrations: run by `<service> migrate` as the schema's owner, never by `serve`.

use std::time::Duration;

use anyhow::Context;
use backon::{ExponentialBuilder, Retryable};
use diesel::{migration::MigrationSource, pg::Pg};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::MigrationHarness;

use crate::DatabaseSettings;

/// How long to wait for Postgres before giving up; Nomad starts the task again.
const WAIT_FOR_POSTGRES: Duration = Duration::from_secs(30);

/// Runs what has not been run yet and returns the names. Several at once wait for each other.
///
/// Migrations are expand / contract: old code serves while this runs. So that it never makes
/// the serving code queue behind it, a migration that can't get its lock in 5 s fails.
///
/// # Errors
/// When Postgres does not answer in time or a migration fails; what had succeeded stays.
pub async fn up(
    settings: &DatabaseSettings,
    migrations: impl MigrationSource<Pg>,
) -> anyhow::Result<Vec<String>> {
    with_lock(settings, |harness| {
        let run = harness
            .run_pending_migrations(migrations)
            .map_err(anyhow::Error::from_boxed)?;
        Ok(run.into_iter().map(|version| version.to_string()).collect())
    })
    .await
}

/// Reverts every migration. For tests, and for a first deployment that is taken back.
///
/// # Errors
/// As [`up`].
pub async fn down(
    settings: &DatabaseSettings,
    migrations: impl MigrationSource<Pg>,
) -> anyhow::Result<()> {
    with_lock(settings, |harness| {
        harness
            .revert_all_migrations(migrations)
            .map_err(anyhow::Error::from_boxed)?;
        Ok(())
    })
    .await
}

async fn with_lock<T>(
    settings: &DatabaseSettings,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times()
        .with_total_delay(Some(WAIT_FOR_POSTGRES));
    let mut connection = (|| settings.connect())
        .retry(patience)
        .notify(|error, _| tracing::info!(%error, "waiting for Postgres"))
        .await
        .context("Postgres does not answer")?;
    // Held by the session, so that it ends with the process at the latest. Keyed by schema: others
    // have nothing to do with each other.
    diesel::sql_query("SELECT pg_advisory_lock(hashtextextended('migrate:' || $1, 0))")
        .bind::<diesel::sql_types::Text, _>(&settings.schema)
        .execute(&mut connection)
        .await?;
    diesel::sql_query("SET lock_timeout = '5s'")
        .execute(&mut connection)
        .await?;
    work(&mut AsyncMigrationHarness::new(connection))
}
