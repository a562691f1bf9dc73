//! What a stack consists of.

use anyhow::{Context, Result};

use crate::stripe::Payments;

/// What the services stand on; a job file each, started before every service.
pub const ENGINES: [&str; 3] = ["postgres", "redis", "traefik"];

/// The platform's services, in the order of starting. A new one is an entry here and a file
/// `nomad/NAME.nomad.hcl`.
pub const SERVICES: [Service; 6] = [
    Service {
        name: "auth",
        package: "auth",
        routed: true,
        listens: false,
        needs: &[
            Need::Database,
            Need::Redis,
            Need::SessionKeys,
            Need::ForwardedToken,
        ],
    },
    Service {
        name: "tickets",
        package: "tickets",
        routed: true,
        listens: true,
        needs: &[
            Need::Database,
            Need::Redis,
            Need::ForwardedToken,
            Need::ServiceToken,
            Need::CallerToken("orders"),
        ],
    },
    Service {
        name: "orders",
        package: "orders",
        routed: true,
        listens: true,
        needs: &[
            Need::Database,
            Need::Redis,
            Need::ForwardedToken,
            Need::ServiceToken,
            Need::CallerToken("tickets"),
            Need::CallerToken("payments"),
        ],
    },
    Service {
        name: "expiration",
        package: "expiration",
        routed: false,
        listens: true,
        needs: &[Need::Redis],
    },
    Service {
        name: "payments",
        package: "payments",
        routed: true,
        listens: true,
        needs: &[
            Need::Database,
            Need::Redis,
            Need::ForwardedToken,
            Need::ServiceToken,
            Need::Stripe,
        ],
    },
    Service {
        name: "web",
        package: "web",
        routed: true,
        listens: false,
        needs: &[Need::Redis, Need::ForwardedToken, Need::FormKey],
    },
];

/// What stands in for Stripe while payments are simulated. It is no service of the platform: production
/// never runs it.
pub const SIMULATOR: Service = Service {
    name: "stripe-sim",
    package: "stripe-sim",
    routed: true,
    listens: false,
    needs: &[Need::Stripe],
};

/// A secret that a service's tasks are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The passwords of its schema's owner and app role.
    Database,
    /// Redis' password.
    Redis,
    /// The private keys that sign sessions.
    SessionKeys,
    /// What proves that X-Forwarded-* come from Traefik.
    ForwardedToken,
    /// What forms of pages are signed with.
    FormKey,
    /// What it shows when it calls another service.
    ServiceToken,
    /// What this service shows when it calls.
    CallerToken(&'static str),
    /// The keys of a Stripe account, or of what stands in for it.
    Stripe,
}

/// A program of ours that runs as a job.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The job's name.
    pub name: &'static str,
    /// The cargo package, and the binary it builds.
    pub package: &'static str,
    /// Whether Traefik routes to it. One that it does not route to has an admin port only.
    pub routed: bool,
    /// Whether it handles events, and so may have dead letters.
    pub listens: bool,
    /// The secrets of its job, and no others.
    pub needs: &'static [Need],
}

impl Service {
    /// The service of this name.
    ///
    /// # Errors
    /// Names those that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        SERVICES
            .iter()
            .find(|service| service.name == name)
            .with_context(|| {
                let known: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
                format!("there is no service {name}; there is: {}", known.join(", "))
            })
    }
}

/// The program of this name that is built here: a service, or the simulator.
#[must_use]
pub fn built_here(name: &str) -> Option<&'static Service> {
    let mut all = SERVICES.iter().chain([&SIMULATOR]);
    all.find(|service| service.name == name)
}

/// Checks that there is a job of this name, a service's, an engine's or the simulator's.
///
/// # Errors
/// Names those that there are.
pub fn job_named(name: &str) -> Result<&'static str> {
    all_jobs().find(|job| *job == name).with_context(|| {
        let known: Vec<_> = all_jobs().collect();
        format!("there is no job {name}; there is: {}", known.join(", "))
    })
}

/// The services that keep their data in Postgres.
pub fn with_database() -> impl Iterator<Item = &'static Service> {
    SERVICES
        .iter()
        .filter(|service| service.needs.contains(&Need::Database))
}

/// The name in Consul by which a job's instances are counted.
#[must_use]
pub fn registered_as(job: &str) -> String {
    match Service::named(job) {
        Ok(service) if !service.routed => format!("{job}-admin"),
        _ => job.to_owned(),
    }
}

/// Every job that production runs, in the order of starting.
pub fn production_jobs() -> impl Iterator<Item = &'static str> {
    ENGINES
        .into_iter()
        .chain(SERVICES.iter().map(|service| service.name))
}

/// Every job that there is.
pub fn all_jobs() -> impl Iterator<Item = &'static str> {
    jobs(Payments::Simulated)
}

/// Every job of a stack whose payments are made like this.
pub fn jobs(payments: Payments) -> impl Iterator<Item = &'static str> {
    let simulator = payments.are_simulated().then_some(SIMULATOR.name);
    production_jobs().chain(simulator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = Service::named("auht").expect_err("unknown").to_string();
        assert!(
            error.contains("no service auht; there is: auth, tickets"),
            "{error}"
        );
        let error = job_named("mysql").expect_err("unknown").to_string();
        assert!(error.contains("postgres, redis, traefik, auth"), "{error}");
    }

    #[test]
    fn a_service_without_routes_is_found_by_its_admin_port() {
        assert_eq!(registered_as("orders"), "orders");
        assert_eq!(registered_as("expiration"), "expiration-admin");
        assert_eq!(registered_as("postgres"), "postgres");
    }

    #[test]
    fn the_simulator_is_there_when_it_is_used_and_never_in_production() {
        assert!(jobs(Payments::Simulated).any(|job| job == "stripe-sim"));
        assert!(!jobs(Payments::ByStripe).any(|job| job == "stripe-sim"));
        assert!(!production_jobs().any(|job| job == "stripe-sim"));
        assert!(Service::named("stripe-sim").is_err(), "it can't be scaled");
        assert!(built_here("stripe-sim").is_some() && built_here("orders").is_some());
    }

    #[test]
    fn every_job_has_its_file() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nomad");
        for job in all_jobs() {
            assert!(folder.join(format!("{job}.nomad.hcl")).is_file(), "{job}");
        }
    }
}
