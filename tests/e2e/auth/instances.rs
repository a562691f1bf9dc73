//! Instances come, go and die while requests keep coming.

use std::collections::HashSet;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ticketing_testkit::eventually;

use crate::harness::{Stack, Traffic};

async fn passing(stack: &Stack, count: usize) -> Vec<String> {
    eventually(&format!("{count} instances pass"), async || {
        let instances = stack.passing("auth").await;
        (instances.len() == count).then_some(instances)
    })
    .await
}

/// How many requests an instance has answered.
async fn answered(stack: &Stack, admin: &str) -> u64 {
    let metrics = stack
        .client
        .get(format!("http://{admin}/metrics"))
        .send()
        .await;
    let Ok(metrics) = metrics else { return 0 };
    let metrics = metrics.text().await.unwrap();
    let counts = metrics.lines().filter(|line| {
        line.starts_with("http_requests_total") && line.contains("/api/users/currentuser")
    });
    counts
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

#[tokio::test]
async fn a_second_instance_takes_traffic_and_leaves_without_a_failure() {
    let stack = Stack::get();
    let traffic = Traffic::start(&format!("{}/api/users/currentuser", stack.base));
    stack.stack(&["scale", "auth", "2"]);
    passing(&stack, 2).await;
    eventually("both instances answer", async || {
        let mut counts = Vec::new();
        for admin in stack.passing("auth-admin").await {
            counts.push(answered(&stack, &admin).await);
        }
        (counts.len() == 2 && counts.iter().all(|count| *count > 10)).then_some(())
    })
    .await;
    stack.stack(&["scale", "auth", "1"]);
    passing(&stack, 1).await;
    traffic.end_without_failure().await;
}

#[tokio::test]
async fn killing_one_of_two_costs_no_get_and_it_comes_back() {
    let stack = Stack::get();
    stack.stack(&["scale", "auth", "2"]);
    let before: HashSet<_> = passing(&stack, 2).await.into_iter().collect();
    let victim = before
        .iter()
        .find_map(|address| stack.pid_on(address))
        .unwrap();
    let traffic = Traffic::start(&format!("{}/api/users/currentuser", stack.base));
    eventually("traffic flows", async || {
        (traffic.answered() > 200).then_some(())
    })
    .await;

    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();

    eventually("Nomad has brought it back", async || {
        let now = stack.passing("auth").await;
        if now.len() < 2 || !now.iter().all(|address| before.contains(address)) {
            return None;
        }
        let serves = |address| stack.pid_on(address).is_some_and(|pid| pid != victim);
        now.iter().all(|address| serves(address)).then_some(())
    })
    .await;
    let so_far = traffic.answered();
    eventually("traffic goes on", async || {
        (traffic.answered() > so_far + 200).then_some(())
    })
    .await;
    traffic.end_without_failure().await;
    stack.stack(&["scale", "auth", "1"]);
    passing(&stack, 1).await;
}
