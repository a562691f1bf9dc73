//! Secrets are where they belong and nowhere else.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};
use stack::services::{ENGINES, all_jobs};

use crate::harness::{PASSWORD, Stack};

/// Every secret of the stack, of whichever kind.
fn secrets(stack: &Stack) -> Vec<String> {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
            Value::Object(values) => values.values().for_each(|value| texts(value, found)),
            _ => {}
        }
    }
    let file = fs::read_to_string(stack.state.join("secrets.json")).unwrap();
    let mut found = Vec::new();
    texts(&serde_json::from_str(&file).unwrap(), &mut found);
    found.retain(|text| text.len() >= 16);
    let token = &stack.secrets().service_tokens["orders"];
    assert!(
        found.contains(token) && found.len() >= 15,
        "{} secrets",
        found.len()
    );
    found
}

fn holds_none(stack: &Stack, place: &str, text: &str) {
    for secret in secrets(stack) {
        assert!(!text.contains(&secret), "a secret is in {place}");
    }
}

#[test]
fn the_file_is_its_owners_alone() {
    let mode = fs::metadata(Stack::get().state.join("secrets.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn none_is_in_a_job_or_on_a_command_line() {
    let stack = Stack::get();
    for job in all_jobs() {
        holds_none(
            &stack,
            "a job",
            &stack.nomad(&format!("job/{job}")).await.to_string(),
        );
    }
    let processes = fs::read_dir("/proc").unwrap().flatten();
    for command in processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok()) {
        holds_none(&stack, "a command line", &String::from_utf8_lossy(&command));
    }
}

/// Neither secrets nor personal data, in JSON, with trace ids.
#[tokio::test]
async fn logs_tell_nothing_about_anybody() {
    let stack = Stack::get();
    let (email, cookie) = stack.sign_up("private").await;
    stack
        .post(
            "/api/users/signin",
            &json!({"email": email, "password": PASSWORD}),
        )
        .await;
    stack
        .post(
            "/api/users/signin",
            &json!({"email": email, "password": "another one"}),
        )
        .await;
    let mut logs = String::new();
    for job in all_jobs() {
        let log = stack.stack(&["logs", job]);
        if !ENGINES.contains(&job) {
            let objects = log.lines().map(|line| &line[line.find('{').expect(line)..]);
            let parsed: Vec<Value> = objects
                .map(|line| serde_json::from_str(line).expect(line))
                .collect();
            assert!(
                parsed.iter().any(|line| line["message"] == "serving"),
                "{log}"
            );
        }
        logs.push_str(&log);
    }
    for agent in ["consul.log", "nomad.log"] {
        logs.push_str(&fs::read_to_string(stack.state.join("logs").join(agent)).unwrap());
    }
    holds_none(&stack, "a log", &logs);
    let token = cookie.strip_prefix("session=").unwrap();
    for personal in [email.as_str(), PASSWORD, token] {
        assert!(!logs.contains(personal), "{personal} is in a log");
    }
}
