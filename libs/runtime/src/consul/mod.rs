//! Finding the other services: their healthy instances, from Consul's catalogue.
//!
//! Registration is Nomad's; this side only resolves. One blocking query per service keeps a watch
//! channel current, so that a call costs no round trip to Consul, and the last known answer serves
//! while Consul is away. `<SERVICE>_URL` (`ORDERS_ADMIN_URL`, say) in the environment overrides the catalogue for a process
//! started by hand.

mod watch;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rs_consul::Consul;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::Settings;

/// How long the first call to a service waits for the first answer of the catalogue.
const FIRST_ANSWER: Duration = Duration::from_secs(3);

/// Where the catalogue is, and what is not to be looked up there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsulSettings {
    /// Consul's HTTP address, `http://host:port`.
    pub address: String,
    /// Base URLs by service name, from `<SERVICE>_URL`.
    pub overrides: HashMap<&'static str, String>,
}

impl ConsulSettings {
    /// Reads `CONSUL_HTTP_ADDR` and, for each of `services`, `<SERVICE>_URL`.
    pub fn read(settings: &mut Settings, services: &[&'static str]) -> Option<Self> {
        let address = settings.or("CONSUL_HTTP_ADDR", "http://127.0.0.1:8500".to_owned())?;
        let address = if address.contains("://") {
            address
        } else {
            format!("http://{address}")
        };
        let mut overrides = HashMap::new();
        for service in services {
            let name = format!("{}_URL", service.to_uppercase().replace('-', "_"));
            if let Some(url) = settings.optional::<String>(&name)? {
                overrides.insert(*service, url.trim_end_matches('/').to_owned());
            }
        }
        Some(Self { address, overrides })
    }
}

/// The client is ready for TLS, and asks the process by what: two are built in (ring comes with this
/// client, aws-lc-rs with whoever reaches Stripe), and it panics unless one of them was chosen.
fn choose_cryptography() {
    // Somebody else may have chosen before.
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Why a service can't be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Consul knows of no instance that is up.
    #[error("no healthy instance of {0}")]
    NothingHealthy(String),
    /// Consul has never answered since this process started.
    #[error("{0} can't be looked up: Consul does not answer")]
    ConsulAway(String),
}

/// Resolves service names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Resolver {
    consul: Arc<Consul>,
    settings: Arc<ConsulSettings>,
    services: Arc<Mutex<HashMap<String, Service>>>,
    stop: CancellationToken,
}

/// One service's instances, kept current in the background. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    name: Arc<str>,
    instances: tokio::sync::watch::Receiver<Option<Vec<String>>>,
    next: Arc<AtomicUsize>,
}

impl Resolver {
    /// A resolver whose background queries end with `stop`.
    #[must_use]
    pub fn new(settings: ConsulSettings, stop: CancellationToken) -> Self {
        choose_cryptography();
        let config = rs_consul::Config {
            address: settings.address.clone(),
            ..Default::default()
        };
        Self {
            consul: Arc::new(Consul::new(config)),
            settings: Arc::new(settings),
            services: Arc::default(),
            stop,
        }
    }

    /// The service called `name`. The first call starts watching it.
    #[must_use]
    pub fn service(&self, name: &str) -> Service {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        services
            .entry(name.to_owned())
            .or_insert_with(|| self.watch(name))
            .clone()
    }

    fn watch(&self, name: &str) -> Service {
        let known = self
            .settings
            .overrides
            .get(name)
            .map(|url| vec![url.clone()]);
        let overridden = known.is_some();
        let (sender, instances) = tokio::sync::watch::channel(known);
        if !overridden {
            let consul = Arc::clone(&self.consul);
            let query = watch::keep_current(consul, name.to_owned(), sender);
            tokio::spawn(self.stop.clone().run_until_cancelled_owned(query));
        }
        Service {
            name: name.into(),
            instances,
            next: Arc::default(),
        }
    }
}

impl Service {
    /// The base URL (`http://host:port`, no slash) of the instance whose turn it is.
    ///
    /// # Errors
    /// When no instance is healthy, or Consul has never answered.
    pub async fn pick(&self) -> Result<String, ResolveError> {
        let instances = self.instances().await?;
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        instances
            .get(turn % instances.len().max(1))
            .cloned()
            .ok_or_else(|| ResolveError::NothingHealthy(self.name.to_string()))
    }

    /// Base URLs of all instances that are up, as last heard.
    ///
    /// # Errors
    /// When Consul has never answered.
    pub async fn instances(&self) -> Result<Vec<String>, ResolveError> {
        let mut receiver = self.instances.clone();
        let known = timeout(FIRST_ANSWER, receiver.wait_for(Option::is_some)).await;
        match known {
            Ok(Ok(instances)) => Ok(instances.clone().unwrap_or_default()),
            Ok(Err(_)) | Err(_) => Err(ResolveError::ConsulAway(self.name.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_come_from_the_environment() {
        let pairs = [
            ("CONSUL_HTTP_ADDR", "127.0.0.1:9"),
            ("AUTH_URL", "http://127.0.0.1:3000/"),
            ("ORDERS_ADMIN_URL", "http://127.0.0.1:3001"),
        ];
        let services = ["auth", "orders-admin", "web"];
        let settings = ConsulSettings::read(&mut Settings::from_pairs(pairs), &services);
        let settings = settings.unwrap();
        assert_eq!(settings.address, "http://127.0.0.1:9");
        assert_eq!(settings.overrides["auth"], "http://127.0.0.1:3000");
        assert_eq!(settings.overrides["orders-admin"], "http://127.0.0.1:3001");
        assert!(!settings.overrides.contains_key("web"));
    }

    #[tokio::test]
    async fn an_override_needs_no_consul() {
        let settings = ConsulSettings {
            address: "http://127.0.0.1:9".into(),
            overrides: [("auth", "http://127.0.0.1:3000".to_owned())].into(),
        };
        let resolver = Resolver::new(settings, CancellationToken::new());
        assert_eq!(
            resolver.service("auth").pick().await.unwrap(),
            "http://127.0.0.1:3000"
        );
    }
}
