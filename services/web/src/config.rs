//! web's settings.

use std::time::Duration;

use ticketing_http::server::HttpSettings;
use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{
    Settings, consul::ConsulSettings, settings::SettingsError, telemetry::TelemetrySettings,
};

use crate::visit::{FormKey, PublicUrl};

/// What `web serve` needs.
#[derive(Debug)]
pub struct Serve {
    /// Listeners and whom they believe.
    pub http: HttpSettings,
    /// What tells of changes.
    pub redis: RedisSettings,
    /// Where the other services are.
    pub consul: ConsulSettings,
    /// What forms are signed with.
    pub form_key: FormKey,
    /// Where the pages are reached from outside.
    pub public_url: PublicUrl,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

impl Serve {
    /// Reads the environment.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(Settings::from_env())
    }

    /// Reads the given settings; see the fields for their meaning and `nomad/web.nomad.hcl` for their
    /// names.
    ///
    /// # Errors
    /// With everything that is missing or wrong.
    pub fn read(mut settings: Settings) -> Result<Self, SettingsError> {
        let http = HttpSettings::read(&mut settings);
        let redis = RedisSettings::read(&mut settings);
        let services = ["auth", "tickets", "orders", "payments"];
        let consul = ConsulSettings::read(&mut settings, &services);
        let form_key = FormKey::read(&mut settings);
        let public_url = public_url(&mut settings);
        let telemetry = TelemetrySettings::read(&mut settings);
        let shutdown_deadline = settings.duration_or("SHUTDOWN_DEADLINE", Duration::from_secs(20));
        settings.finish(|| {
            Some(Self {
                http: http?,
                redis: redis?,
                consul: consul?,
                form_key: form_key?,
                public_url: public_url?,
                telemetry: telemetry?,
                shutdown_deadline: shutdown_deadline?,
            })
        })
    }
}

fn public_url(settings: &mut Settings) -> Option<PublicUrl> {
    let text: String = settings.required("PUBLIC_URL")?;
    let url = text.trim_end_matches('/');
    let authority = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    if authority.is_none_or(|rest| rest.is_empty() || rest.contains(['/', '?', '#'])) {
        settings.wrong("PUBLIC_URL", "not a URL such as https://ticketing.dev");
        return None;
    }
    Some(PublicUrl(url.into()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_start_without_settings_names_each_of_them() {
        let error = Serve::read(Settings::from_pairs::<&str, &str>([]))
            .unwrap_err()
            .to_string();
        for name in ["REDIS_PASSWORD", "FORWARDED_TOKEN", "FORM_KEY"] {
            assert!(
                error.contains(&format!("{name} is missing: it is a secret")),
                "{error}"
            );
        }
        for name in ["HTTP_ADDRESS", "ADMIN_ADDRESS", "REDIS_URL", "PUBLIC_URL"] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
    }

    #[rstest]
    #[case("https://ticketing.dev", Some("https://ticketing.dev"))]
    #[case("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080"))]
    #[case("ticketing.dev", None)]
    #[case("https://", None)]
    #[case("https://ticketing.dev/shop", None)]
    fn where_the_pages_are(#[case] text: &str, #[case] expected: Option<&str>) {
        let mut settings = Settings::from_pairs([("PUBLIC_URL", text)]);
        let url = public_url(&mut settings).map(|url| url.0.to_string());
        assert_eq!(url.as_deref(), expected);
    }
}
