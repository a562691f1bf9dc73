//! A schema per test in a Postgres that the test binary shares, made by the same SQL as production's.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ticketing_postgres::DatabaseSettings;
use tokio_postgres::NoTls;

pub use crate::postgres::Postgres;
use crate::{
    engine::run,
    postgres::{APP_PASSWORD, OWNER_PASSWORD, READONLY_PASSWORD, SUPERUSER_PASSWORD},
};

/// A schema, with an owner and an app role, as each service has one. [`TestDatabase::new`] makes it in
/// the shared cluster, [`Postgres::schema`] in one that the test may break.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    schema: String,
    port: u16,
}

impl TestDatabase {
    /// A schema of the test's own in the shared cluster.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Postgres::shared()
            .schema(&name)
            .expect("the schema is made")
    }

    /// The same schema behind another port of this machine, such as a [`Link`](crate::Link)'s.
    #[must_use]
    pub fn through(&self, port: u16) -> Self {
        Self::at(self.schema.clone(), port)
    }

    pub(crate) fn at(schema: String, port: u16) -> Self {
        Self { schema, port }
    }

    /// Settings as `serve` gets them: the app role.
    #[must_use]
    pub fn app(&self) -> DatabaseSettings {
        self.settings(format!("{}_app", self.schema), APP_PASSWORD)
    }

    /// Settings as `migrate` gets them: the owner.
    #[must_use]
    pub fn owner(&self) -> DatabaseSettings {
        self.settings(format!("{}_owner", self.schema), OWNER_PASSWORD)
    }

    /// Settings as fsck gets them: the role that may read every schema.
    #[must_use]
    pub fn readonly(&self) -> DatabaseSettings {
        self.settings("ticketing_readonly".to_owned(), READONLY_PASSWORD)
    }

    /// The schema's DDL, to be compared.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn dump(&self) -> String {
        let dump = run(Command::new("pg_dump")
            .args(["--schema-only", "--schema", &self.schema, "ticketing"])
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", SUPERUSER_PASSWORD));
        // A key that psql makes up anew for every dump.
        let line_stays =
            |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        dump.expect("pg_dump works")
            .lines()
            .filter(line_stays)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// A superuser's connection, to arrange what a service could not.
    ///
    /// # Panics
    /// When it can't be had.
    pub async fn superuser(&self) -> tokio_postgres::Client {
        let config = format!(
            "host=127.0.0.1 port={} user=postgres password={SUPERUSER_PASSWORD} dbname=ticketing \
             options='-c search_path={}'",
            self.port, self.schema
        );
        let connected = tokio_postgres::connect(&config, NoTls).await;
        let (client, connection) = connected.expect("Postgres answers");
        tokio::spawn(connection);
        client
    }

    /// The port that it is reached over.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its name.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    fn settings(&self, user: String, password: &str) -> DatabaseSettings {
        DatabaseSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            name: "ticketing".to_owned(),
            user,
            password: password.into(),
            schema: self.schema.clone(),
            connections: 5,
            // Generous: a test that is about it sets its own.
            wait: Duration::from_secs(30),
            plan_once: false,
        }
    }
}

impl Default for TestDatabase {
    fn default() -> Self {
        Self::new()
    }
}
