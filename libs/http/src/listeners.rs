//! What a service listens on, bound before anything else is started: a taken port is found at once.

use std::{io, net::TcpListener};

use anyhow::Context;

use crate::server::HttpSettings;

/// The port that Traefik routes to, and the admin port.
#[derive(Debug)]
pub struct Listeners<Public = TcpListener> {
    /// Through Traefik. `()` where there is nothing for it.
    pub public: Public,
    /// Health, metrics and internal routes.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds both. Port 0 takes a free one.
    ///
    /// # Errors
    /// When an address can't be bound.
    pub fn bind(settings: &HttpSettings) -> anyhow::Result<Self> {
        Ok(Self {
            public: bind(&settings.address)?,
            admin: bind(&settings.admin_address)?,
        })
    }

    /// The port that Traefik routes to.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.public.local_addr()?.port())
    }
}

impl Listeners<()> {
    /// Binds the admin port, the only one there is.
    ///
    /// # Errors
    /// When the address can't be bound.
    pub fn bind_admin(address: &str) -> anyhow::Result<Self> {
        Ok(Self {
            public: (),
            admin: bind(address)?,
        })
    }
}

impl<Public> Listeners<Public> {
    /// The admin port.
    ///
    /// # Errors
    /// When the listener has gone.
    pub fn admin_port(&self) -> io::Result<u16> {
        Ok(self.admin.local_addr()?.port())
    }
}

fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{address} can't be listened on"))
}
