//! Production charges real cards: it refuses whatever would simulate that.

use std::process::Command;

use reqwest::StatusCode;
use ticketing_contracts::api::payments::PaymentConfig;

use crate::harness::{Stack, expect};

const PRODUCTION: &str = "-var-file=nomad/production.vars.hcl.example";
const SIMULATOR: &str = "-var=simulator=http://127.0.0.1:18111";

/// What Nomad says to a job with these variables; `Err` when it refuses it.
fn planned(stack: &Stack, job: &str, variables: &[&str]) -> Result<String, String> {
    let checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new("nomad")
        .args(["job", "plan", "-hcl2-strict=false"])
        .arg(format!("-address={}", stack.nomad))
        .args(variables)
        .arg(format!("nomad/{job}.nomad.hcl"))
        .current_dir(checkout)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    // 0 and 1 tell whether anything would change.
    match output.status.code() {
        Some(0 | 1) => Ok(text(output.stdout)),
        _ => Err(text(output.stderr)),
    }
}

#[test]
fn payments_asks_stripe_and_refuses_a_simulator() {
    let stack = Stack::get();
    planned(&stack, "payments", &[PRODUCTION]).unwrap();
    let refused = planned(&stack, "payments", &[PRODUCTION, SIMULATOR]).unwrap_err();
    assert!(refused.contains("Invalid index"), "{refused}");
    let elsewhere = "-var=simulator=https://stripe-sim.example";
    let refused = planned(&stack, "payments", &[PRODUCTION, elsewhere]).unwrap_err();
    assert!(refused.contains("production asks Stripe"), "{refused}");
    // The control: in dev it is accepted.
    let dev = ["-var-file=nomad/dev.vars.hcl", SIMULATOR];
    planned(&stack, "payments", &dev).unwrap();
}

#[test]
fn the_simulators_job_is_refused() {
    let stack = Stack::get();
    let rest = [
        "-var=command=/bin/true",
        "-var=simulator_port=18111",
        "-var=simulator_data=/tmp",
        "-var=webhook_url=http://127.0.0.1",
    ];
    let with = |environment| [&[environment][..], &rest].concat();
    let refused = planned(&stack, "stripe-sim", &with(PRODUCTION)).unwrap_err();
    assert!(
        refused.contains("Unset variable \"environment\""),
        "{refused}"
    );
    let named = planned(&stack, "stripe-sim", &with("-var=environment=production")).unwrap_err();
    assert!(named.contains("it runs in dev alone"), "{named}");
    planned(&stack, "stripe-sim", &with("-var-file=nomad/dev.vars.hcl")).unwrap();
}

/// What a developer and a browser are told.
#[tokio::test]
async fn a_simulated_payment_is_called_so() {
    let stack = Stack::get();
    let printed = stack.stack(&["status"]);
    assert!(
        printed.contains("Payments are simulated: no card is charged"),
        "{printed}"
    );
    let config = stack.get_path("/api/payments/config").await;
    let config: PaymentConfig = config.json().await.unwrap();
    assert!(config.simulated && config.publishable_key.starts_with("pk_test_"));
    let script = stack.get_path(&config.stripe_js).await;
    expect(script, StatusCode::OK).await;
    // What it has charged is not for browsers.
    let totals = stack.get_path("/stripe-sim/sim/totals").await;
    assert_eq!(totals.status(), StatusCode::UNAUTHORIZED);
}
