//! What a stack consists of.

use anyhow::{Context, Result};

/// What the services stand on; a job file each, started before every service.
pub const ENGINES: [&str; 3] = ["postgres", "redis", "traefik"];

/// The platform's services. A new one is a line here and a file `nomad/NAME.nomad.hcl`.
pub const SERVICES: [Service; 1] = [Service {
    name: "auth",
    package: "auth",
    listens: false,
    needs: &[
        Need::Database,
        Need::Redis,
        Need::SessionKeys,
        Need::ForwardedToken,
    ],
}];

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
}

/// A service of the platform.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The job's name, and Consul's.
    pub name: &'static str,
    /// The cargo package, and the binary it builds.
    pub package: &'static str,
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

/// Checks that there is a job of this name, a service's or an engine's.
///
/// # Errors
/// Names those that there are.
pub fn job_named(name: &str) -> Result<&'static str> {
    all_jobs().find(|job| *job == name).with_context(|| {
        let known: Vec<_> = all_jobs().collect();
        format!("there is no job {name}; there is: {}", known.join(", "))
    })
}

/// Every job, in the order of starting.
pub fn all_jobs() -> impl Iterator<Item = &'static str> {
    ENGINES
        .into_iter()
        .chain(SERVICES.iter().map(|service| service.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = Service::named("auht").expect_err("unknown").to_string();
        assert!(error.contains("no service auht; there is: auth"), "{error}");
        let error = job_named("mysql").expect_err("unknown").to_string();
        assert!(error.contains("postgres, redis, traefik, auth"), "{error}");
    }

    #[test]
    fn every_job_has_its_file() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nomad");
        for job in all_jobs() {
            assert!(folder.join(format!("{job}.nomad.hcl")).is_file(), "{job}");
        }
    }
}
