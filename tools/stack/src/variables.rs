//! Which secrets a job is given, as a Nomad Variable that only its own tasks can read.

use std::collections::BTreeMap;

use crate::{
    secrets::Secrets,
    services::{Need, SIMULATOR, Service},
    stripe::StripeKeys,
};

/// The items of one Variable.
pub type Items = BTreeMap<String, String>;

/// What the job's tasks need, and no more. `None` for a job without secrets.
#[must_use]
pub fn of_job(job: &str, secrets: &Secrets) -> Option<Items> {
    let items = match job {
        "postgres" => of_postgres(secrets),
        "redis" => single("password", &secrets.redis_password),
        "traefik" => single("forwarded_token", &secrets.forwarded_token),
        // Its own, whoever takes the payments.
        job if job == SIMULATOR.name => of_stripe(&secrets.simulator_keys),
        service => of_service(Service::named(service).ok()?, secrets),
    };
    (!items.is_empty()).then_some(items)
}

fn single(name: &str, value: &str) -> Items {
    Items::from([(name.to_owned(), value.to_owned())])
}

fn of_postgres(secrets: &Secrets) -> Items {
    let mut items = Items::from([
        (
            "superuser_password".to_owned(),
            secrets.superuser_password.clone(),
        ),
        (
            "readonly_password".to_owned(),
            secrets.readonly_password.clone(),
        ),
    ]);
    for (service, passwords) in &secrets.roles {
        items.insert(format!("{service}_owner_password"), passwords.owner.clone());
        items.insert(format!("{service}_app_password"), passwords.app.clone());
    }
    items
}

fn of_stripe(keys: &StripeKeys) -> Items {
    [
        ("stripe_key", &keys.secret),
        ("stripe_publishable_key", &keys.publishable),
        ("stripe_webhook_secret", &keys.webhook_secret),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .into()
}

fn of_service(service: &Service, secrets: &Secrets) -> Items {
    let mut items = Items::new();
    let mut put = |name: &str, value: &str| items.insert(name.to_owned(), value.to_owned());
    for need in service.needs {
        match need {
            Need::Database => {
                if let Some(passwords) = secrets.roles.get(service.name) {
                    put("database_owner_password", &passwords.owner);
                    put("database_app_password", &passwords.app);
                }
            }
            Need::Redis => {
                put("redis_password", &secrets.redis_password);
            }
            Need::SessionKeys => {
                put("session_keys", &secrets.session_keys.join(","));
            }
            Need::ForwardedToken => {
                put("forwarded_token", &secrets.forwarded_token);
            }
            Need::FormKey => {
                put("form_key", &secrets.form_key);
            }
            Need::ServiceToken => {
                if let Some(token) = secrets.service_tokens.get(service.name) {
                    put("service_token", token);
                }
            }
            Need::CallerToken(caller) => {
                if let Some(token) = secrets.service_tokens.get(*caller) {
                    put(&format!("{caller}_token"), token);
                }
            }
            Need::Stripe => {
                for (name, value) in of_stripe(secrets.payment_keys()) {
                    put(&name, &value);
                }
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::services::all_jobs;

    #[rstest]
    #[case::postgres("postgres", &[
        "auth_app_password", "auth_owner_password", "orders_app_password", "orders_owner_password",
        "payments_app_password", "payments_owner_password", "readonly_password", "superuser_password",
        "tickets_app_password", "tickets_owner_password",
    ])]
    #[case::redis("redis", &["password"])]
    #[case::traefik("traefik", &["forwarded_token"])]
    #[case::auth("auth", &["database_app_password", "database_owner_password", "forwarded_token", "redis_password", "session_keys"])]
    #[case::tickets("tickets", &[
        "database_app_password", "database_owner_password", "forwarded_token", "orders_token",
        "redis_password", "service_token",
    ])]
    #[case::orders("orders", &[
        "database_app_password", "database_owner_password", "forwarded_token", "payments_token",
        "redis_password", "service_token", "tickets_token",
    ])]
    #[case::expiration("expiration", &["redis_password"])]
    #[case::payments("payments", &[
        "database_app_password", "database_owner_password", "forwarded_token", "redis_password",
        "service_token", "stripe_key", "stripe_publishable_key", "stripe_webhook_secret",
    ])]
    #[case::web("web", &["form_key", "forwarded_token", "redis_password"])]
    #[case::simulator("stripe-sim", &["stripe_key", "stripe_publishable_key", "stripe_webhook_secret"])]
    fn a_job_gets_what_it_needs_and_no_more(#[case] job: &str, #[case] expected: &[&str]) {
        let items = of_job(job, &Secrets::generate()).expect("items");
        assert_eq!(items.keys().collect::<Vec<_>>(), expected);
        assert!(items.values().all(|value| !value.is_empty()));
    }

    #[test]
    fn the_superuser_is_nobodys_but_postgres() {
        let secrets = Secrets::generate();
        for job in all_jobs().filter(|job| *job != "postgres") {
            let items = of_job(job, &secrets).unwrap_or_default();
            assert!(
                !items
                    .values()
                    .any(|value| *value == secrets.superuser_password),
                "{job}"
            );
        }
    }

    #[test]
    fn a_service_shows_what_the_others_expect() {
        let secrets = Secrets::generate();
        let items = |job| of_job(job, &secrets).expect("items");
        assert_eq!(
            items("orders")["service_token"],
            items("tickets")["orders_token"]
        );
        assert_eq!(
            items("tickets")["service_token"],
            items("orders")["tickets_token"]
        );
        assert_eq!(
            items("payments")["service_token"],
            items("orders")["payments_token"]
        );
    }

    #[test]
    fn the_simulator_never_gets_stripes_keys() {
        let mut secrets = Secrets::generate();
        let items = |secrets: &Secrets, job| of_job(job, secrets).expect("items");
        let simulated = items(&secrets, "payments");
        assert_eq!(
            simulated["stripe_key"],
            items(&secrets, "stripe-sim")["stripe_key"]
        );
        secrets.stripe_keys = Some(StripeKeys::generate());
        let by_stripe = items(&secrets, "payments");
        assert!(by_stripe["stripe_key"] != simulated["stripe_key"]);
        assert_eq!(
            items(&secrets, "stripe-sim")["stripe_key"],
            simulated["stripe_key"]
        );
    }

    #[test]
    fn session_keys_keep_their_order() {
        let mut secrets = Secrets::generate();
        secrets.add_session_key();
        let items = of_job("auth", &secrets).expect("items");
        assert_eq!(items["session_keys"], secrets.session_keys.join(","));
    }
}
