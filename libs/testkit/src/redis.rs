//! A Redis server, and connections to it that wait.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context, ensure};
use nix::sys::signal::Signal;
use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};

use crate::engine::{Engine, folder, free_port};

/// How long [`connect_patiently`] waits. Generous: it bounds a failure, it does not measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of the test's own to the Redis at `url`, to look and to get in the way. A service's gives
/// up within seconds; this one waits for a Redis that a busy machine makes slow.
///
/// # Panics
/// When Redis is away, or can't be connected to within a minute.
pub async fn connect_patiently(url: &str) -> MultiplexedConnection {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let client = Client::open(url).expect("it is the URL of a Redis");
    let connected = client.get_multiplexed_async_connection_with_config(&config);
    connected.await.expect("Redis answers")
}

/// A Redis on a port of its own.
#[derive(Debug)]
pub struct Redis {
    /// The process.
    pub engine: Engine,
    port: u16,
}

impl Redis {
    /// A server of the caller's own that keeps nothing, to be frozen or killed.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(&["--appendonly", "no"])
    }

    /// A server of the caller's own that keeps what it is told in an append-only file (AOF), synced
    /// every second. The file is never rewritten, so that it only grows.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn durable() -> anyhow::Result<Self> {
        let appended = ["--appendonly", "yes", "--appendfsync", "everysec"];
        let loaded = ["--aof-load-truncated", "yes"];
        let grows = ["--auto-aof-rewrite-percentage", "0"];
        let full = ["--maxmemory-policy", "noeviction"];
        Self::start_with(&[&appended[..], &loaded, &grows, &full].concat())
    }

    /// The server that all tests of this binary share. Keys must be the test's own.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().expect("Redis starts"))
    }

    /// `redis://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it. The AOF holds what [`Redis::aof_len`] has seen; the machine did not crash.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn crash(&self) -> anyhow::Result<()> {
        self.engine.end(Signal::SIGKILL)
    }

    /// Starts it after it has ended, and waits until it has read what it kept.
    ///
    /// # Errors
    /// When it does not start; the error holds its log.
    pub fn start_again(&self) -> anyhow::Result<()> {
        self.engine.start_again()?;
        self.wait_until_ready()
    }

    /// The AOF's length in bytes, with every command that has been answered: the length to
    /// [`lose_tail`](Redis::lose_tail) back to.
    ///
    /// # Errors
    /// When it keeps none, or does not answer though it runs.
    pub fn aof_len(&self) -> anyhow::Result<u64> {
        let file = File::open(self.aof()).context("this Redis keeps no AOF")?;
        if self.engine.is_running() {
            // Mostly written before the answer is, but not while the second's sync is under way.
            self.engine.wait_until("done with writing its AOF", || {
                let answer = self.ask("INFO persistence");
                answer.is_ok_and(|info| info.contains("\naof_buffer_length:0\r"))
            })?;
        }
        Ok(file.metadata()?.len())
    }

    /// Loses what the AOF holds beyond `keep` bytes, as a machine that crashes loses what was not yet
    /// synced. A command or a transaction that is cut in two is dropped at the next start.
    ///
    /// Redis 7.0 has a bug there (as Valkey had: valkey-io/valkey#4342): when the cut goes through a
    /// command inside a transaction (or a script that writes more than once), the `MULTI` stays in the
    /// file, and what is written from then on is lost at the start after the next.
    ///
    /// # Errors
    /// When it runs, keeps no AOF, or the AOF is shorter.
    pub fn lose_tail(&self, keep: u64) -> anyhow::Result<()> {
        self.ensure_ended()?;
        let len = self.aof_len()?;
        ensure!(
            keep <= len,
            "the AOF has {len} bytes, {keep} can't be kept of it"
        );
        let file = File::options().write(true).open(self.aof())?;
        Ok(file.set_len(keep)?)
    }

    /// Loses the whole AOF, as a disk that is replaced: the next start is empty.
    ///
    /// # Errors
    /// When it runs, or keeps no AOF.
    pub fn lose_everything(&self) -> anyhow::Result<()> {
        self.ensure_ended()?;
        fs::remove_dir_all(self.engine.folder().join("appendonlydir"))
            .context("this Redis keeps no AOF")
    }

    fn start_with(persistence: &[&str]) -> anyhow::Result<Self> {
        let (port, folder) = (free_port()?, folder(None)?);
        let (port_text, folder_text) = (port.to_string(), folder.display().to_string());
        let place = ["--bind", "127.0.0.1", "--port", &port_text];
        let kept = ["--dir", &folder_text, "--save", ""];
        let command: Vec<_> = [&["redis-server"], &place[..], &kept, persistence]
            .concat()
            .into_iter()
            .map(ToOwned::to_owned)
            .collect();
        let engine = Engine::start(&command, port, folder, None)?;
        let redis = Self { engine, port };
        redis.wait_until_ready()?;
        Ok(redis)
    }

    /// It listens before it has read its AOF, and says `-LOADING` until then.
    fn wait_until_ready(&self) -> anyhow::Result<()> {
        self.engine.wait_until("ready", || {
            self.ask("PING")
                .is_ok_and(|answer| answer.starts_with("+PONG"))
        })
    }

    fn ask(&self, command: &str) -> io::Result<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        connection.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn ensure_ended(&self) -> anyhow::Result<()> {
        ensure!(!self.engine.is_running(), "Redis still runs");
        Ok(())
    }

    /// All that was written since its first start: without a rewrite there is no second one.
    fn aof(&self) -> PathBuf {
        self.engine
            .folder()
            .join("appendonlydir/appendonly.aof.1.incr.aof")
    }
}
