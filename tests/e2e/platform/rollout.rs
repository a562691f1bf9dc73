//! A version that does not become healthy: Nomad goes back, the deployment says so, and no request
//! is lost meanwhile.

use serde_json::{Value, json};
use ticketing_testkit::eventually;

use crate::harness::{Stack, Traffic};

/// Nanoseconds, as Nomad counts.
const SECOND: u64 = 1_000_000_000;

/// The job's file asks for minutes; a test has seconds.
fn that_never_answers_its_check(job: &Value) -> Value {
    let mut job = job.clone();
    let group = &mut job["TaskGroups"][0];
    let update = &mut group["Update"];
    update["Canary"] = json!(1);
    update["AutoPromote"] = json!(true);
    update["AutoRevert"] = json!(true);
    update["HealthyDeadline"] = json!(4 * SECOND);
    update["ProgressDeadline"] = json!(5 * SECOND);
    let tasks = group["Tasks"].as_array_mut().unwrap();
    for task in &mut *tasks {
        // Nomad wants it to be shorter than the deadline.
        task["KillTimeout"] = json!(3 * SECOND);
    }
    let serve = tasks.iter_mut().find(|task| task["Name"] == "auth");
    serve.unwrap()["Env"]["ADMIN_ADDRESS"] = json!("127.0.0.1:0");
    job
}

#[tokio::test]
async fn a_version_that_does_not_become_healthy_is_taken_back() {
    let stack = Stack::get();
    let job = stack.nomad("job/auth").await;
    let before = stack.passing("auth").await;
    let traffic = Traffic::start(&format!("{}/api/users/currentuser", stack.base));

    let deployed = stack::stack::Stack::of_checkout().unwrap();
    let broken = that_never_answers_its_check(&job);
    let complaint = stack::deploy::deploy(&deployed, &broken)
        .await
        .expect_err("it never becomes healthy");
    let complaint = format!("{complaint:#}");
    assert!(
        complaint.starts_with("the rollout of job auth failed"),
        "{complaint}"
    );

    eventually("Nomad runs the version before", async || {
        let now = stack.nomad("job/auth").await;
        let settled = stack.passing("auth").await == before;
        (settled && now["TaskGroups"] == job["TaskGroups"]).then_some(())
    })
    .await;
    traffic.end_without_failure().await;
    // What is deployed next is the usual job, and it is not mistaken for the failed one.
    stack::deploy::deploy(&deployed, &job).await.unwrap();
}
