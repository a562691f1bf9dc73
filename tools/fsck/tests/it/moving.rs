//! A system that moves is not accused.

use std::time::Duration;

use fsck::{config::Config, invariant::Invariant, run::Options};
use ticketing_testkit::eventually;

use crate::harness::{World, id};

/// A configuration whose session can be told from others'.
fn named(world: &World, name: &str) -> Config {
    let mut config = world.config();
    config.database.schema = name.to_owned();
    config
}

/// Waits until the session of this name has ended a look.
async fn has_looked(world: &World, name: &str) {
    eventually("it has looked", async || {
        let asked =
            "SELECT FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'COMMIT%'";
        let rows = world.sql.query(asked, &[&name]).await.unwrap();
        (!rows.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_right_in_time_is_no_breach() {
    let world = World::new().await;
    world
        .run("UPDATE {o}.inventory SET version = version + 1")
        .await;
    let config = named(&world, "patient_fsck");
    let options = Options {
        pause: Duration::from_millis(20),
        ..Options::default()
    };
    let come_right = async {
        has_looked(&world, "patient_fsck").await;
        world
            .run("UPDATE {t}.ticket SET stock_version = stock_version + 1")
            .await;
    };
    let (report, ()) = tokio::join!(fsck::run(&config, &options, |_| {}), come_right);
    let report = report.unwrap();
    assert!(report.is_clean(), "{report}");
    let line = report
        .invariants
        .iter()
        .find(|line| line.name == Invariant::StockCurrent);
    assert_eq!(line.unwrap().passed, 6, "{report}");
    assert!(report.to_string().contains("(6 for a while)"), "{report}");
}

/// In every look the copy is behind, each time by another version.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_lags_and_comes_on_is_no_breach() {
    let world = World::new().await;
    let moving = Options {
        wait: Duration::from_secs(10),
        pause: Duration::from_millis(20),
        ..Options::default()
    };
    let config = world.config();
    let sell = async {
        loop {
            world
                .run("UPDATE {o}.inventory SET version = version + 1")
                .await;
            world
                .run(
                    "UPDATE {t}.ticket SET stock_version = v.version - 1 \
                      FROM {o}.inventory v WHERE v.ticket_id = id",
                )
                .await;
        }
    };
    world
        .run("UPDATE {o}.inventory SET version = version + 1")
        .await;
    let report = tokio::select! {
        report = fsck::run(&config, &moving, |_| {}) => report.unwrap(),
        () = sell => unreachable!("it goes on"),
    };
    assert!(report.is_clean(), "{report}");

    // The negative control: the same lag, and nothing comes on.
    let still = Options {
        wait: Duration::from_secs(1),
        ..moving
    };
    let report = world.fsck_with(&still).await;
    assert_eq!(report.broken(), ["stock-current"], "{report}");
}

/// It reads, and leaves no trace.
#[tokio::test(flavor = "multi_thread")]
async fn it_asks_as_a_role_that_can_not_write() {
    let world = World::new().await;
    let mut connection = world.config().database.connect().await.unwrap();
    let schema = world.orders.schema();
    let written = diesel_async::RunQueryDsl::execute(
        diesel::sql_query(format!(
            "UPDATE {schema}.orders SET total = 1 WHERE id = '{}'",
            id("c1")
        )),
        &mut connection,
    )
    .await;
    assert!(written.is_err());
}
