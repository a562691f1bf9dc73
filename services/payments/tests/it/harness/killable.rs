//! payments as a process of its own, to be killed.

use std::process::Command;

use reqwest::Client;
use secrecy::ExposeSecret;
use ticketing_contracts::ids::PaymentId;
use ticketing_runtime::Lifecycle;
use ticketing_testkit::{connect_patiently, engine::free_port, process::Process};

use super::{App, World, now};

impl World {
    /// Starts the binary, as an instance of this name.
    pub async fn spawn(&self, instance: &str) -> (Process, App) {
        self.spawn_with(instance, &[]).await
    }

    /// The same with these settings.
    pub async fn spawn_with(
        &self,
        instance: &str,
        settings: &[(&'static str, &str)],
    ) -> (Process, App) {
        let [http, admin] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port().unwrap()));
        self.let_in("process").await;
        let redis = self.redis.url.replace("redis://", "redis://process@");
        let mut command = Command::new(env!("CARGO_BIN_EXE_payments"));
        let mut environment = self.environment_of(instance);
        environment.extend(self.environment.iter().cloned());
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        command.arg("serve").env_clear().envs(environment);
        if settings.iter().all(|(name, _)| *name != "REDIS_URL") {
            command.env("REDIS_URL", &redis);
        }
        let role = &self.settings;
        command
            .env("DATABASE_WAIT", "30s")
            .env("HTTP_ADDRESS", &http)
            .env("ADMIN_ADDRESS", &admin)
            .env("DATABASE_HOST", &role.host)
            .env("DATABASE_PORT", role.port.to_string())
            .env("DATABASE_USER", &role.user)
            .env("DATABASE_PASSWORD", role.password.expose_secret())
            .env("DATABASE_SCHEMA", &role.schema);
        let process = Process::start(&mut command).unwrap();
        let base = format!("http://{http}");
        let client = Client::builder().no_proxy().build().unwrap();
        let payments = format!("{base}/api/payments/{}", PaymentId::new(now()));
        self.is_let_in(&client, &payments).await;
        self.sim.send_webhooks_to(&base);
        let app = App {
            base,
            admin: format!("http://{admin}"),
            client,
            lifecycle: Lifecycle::new(std::time::Duration::ZERO),
            done: tokio::spawn(async { Ok(()) }),
        };
        (process, app)
    }

    /// A service always shows a password, and the tests' Redis has none: this user's is any.
    async fn let_in(&self, user: &str) {
        let mut connection = connect_patiently(&self.redis.url).await;
        redis::cmd("ACL")
            .arg(&["SETUSER", user, "on", "nopass", "~*", "&*", "+@all"])
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
    }
}
