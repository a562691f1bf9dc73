//! Stripe's own mock server.

use std::sync::OnceLock;

use crate::engine::{Engine, folder, free_port};

/// stripe-mock: it checks each request against Stripe's `OpenAPI` document and answers with the document's
/// examples. It keeps nothing: what was created is not found later.
#[derive(Debug)]
pub struct StripeMock {
    /// The process.
    pub engine: Engine,
    port: u16,
}

impl StripeMock {
    /// Starts a server on a free port. The `stripe-mock` binary must be on the PATH.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start() -> anyhow::Result<Self> {
        let (port, folder) = (free_port()?, folder(None)?);
        let address = format!("127.0.0.1:{port}");
        // Otherwise it listens for HTTPS as well, at one port of all interfaces.
        let unused = ["-https-addr", "127.0.0.1:0"];
        let command: Vec<_> = ["stripe-mock", "-http-addr", &address]
            .into_iter()
            .chain(unused)
            .map(ToOwned::to_owned)
            .collect();
        Ok(Self {
            engine: Engine::start(&command, port, folder, None)?,
            port,
        })
    }

    /// The server that all tests of this binary share.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<StripeMock> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().expect("stripe-mock starts"))
    }

    /// `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
