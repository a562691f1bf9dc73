//! A Postgres cluster.

use std::{
    path::Path,
    process::Command,
    sync::{Mutex, OnceLock, PoisonError},
};

use anyhow::Context;
use nix::sys::signal::Signal;

use crate::{
    TestDatabase,
    engine::{Engine, folder, free_port, run, unprivileged},
};

pub(crate) const SUPERUSER_PASSWORD: &str = "superuser";
pub(crate) const OWNER_PASSWORD: &str = "owner";
pub(crate) const APP_PASSWORD: &str = "app";
pub(crate) const READONLY_PASSWORD: &str = "readonly";

/// A Postgres cluster of its own.
#[derive(Debug)]
pub struct Postgres {
    /// The process.
    pub engine: Engine,
    port: u16,
}

impl Postgres {
    /// Makes and starts a cluster. `fsync` is off: these tests crash processes, not machines.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(&["fsync=off"])
    }

    /// The same, as the platform's job file sets it up: a commit is on the disk. For measuring.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn durable() -> anyhow::Result<Self> {
        Self::start_with(&[
            "fsync=on",
            "shared_buffers=256MB",
            "wal_compression=on",
            "max_wal_size=2GB",
        ])
    }

    fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
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
        let place = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", folder.display()),
            "max_connections=300".into(),
        ];
        let settings = settings.iter().map(|setting| (*setting).to_owned());
        for setting in place.into_iter().chain(settings) {
            command.extend(["-c".to_owned(), setting]);
        }
        let engine = Engine::start(&command, port, folder, user.as_ref())?;
        let postgres = Self { engine, port };
        postgres.wait_until_ready()?;
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

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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
        Ok(TestDatabase::at(name.to_owned(), self.port))
    }

    /// Ends it as a crash would: the log is replayed when it starts again.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn crash(&self) -> anyhow::Result<()> {
        // SIGKILL would leave its children behind for a moment, and with them its shared memory.
        self.engine.end(Signal::SIGQUIT)
    }

    /// Starts it after it has ended, and waits until the log is replayed.
    ///
    /// # Errors
    /// When it does not start; the error holds its log.
    pub fn start_again(&self) -> anyhow::Result<()> {
        self.engine.start_again()?;
        self.wait_until_ready()
    }

    /// It listens before it lets anybody in.
    fn wait_until_ready(&self) -> anyhow::Result<()> {
        self.engine.wait_until("ready", || {
            let port = self.port.to_string();
            let mut ask = Command::new("pg_isready");
            ask.args(["--quiet", "--host=127.0.0.1", "--port", &port]);
            run(&mut ask).is_ok()
        })
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

/// Where Debian, or the PATH, has the server's programs.
fn binaries() -> anyhow::Result<String> {
    let script = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 | grep . \
                  || dirname \"$(command -v initdb)\"";
    let found =
        run(Command::new("sh").args(["-c", script])).context("Postgres is not installed")?;
    Ok(found.trim().to_owned())
}
