//! A Redis server.

use std::sync::OnceLock;

use crate::engine::{Engine, folder, free_port};

/// A Redis without persistence, on a port of its own.
#[derive(Debug)]
pub struct Redis {
    /// The process.
    pub engine: Engine,
    port: u16,
}

impl Redis {
    /// A server of the caller's own, to be frozen or killed.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start() -> anyhow::Result<Self> {
        let (port, folder) = (free_port()?, folder(None)?);
        let text = format!(
            "redis-server --bind 127.0.0.1 --port {port} --save  --appendonly no --dir {}",
            folder.display()
        );
        let command: Vec<_> = text.split(' ').map(ToOwned::to_owned).collect();
        Ok(Self {
            engine: Engine::start(&command, port, folder, None)?,
            port,
        })
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
}
