//! A schema per test in a Postgres that the test binary shares, made by the same SQL as production's.

use std::{
    path::Path,
    process::Command,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use nix::sys::signal::Signal;
use ticketing_postgres::DatabaseSettings;
use tokio_postgres::NoTls;

use crate::engine::{Engine, folder, free_port, run, unprivileged};

const SUPERUSER_PASSWORD: &str = "superuser";
const OWNER_PASSWORD: &str = "owner";
const APP_PASSWORD: &str = "app";
const READONLY_PASSWORD: &str = "readonly";

/// A Postgres cluster of its own.
#[derive(Debug)]
pub struct Postgres {
    /// The process.
    pub engine: Engine,
    port: u16,
}

/// A schema, with an owner and an app role, as each service has one.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    schema: String,
    port: u16,
}

impl Postgres {
    /// Makes and starts a cluster. `fsync` is off: these tests crash processes, not machines.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let bin = binaries()?;
        let user = unprivileged("postgres")?;
        let (port, folder) = (free_port()?, folder(user.as_ref())?);
        let data = folder.join("data");
        let script = format!(
            r#"printf {SUPERUSER_PASSWORD} >password
            "{bin}/initdb" --pgdata=data --username=postgres --pwfile=password \
              --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync"#
        );
        let mut initdb = Command::new("sh");
        initdb.args(["-euc", &script]).current_dir(&folder);
        if let Some(user) = &user {
            use std::os::unix::process::CommandExt;
            initdb.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        run(&mut initdb)?;
        let mut command = vec![
            format!("{bin}/postgres"),
            "-D".into(),
            data.display().to_string(),
        ];
        for setting in [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", folder.display()),
            "fsync=off".into(),
            "max_connections=300".into(),
        ] {
            command.extend(["-c".to_owned(), setting]);
        }
        let engine = Engine::start(&command, port, folder, user.as_ref())?;
        let postgres = Self { engine, port };
        postgres.provision("provision.sql", "postgres", &[])?;
        Ok(postgres)
    }

    /// The cluster that all tests of this binary share.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().expect("Postgres starts"))
    }

    /// A new schema with its roles.
    ///
    /// # Errors
    /// When the SQL fails.
    pub fn schema(&self, name: &str) -> anyhow::Result<TestDatabase> {
        // Grants on the database change one shared row: two at once fail.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let service = format!("--set=service={name}");
        self.provision("provision-service.sql", "ticketing", &[&service])?;
        Ok(TestDatabase {
            schema: name.to_owned(),
            port: self.port,
        })
    }

    /// Ends it as a crash would: the log is replayed when it starts again.
    ///
    /// # Errors
    /// When it has gone already.
    pub fn crash(&self) -> anyhow::Result<()> {
        // SIGKILL would leave its children behind for a moment, and with them its shared memory.
        self.engine.end(Signal::SIGQUIT)
    }

    fn provision(&self, file: &str, database: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let sql = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../postgres")
            .join(file);
        run(Command::new("psql")
            .args(["--no-psqlrc", "--dbname", database, "--file"])
            .arg(sql)
            .args(arguments)
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", SUPERUSER_PASSWORD)
            .env("DATABASE_READONLY_PASSWORD", READONLY_PASSWORD)
            .env("DATABASE_OWNER_PASSWORD", OWNER_PASSWORD)
            .env("DATABASE_APP_PASSWORD", APP_PASSWORD))?;
        Ok(())
    }
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
            wait: Duration::from_secs(5),
        }
    }
}

impl Default for TestDatabase {
    fn default() -> Self {
        Self::new()
    }
}

/// Where Debian, or the PATH, has the server's programs.
fn binaries() -> anyhow::Result<String> {
    let script = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 | grep . \
                  || dirname \"$(command -v initdb)\"";
    let found =
        run(Command::new("sh").args(["-c", script])).context("Postgres is not installed")?;
    Ok(found.trim().to_owned())
}
