//! Instances come, go and die while requests keep coming.

use std::collections::HashSet;

use ticketing_testkit::eventually;

use crate::harness::{Stack, Traffic, kill_at_once};

#[tokio::test]
async fn a_second_instance_takes_traffic_and_leaves_without_a_failure() {
    let stack = Stack::get();
    let traffic = Traffic::start(&format!("{}/api/users/currentuser", stack.base));
    stack.scaled("auth", 2).await;
    eventually("both instances answer", async || {
        let mut counts = Vec::new();
        for admin in stack.passing("auth-admin").await {
            counts.push(stack.answered(&admin, "/api/users/currentuser").await?);
        }
        (counts.len() == 2 && counts.iter().all(|count| *count > 10)).then_some(())
    })
    .await;
    stack.scaled("auth", 1).await;
    traffic.end_without_failure().await;
}

#[tokio::test]
async fn killing_one_of_two_costs_no_get_and_it_comes_back() {
    let stack = Stack::get();
    let before: HashSet<_> = stack.scaled("auth", 2).await.into_iter().collect();
    let victim = before
        .iter()
        .find_map(|address| stack.pid_on(address))
        .unwrap();
    let traffic = Traffic::start(&format!("{}/api/users/currentuser", stack.base));
    eventually("traffic flows", async || {
        (traffic.answered() > 200).then_some(())
    })
    .await;

    assert!(kill_at_once(victim));

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
    stack.scaled("auth", 1).await;
}
