//! Another way of running a service, for the length of a test.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;
use serde_json::{Value, json};
use stack::services::registered_as;
use ticketing_testkit::eventually;

use super::Stack;

impl Stack {
    /// Sees to it that so many instances of a service pass their checks and no other one is left, which had
    /// still something to finish. Answers where they are.
    pub async fn scaled(&self, service: &str, count: usize) -> Vec<String> {
        let registered = registered_as(service);
        if self.passing(&registered).await.len() != count {
            self.stack(&["scale", service, &count.to_string()]);
        }
        eventually(
            &format!("{count} instances of {service} pass"),
            async || {
                let instances = self.passing(&registered).await;
                let are = instances.len() == count && self.pids_of(service).len() == count;
                are.then_some(instances)
            },
        )
        .await
    }

    /// Runs the test while a service has these settings, and restores it, however the test ends.
    pub async fn with_settings(
        &self,
        service: &str,
        settings: &[(&str, &str)],
        test: impl AsyncFnOnce(),
    ) {
        let usual = self.nomad(&format!("job/{service}")).await;
        let mut other = usual.clone();
        for (name, value) in settings {
            environment(&mut other, service)[*name] = json!(value);
        }
        let names: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
        let changed = async {
            self.deploy(other, service, &names).await;
            test().await;
        };
        finally(changed, self.deploy(usual, service, &names)).await;
    }

    /// Nomad is content when the new instances are healthy. Those before them have some seconds to
    /// finish, and take requests meanwhile: they are waited for.
    async fn deploy(&self, mut job: Value, service: &str, settings: &[&str]) {
        // By the environment, the stack of these tests.
        let stack = stack::stack::Stack::of_checkout().unwrap();
        stack::deploy::deploy(&stack, &job).await.unwrap();
        let environment = environment(&mut job, service);
        let settings: Vec<_> = settings
            .iter()
            .map(|name| (*name, environment[*name].as_str().unwrap()))
            .collect();
        self.all_run_with(service, &settings).await;
    }
}

/// The settings of a job's main task.
fn environment<'a>(job: &'a mut Value, service: &str) -> &'a mut Value {
    let tasks = job["TaskGroups"][0]["Tasks"].as_array_mut().unwrap();
    let task = tasks.iter_mut().find(|task| task["Name"] == service);
    &mut task.unwrap()["Env"]
}

/// Does the work and cleans up behind it; a panic goes on after that.
pub async fn finally(work: impl Future<Output = ()>, clean_up: impl Future<Output = ()>) {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    clean_up.await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
