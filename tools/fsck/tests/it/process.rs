//! The binary: what it prints, and its exit code.

use std::process::{Command, Output};

use secrecy::ExposeSecret;

use crate::{harness::World, simulator};

fn command(world: &World, arguments: &[&str]) -> Command {
    let database = world.orders.readonly();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fsck"));
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_HOST", database.host)
        .env("DATABASE_PORT", database.port.to_string())
        .env("DATABASE_USER", database.user)
        .env("DATABASE_PASSWORD", database.password.expose_secret())
        .env("ORDERS_SCHEMA", world.orders.schema())
        .env("TICKETS_SCHEMA", world.tickets.schema())
        .env("PAYMENTS_SCHEMA", world.payments.schema())
        .env("STRIPE_KEY", simulator::KEY)
        .env("REDIS_URL", &world.redis.url)
        .env("REDIS_PASSWORD", "none is set")
        .env("REDIS_PREFIX", &world.redis.prefix);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_for_each_invariant_and_a_last_one_for_all() {
    let world = World::new().await;
    let arguments = ["--simulator", world.simulator.url.as_str()];
    let output = command(&world, &arguments).output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let lines: Vec<_> = told.lines().collect();
    let (last, lines) = lines.split_last().unwrap();
    assert_eq!(lines.len(), 35, "{told}");
    assert!(lines.iter().all(|line| line.starts_with("✓ ")), "{told}");
    assert!(
        last.starts_with("fsck: 35 of 35 invariants hold ("),
        "{told}"
    );

    world
        .run("UPDATE {o}.orders SET total = total + 1; UPDATE {p}.payment SET amount = amount + 1")
        .await;
    let output = command(&world, &["--wait", "0s"]).output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let broken: Vec<_> = told.lines().filter(|line| line.starts_with("✗ ")).collect();
    let [broken] = broken[..] else {
        panic!("{told}")
    };
    assert!(broken.starts_with("✗ total: 6 orders: "), "{told}");
    assert!(
        broken.contains("; not so 6: 018bcfe5-687b-7000-8000-0000000000c1: total 2501"),
        "{told}"
    );
    assert!(broken.ends_with("; …"), "five of them: {told}");
    assert!(
        told.lines()
            .last()
            .unwrap()
            .contains("33 of 34 invariants hold; broken: total; simulator was left out"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_as_json() {
    let world = World::new().await;
    world.run("DELETE FROM {t}.inbox").await;
    let output = command(&world, &["--json", "--live"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(report["clean"], false);
    let lines = report["invariants"].as_array().unwrap();
    let inbox = lines.iter().find(|line| line["name"] == "inbox").unwrap();
    assert_eq!(
        (&inbox["holds"], &inbox["faults"]),
        (&false.into(), &1.into())
    );
    assert_eq!(report["left_out"].as_array().unwrap().len(), 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_told_is_neither_right_nor_wrong() {
    let world = World::new().await;
    let output = command(&world, &[])
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = command(&world, &[])
        .env("ORDERS_SCHEMA", "nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let arguments = ["--simulator", "http://127.0.0.1:1"];
    let output = command(&world, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = command(&world, &[])
        .env_remove("DATABASE_PASSWORD")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("DATABASE_PASSWORD is missing"),
        "{complaint}"
    );
}
