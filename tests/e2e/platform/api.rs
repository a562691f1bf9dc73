//! docs/API.md is true.

use std::{fmt::Write, fs, process::Command};

use serde_json::Value;
use ticketing_testkit::{
    api_md::{self, Example},
    engine::{folder, run},
};

use crate::harness::Stack;

/// Where the document says that the platform is.
const DOCUMENTED: &str = "http://127.0.0.1:8080";

/// Each request's status goes to a file of its own, also from within `$( … )`.
const PRELUDE: &str = r#"
set -Eeuo pipefail
answers=$PWD/answers
: >"$answers"
trap 'echo "$command"; echo "was answered:"; cat "$answers"' ERR
curl() {
  command curl --silent --show-error --max-time 20 --write-out '%{stderr}%{http_code}\n' "$@" \
    2>>"$answers"
}
expect() {
  [[ "$(<"$answers")" == "$1" ]]
  : >"$answers"
}
"#;

/// All examples, in their order, in one shell.
fn script(examples: &[Example], base: &str) -> String {
    let mut script = PRELUDE.to_owned();
    for Example { command, status } in examples {
        let command = command.replace(DOCUMENTED, base);
        let quoted = command.replace('\'', r"'\''");
        _ = writeln!(script, "command='{quoted}'\n{command}");
        if let Some(status) = status {
            _ = writeln!(script, "expect {status}");
        }
    }
    script
}

#[test]
fn its_examples_are_answered_as_they_promise() {
    let stack = Stack::get();
    let folder = folder(None).unwrap();
    let file = folder.join("examples.sh");
    fs::write(&file, script(&api_md::examples(), &stack.base)).unwrap();
    let mut bash = Command::new("bash");
    run(bash.arg(&file).current_dir(&folder)).unwrap();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_status_that_is_not_as_promised_is_found() {
    let stack = Stack::get();
    let folder = folder(None).unwrap();
    let example = Example {
        command: format!("curl {DOCUMENTED}/api/users/currentuser   # 201\n"),
        status: Some(201),
    };
    fs::write(folder.join("example.sh"), script(&[example], &stack.base)).unwrap();
    let mut bash = Command::new("bash");
    let complaint = run(bash.arg("example.sh").current_dir(&folder)).unwrap_err();
    let complaint = complaint.to_string();
    assert!(complaint.contains("was answered:\n200"), "{complaint}");
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn it_lists_exactly_the_routes_that_the_services_describe() {
    let stack = Stack::get();
    for prefix in ["/api/users", "/api/tickets", "/api/orders", "/api/payments"] {
        let document = stack.get_path(&format!("{prefix}/openapi.json")).await;
        let document: Value = document.json().await.unwrap();
        let described = api_md::described_routes(&document);
        assert!(described.len() >= 5, "{described:?}");
        assert_eq!(api_md::listed_routes(prefix), described);
    }
}
