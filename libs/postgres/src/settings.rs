//! Which database, as whom, and which schema.

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use secrecy::{ExposeSecret, SecretString};
use ticketing_runtime::Settings;

use crate::pool::connect;

/// After this long without an acknowledgement a connection counts as broken.
const UNREACHABLE: Duration = Duration::from_secs(10);

/// How a process reaches its schema.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The one database of the platform.
    pub name: String,
    /// The service's app role, or its owner role for `migrate`.
    pub user: String,
    /// That role's password.
    pub password: SecretString,
    /// The service's schema: the only thing on the search path.
    pub schema: String,
    /// The most connections this process opens.
    pub connections: usize,
    /// How long a request waits for a free connection before it is answered 503.
    pub wait: Duration,
    /// Whether statements are planned as by [`Self::planned_once`].
    pub plan_once: bool,
}

impl DatabaseSettings {
    /// Reads `DATABASE_HOST`, `DATABASE_PORT`, `DATABASE_NAME`, `DATABASE_USER`,
    /// `DATABASE_PASSWORD`, `DATABASE_SCHEMA` (by default the service's name),
    /// `DATABASE_CONNECTIONS` and `DATABASE_WAIT`.
    pub fn read(settings: &mut Settings, service: &str) -> Option<Self> {
        let host = settings.required("DATABASE_HOST");
        let port = settings.or("DATABASE_PORT", 5432);
        let name = settings.or("DATABASE_NAME", "ticketing".to_owned());
        let user = settings.required("DATABASE_USER");
        let password = settings.secret("DATABASE_PASSWORD");
        let schema = settings.or("DATABASE_SCHEMA", service.to_owned());
        let connections = settings.or("DATABASE_CONNECTIONS", 10);
        let wait = settings.duration_or("DATABASE_WAIT", Duration::from_secs(2));
        if connections == Some(0) {
            settings.wrong("DATABASE_CONNECTIONS", "at least one is needed");
        }
        Some(Self {
            host: host?,
            port: port?,
            name: name?,
            user: user?,
            password: password?,
            schema: schema?,
            connections: connections?,
            wait: wait?,
            plan_once: false,
        })
    }

    /// For those who reach everything by a key. Each statement is planned once per connection, for any
    /// values: planning one anew, as Postgres does when it knows how few its values are, takes longer
    /// than running it. Such a plan is kept while tables grow, so it goes by indexes however small they
    /// were when it was made.
    #[must_use]
    pub fn planned_once(self) -> Self {
        Self {
            plan_once: true,
            ..self
        }
    }

    /// A connection of the caller's own, outside any pool.
    ///
    /// # Errors
    /// When Postgres is away or refuses.
    pub async fn connect(&self) -> Result<AsyncPgConnection, ConnectionError> {
        connect(self.client()).await
    }

    pub(crate) fn client(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .dbname(&self.name)
            .user(&self.user)
            .password(self.password.expose_secret())
            .application_name(&self.schema)
            .connect_timeout(self.wait)
            // A Postgres that can't be reached any more is found out in seconds, not by the kernel's
            // quarter of an hour.
            .tcp_user_timeout(UNREACHABLE)
            .keepalives_idle(UNREACHABLE)
            .options(self.options());
        config
    }

    /// What a session begins with.
    fn options(&self) -> String {
        let mut options = format!("-c search_path={}", self.schema);
        if self.plan_once {
            options.push_str(" -c plan_cache_mode=force_generic_plan -c enable_seqscan=off");
        }
        options
    }
}
