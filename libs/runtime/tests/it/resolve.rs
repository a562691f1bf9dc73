//! Instances come and go, and so does Consul.

use std::collections::{HashMap, HashSet};

use nix::sys::signal::Signal;
use ticketing_runtime::consul::{ConsulSettings, ResolveError, Resolver, Service};
use ticketing_testkit::{Consul, engine::free_port, eventually};
use tokio_util::sync::CancellationToken;

fn resolver(address: String) -> Resolver {
    let settings = ConsulSettings {
        address,
        overrides: HashMap::new(),
    };
    Resolver::new(settings, CancellationToken::new())
}

async fn becomes(service: &Service, ports: &[u16]) {
    let expected: Vec<_> = ports
        .iter()
        .map(|port| format!("http://127.0.0.1:{port}"))
        .collect();
    eventually(&format!("the instances are {expected:?}"), async || {
        (service.instances().await.ok()? == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn instances_come_and_go() {
    let consul = Consul::start().unwrap();
    let service = resolver(consul.address()).service("auth");
    eventually("Consul has been asked", async || {
        (service.pick().await == Err(ResolveError::NothingHealthy("auth".into()))).then_some(())
    })
    .await;

    consul.register("auth", 1001, "passing").unwrap();
    consul.register("auth", 1002, "passing").unwrap();
    consul.register("other", 1003, "passing").unwrap();
    becomes(&service, &[1001, 1002]).await;
    let mut picked = HashSet::new();
    for _ in 0..2 {
        picked.insert(service.pick().await.unwrap());
    }
    assert_eq!(picked.len(), 2, "round robin");

    // An instance dies: its check turns critical.
    consul.set_status("auth", 1001, "critical").unwrap();
    becomes(&service, &[1002]).await;
    // A dependency of the instance is down: it still answers for itself.
    consul.set_status("auth", 1002, "warning").unwrap();
    consul.set_status("auth", 1001, "passing").unwrap();
    becomes(&service, &[1001, 1002]).await;

    consul.set_status("auth", 1001, "critical").unwrap();
    consul.set_status("auth", 1002, "critical").unwrap();
    becomes(&service, &[]).await;
    let error = service.pick().await.unwrap_err();
    assert_eq!(error.to_string(), "no healthy instance of auth");
}

#[tokio::test]
async fn consul_goes_and_comes_back() {
    let consul = Consul::start().unwrap();
    consul.register("auth", 1001, "passing").unwrap();
    let service = resolver(consul.address()).service("auth");
    becomes(&service, &[1001]).await;

    consul.engine.end(Signal::SIGKILL).unwrap();
    for _ in 0..10 {
        assert_eq!(
            service.pick().await.unwrap(),
            "http://127.0.0.1:1001",
            "the last answer is kept"
        );
    }
    // It comes back with an index that begins anew, and somebody else is registered.
    consul.engine.start_again().unwrap();
    consul.register("auth", 1002, "passing").unwrap();
    becomes(&service, &[1002]).await;
    consul.register("auth", 1003, "passing").unwrap();
    becomes(&service, &[1002, 1003]).await;
}

#[tokio::test]
async fn a_consul_that_was_never_there_is_named() {
    let address = format!("http://127.0.0.1:{}", free_port().unwrap());
    let error = resolver(address).service("auth").pick().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "auth can't be looked up: Consul does not answer"
    );
}
