//! Partitions come before they are needed, and go when nothing needs them any more.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use futures::future::join_all;
use rstest::rstest;
use things::publisher;
use ticketing_contracts::ids::EventId;
use ticketing_messaging::{
    Stamp,
    trim::Trimmer,
    upkeep::{self, Upkeep},
};
use ticketing_postgres::DatabaseSettings;
use ticketing_testkit::{ManualClock, engine::free_port, eventually};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::harness::World;

/// In the middle of a quarter of a day, years after the migration made its partitions.
fn noon() -> DateTime<Utc> {
    "2035-03-05T13:00:00Z".parse().unwrap()
}

/// When the quarter that [`noon`] is in may be dropped: it ends at 18:00.
fn droppable() -> DateTime<Utc> {
    "2035-03-07T18:00:00Z".parse().unwrap()
}

const HOUR: TimeDelta = TimeDelta::hours(1);
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// A world whose partitions are those of [`noon`], and no older ones.
async fn world_at_noon() -> World {
    let world = World::new().await;
    upkeep(&world, noon(), Some(Uuid::max())).await;
    world
}

/// As the app role does it. Returns how many partitions were dropped.
async fn upkeep(world: &World, now: DateTime<Utc>, floor: Option<Uuid>) -> i32 {
    let mut connection = world.pool.get().await.unwrap();
    upkeep::upkeep(&mut connection, now, floor).await.unwrap()
}

/// The partitions' names without that of their table, in their order.
async fn partitions(world: &World, of: &str) -> Vec<String> {
    let names = "SELECT substr(c.relname, length($1) + 2) FROM pg_inherits \
                 JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = $1::text::regclass ORDER BY 1";
    let rows = world.sql.query(names, &[&of]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// An event that happened at `time`, published under `stamp`; which partition has it.
async fn event(world: &World, time: DateTime<Utc>, stamp: Option<i64>) -> String {
    let insert = format!("{} RETURNING tableoid::regclass::text", append(time, stamp));
    text(world, &insert).await
}

fn append(time: DateTime<Utc>, stamp: Option<i64>) -> String {
    let (id, time) = (EventId::new(time), time.to_rfc3339());
    let stamp = stamp.map_or("NULL".into(), |stamp| stamp.to_string());
    format!(
        "INSERT INTO outbox (id, kind, subject, version, time, data, stamp) \
         VALUES ('{id}', 'thing:praised', gen_random_uuid(), 1, '{time}', '{{}}', {stamp})"
    )
}

/// An event that took effect; which partition knows it.
async fn noted(world: &World, id: Uuid) -> String {
    let insert = format!("INSERT INTO inbox VALUES ('{id}') RETURNING tableoid::regclass::text");
    text(world, &insert).await
}

async fn acknowledge(world: &World, upto: i64) {
    let update = "UPDATE outbox_position SET acked = $1";
    world.sql.execute(update, &[&upto]).await.unwrap();
}

/// The lowest id of an event that happened at `time`.
async fn lowest_id(world: &World, time: DateTime<Utc>) -> Uuid {
    let floor = format!("SELECT uuid_v7_floor('{}')::text", time.to_rfc3339());
    text(world, &floor).await.parse().unwrap()
}

async fn text(world: &World, sql: &str) -> String {
    world.sql.query_one(sql, &[]).await.unwrap().get(0)
}

const QUARTERS: [&str; 6] = [
    "20350305_12",
    "20350305_18",
    "20350306_00",
    "20350306_06",
    "20350306_12",
    "default",
];

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_a_day_ahead() {
    let world = world_at_noon().await;
    assert_eq!(partitions(&world, "outbox").await, QUARTERS);
    let days = ["20350305", "20350306", "20350307", "default"];
    assert_eq!(partitions(&world, "inbox").await, days);

    let tomorrow = noon() + HOUR * 24;
    assert_eq!(event(&world, noon(), None).await, "outbox_20350305_12");
    assert_eq!(event(&world, tomorrow, None).await, "outbox_20350306_12");
    for (hours, day) in [(0, "20350305"), (24, "20350306"), (58, "20350307")] {
        let id = EventId::new(noon() + HOUR * hours).0;
        assert_eq!(noted(&world, id).await, format!("inbox_{day}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_first_and_last_events_are_in_its_partition() {
    let world = world_at_noon().await;
    let midnight: DateTime<Utc> = "2035-03-06T00:00:00Z".parse().unwrap();
    let first = EventId::new(midnight).0;
    let last = EventId::new(midnight - MILLISECOND).0;
    assert_eq!(noted(&world, first).await, "inbox_20350306");
    assert_eq!(noted(&world, last).await, "inbox_20350305");
    let first = event(&world, midnight, None).await;
    assert_eq!(first, "outbox_20350306_00");
    let last = event(&world, midnight - MILLISECOND, None).await;
    assert_eq!(last, "outbox_20350305_18");
}

#[tokio::test(flavor = "multi_thread")]
async fn doing_it_again_changes_nothing() {
    let world = world_at_noon().await;
    let before = world.database.dump();
    assert_eq!(upkeep(&world, noon(), Some(Uuid::max())).await, 0);
    assert_eq!(world.database.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_do_no_harm() {
    let world = world_at_noon().await;
    let others = world_at_noon().await;
    let later = droppable() + HOUR * 48;
    // The one schema's has nothing to do with the other's.
    let at_once = (0..8).map(|i| {
        let settings = if i < 6 { &world } else { &others }.settings.clone();
        async move {
            let mut connection = settings.connect().await.unwrap();
            upkeep::upkeep(&mut connection, later, Some(Uuid::max()))
                .await
                .unwrap()
        }
    });
    let dropped = join_all(at_once).await;
    // All five quarters, and the first day.
    assert_eq!(dropped.iter().take(6).sum::<i32>(), 5 + 1, "{dropped:?}");
    assert_eq!(dropped.iter().skip(6).sum::<i32>(), 5 + 1, "{dropped:?}");
    for world in [&world, &others] {
        assert_eq!(partitions(world, "outbox").await.len(), 5 + 1);
        let days = partitions(world, "inbox").await;
        let expected = [
            "20350306", "20350307", "20350309", "20350310", "20350311", "default",
        ];
        assert_eq!(days, expected);
    }
}

/// Two rows, of which the second's stamp is varied.
#[rstest]
#[case::too_young(-MILLISECOND, Some(8), false)]
#[case::a_row_is_not_published(TimeDelta::zero(), None, false)]
#[case::a_row_is_not_acknowledged(TimeDelta::zero(), Some(9), false)]
#[case::nothing_needs_it(TimeDelta::zero(), Some(8), true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_of_the_outbox_is_dropped_when(
    #[case] after: TimeDelta,
    #[case] stamp: Option<i64>,
    #[case] dropped: bool,
) {
    let world = world_at_noon().await;
    acknowledge(&world, 8).await;
    event(&world, noon(), Some(7)).await;
    event(&world, noon(), stamp).await;
    let now = droppable() + after;
    assert_eq!(upkeep(&world, now, None).await, i32::from(dropped));
    assert_eq!(world.sent().await, if dropped { 0 } else { 2 });
    let names = partitions(&world, "outbox").await;
    assert_eq!(names.contains(&QUARTERS[0].into()), !dropped, "{names:?}");

    // In the end it goes.
    world
        .sql
        .execute("UPDATE outbox SET stamp = coalesce(stamp, 10)", &[])
        .await
        .unwrap();
    acknowledge(&world, 10).await;
    assert_eq!(upkeep(&world, droppable(), None).await, i32::from(!dropped));
    assert_eq!(world.sent().await, 0);
}

/// The inbox of the fifth of March, by the hours after that day's end and after the floor's.
#[rstest]
#[case::too_young(HOUR * 72 - MILLISECOND, Some(TimeDelta::zero()), false)]
#[case::it_could_come_again(HOUR * 72, Some(-MILLISECOND), false)]
#[case::nobody_knows_what_could_come_again(HOUR * 72, None, false)]
#[case::long_ago_and_nobody_knows(HOUR * 720, None, false)]
#[case::nothing_needs_it(HOUR * 72, Some(TimeDelta::zero()), true)]
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_of_the_inbox_is_dropped_when(
    #[case] after: TimeDelta,
    #[case] floor: Option<TimeDelta>,
    #[case] dropped: bool,
) {
    let world = world_at_noon().await;
    let ends: DateTime<Utc> = "2035-03-06T00:00:00Z".parse().unwrap();
    let known = EventId::new(ends - MILLISECOND).0;
    noted(&world, known).await;
    let floor = match floor {
        Some(floor) => Some(lowest_id(&world, ends + floor).await),
        None => None,
    };
    upkeep(&world, ends + after, floor).await;
    let left = world.number("SELECT count(*) FROM inbox").await;
    assert_eq!(left, i64::from(!dropped));
    let names = partitions(&world, "inbox").await;
    assert_eq!(names.contains(&"20350305".into()), !dropped, "{names:?}");
}

/// Clocks that are far off: the events go through all the same, to a listener that knows them again.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_absurd_times_are_published_and_handled_once() {
    let world = World::new().await;
    let _relay = world.start_relay();
    let _listener = world.start_listener("a");
    let mut connection = world.pool.get().await.unwrap();
    let things = world.things(10);
    world.change(&things).await;
    let absurd = [
        "1969-07-20T20:17:40Z",
        "1970-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
    ];
    for time in absurd {
        let time = time.parse().unwrap();
        publisher::change(&mut connection, &things, 1, time)
            .await
            .unwrap();
        world.change(&things).await;
    }
    world.settled().await;
    for table in ["outbox_default", "inbox_default"] {
        let rows = format!("SELECT count(*) FROM {table}");
        assert_eq!(world.number(&rows).await, 40);
    }
    redelivered(&world).await;
    world.settled().await;
}

/// A listener must know an event as long as the outbox has it, whatever their ids say about their age.
#[rstest]
#[case::long_ago([USUAL, "1970-01-01T00:00:00Z"])]
#[case::far_ahead(["2200-01-01T00:00:00Z", USUAL])]
#[tokio::test(flavor = "multi_thread")]
async fn events_of_absurd_times_make_nobody_forget(#[case] times: [&str; 2]) {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let relay = world.relay().groups(["listeners", "away"]);
    let _listener = world.start_listener("a");
    for time in times {
        let time = time.parse().unwrap_or(world.clock.now());
        let mut connection = world.pool.get().await.unwrap();
        publisher::change(&mut connection, &[world.thing()], 1, time)
            .await
            .unwrap();
    }
    world.look(&relay).await;
    world.settled().await;
    // For as long as another group has not acknowledged them, they may come again.
    clock.advance(HOUR * 24 * 5);
    world.look(&relay).await;
    upkeep_of(&world, vec!["things"]).once().await.unwrap();
    redelivered(&world).await;
    assert_eq!(world.effects().await, 2);
}

/// The time of a clock that is right.
const USUAL: &str = "now";

/// Gives the group all entries once more, and waits until it has seen to them.
async fn redelivered(world: &World) {
    let mut connection = world.connection().await;
    redis::cmd("XGROUP")
        .arg(&["SETID", &world.stream(), "listeners", "0"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let groups = Trimmer {
        key: world.stream(),
        groups: vec!["listeners".into()],
        keep: Duration::from_secs(86_400),
    };
    // An entry can have its effect before its row has its stamp.
    world.published().await;
    let end = Stamp::from_number(world.number("SELECT max(stamp) FROM outbox").await);
    eventually("it has been given all of it again", async || {
        let acked = groups.run(&mut connection, world.clock.now()).await;
        (acked.unwrap()? == end).then_some(())
    })
    .await;
}

/// Somebody's clock was a day and a half ahead. That quarter and that day have no partition then.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_there_before_its_partition_does_no_harm() {
    let world = world_at_noon().await;
    let early = noon() + HOUR * 72;
    assert_eq!(event(&world, early, Some(7)).await, "outbox_default");
    let known = EventId::new(early).0;
    assert_eq!(noted(&world, known).await, "inbox_default");

    let day = noon() + HOUR * 48;
    upkeep(&world, day, None).await;
    let quarters = partitions(&world, "outbox").await;
    let made: Vec<_> = quarters
        .iter()
        .filter(|q| q.as_str() >= "20350307_12")
        .collect();
    let expected = ["20350307_12", "20350307_18", "20350308_00", "20350308_06"];
    assert_eq!(made[..4], expected, "{quarters:?}");
    assert_eq!(made[4..], ["default"], "{quarters:?}");
    let days = partitions(&world, "inbox").await;
    assert!(days.contains(&"20350307".into()), "{days:?}");
    assert!(!days.contains(&"20350308".into()), "{days:?}");
    assert!(days.contains(&"20350309".into()), "{days:?}");

    // What happens on that day is as good there, and goes when the partition would.
    assert_eq!(event(&world, early, Some(8)).await, "outbox_default");
    acknowledge(&world, 8).await;
    let later = early + HOUR * 24 * 5;
    upkeep(&world, later, Some(lowest_id(&world, later).await)).await;
    assert_eq!(world.sent().await, 0);
    assert_eq!(world.number("SELECT count(*) FROM inbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_partitions_are_rid_of_what_nothing_needs() {
    let world = world_at_noon().await;
    let (published, absurd) = (Stamp::at(noon()), "2200-01-01T00:00:00Z".parse().unwrap());
    acknowledge(&world, published.number() + 1).await;
    let past = noon() - HOUR * 24 * 365;
    for time in [past, absurd] {
        // Acknowledged, acknowledged, not acknowledged, not published.
        for stamp in [Some(0), Some(1), Some(2), None] {
            let stamp = stamp.map(|after| published.number() + after);
            assert_eq!(event(&world, time, stamp).await, "outbox_default");
        }
    }
    // After 48 hours, as everything.
    upkeep(&world, noon() + HOUR * 48, None).await;
    assert_eq!(world.sent().await, 8);
    upkeep(&world, noon() + HOUR * 48 + MILLISECOND, None).await;
    assert_eq!(world.sent().await, 4);
    let left = "SELECT count(*) FROM outbox WHERE stamp IS NULL OR stamp > \
                (SELECT acked FROM outbox_position)";
    assert_eq!(world.number(left).await, 4);

    let [long_ago, lately] = [past, noon() - HOUR * 24].map(|time| EventId::new(time).0);
    for id in [long_ago, lately] {
        assert_eq!(noted(&world, id).await, "inbox_default");
    }
    let floor = async |time| Some(lowest_id(&world, time).await);
    let known = async || world.number("SELECT count(*) FROM inbox_default").await;
    upkeep(&world, noon() + HOUR * 47, None).await;
    assert_eq!(known().await, 2, "nobody knows what could come again");
    upkeep(&world, noon() + HOUR * 47, floor(past - HOUR).await).await;
    assert_eq!(known().await, 2, "both could come again");
    upkeep(&world, noon() + HOUR * 47, floor(noon()).await).await;
    assert_eq!(known().await, 1, "one of them is too young");
    upkeep(&world, noon() + HOUR * 49, floor(noon()).await).await;
    assert_eq!(known().await, 0);
}

/// Or everybody else would have to queue behind it.
#[rstest]
#[case::of_the_outbox("outbox")]
#[case::of_the_inbox("inbox")]
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_wait_for_a_lock_and_changes_nothing_then(#[case] table: &str) {
    let world = world_at_noon().await;
    event(&world, noon(), Some(7)).await;
    acknowledge(&world, 7).await;
    let (later, floor) = (noon() + HOUR * 24 * 5, Some(Uuid::max()));
    let before = world.database.dump();
    // Somebody reads all of it, for as long as this transaction lasts.
    world
        .sql
        .batch_execute(&format!("BEGIN; SELECT FROM {table}"))
        .await
        .unwrap();
    let mut connection = world.pool.get().await.unwrap();
    let error = upkeep::upkeep(&mut connection, later, floor)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    assert_eq!(world.database.dump(), before);
    world.sql.batch_execute("ROLLBACK").await.unwrap();
    assert!(upkeep(&world, later, floor).await > 0);
}

/// Partitions of both tables are due to be made and to be dropped, while a transaction is under way
/// that has more to do: neither waits for what the other has.
#[rstest]
#[case::a_handler(note(), append(midnight(), None))]
#[case::a_publisher(append(midnight(), None), append(midnight(), None))]
#[case::a_relay("LOCK TABLE ONLY outbox IN ACCESS SHARE MODE".into(), "SELECT FROM outbox".into())]
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_get_in_the_way_of(#[case] first: String, #[case] second: String) {
    let world = world_at_noon().await;
    let (midnight, floor) = (midnight(), Some(Uuid::max()));
    let mut now = noon();
    while now < midnight {
        upkeep(&world, now, floor).await;
        now += HOUR * 6;
    }
    // Again when the transaction did not come to an end within the time that upkeep waits.
    let dropped = eventually("it succeeds", async || {
        let sql = &world.sql;
        sql.batch_execute(&format!("BEGIN; {first}")).await.unwrap();
        let running = start_upkeep(&world, midnight, floor).await;
        let end = format!("{second}; COMMIT");
        sql.batch_execute(&end).await.unwrap();
        running.await.unwrap().ok()
    })
    .await;
    assert_eq!(dropped, 2);
}

/// When a day of the inbox and a quarter of the outbox are due, to be made and to be dropped.
fn midnight() -> DateTime<Utc> {
    "2035-03-09T00:00:00Z".parse().unwrap()
}

fn note() -> String {
    format!("INSERT INTO inbox VALUES ('{}')", EventId::new(midnight()))
}

/// Somebody's clock is days behind, and the partition that its rows go to looks empty until then.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_being_committed_is_not_dropped() {
    let world = world_at_noon().await;
    let mut committed = 0;
    eventually("it succeeds", async || {
        let insert = append(noon(), None);
        let sql = &world.sql;
        sql.batch_execute(&format!("BEGIN; {insert}"))
            .await
            .unwrap();
        let running = start_upkeep(&world, droppable(), None).await;
        sql.batch_execute("COMMIT").await.unwrap();
        committed += 1;
        running.await.unwrap().ok()
    })
    .await;
    assert_eq!(world.sent().await, committed);
}

/// Returns when it waits for somebody's lock, or has ended.
async fn start_upkeep(
    world: &World,
    now: DateTime<Utc>,
    floor: Option<Uuid>,
) -> JoinHandle<QueryResult<i32>> {
    let mut connection = world.pool.get().await.unwrap();
    let running = tokio::spawn(async move { upkeep::upkeep(&mut connection, now, floor).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE application_name = current_setting('search_path') \
                     AND query LIKE '%messaging_upkeep%' AND wait_event_type = 'Lock'";
    eventually("upkeep waits for the transaction", async || {
        (running.is_finished() || world.number(waiting).await > 0).then_some(())
    })
    .await;
    running
}

/// Day after day, with a publisher, a relay and a listener that never pause.
#[tokio::test(flavor = "multi_thread")]
async fn it_gets_through_under_load() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let _relay = world.start_relay();
    let _listeners = [world.start_listener("a"), world.start_listener("b")];
    let publisher = world.start_publisher();
    for _ in 0..6 {
        clock.advance(HOUR * 24);
        eventually("it succeeds", async || {
            let mut connection = world.pool.get().await.unwrap();
            let floor = Some(EventId::new(world.clock.now() - HOUR * 60).0);
            let done = upkeep::upkeep(&mut connection, world.clock.now(), floor).await;
            done.ok()
        })
        .await;
        // So that there is something to drop two days later.
        let today = Stamp::at(world.clock.now()).number();
        eventually("events of this day are acknowledged", async || {
            let acked = world.number("SELECT acked FROM outbox_position").await;
            (acked > today).then_some(())
        })
        .await;
    }
    publisher.stopped().await;
    let unpublished = "SELECT count(*) FROM outbox WHERE stamp IS NULL OR stamp > \
                       (SELECT acked FROM outbox_position)";
    eventually("all is acknowledged", async || {
        (world.number(unpublished).await == 0).then_some(())
    })
    .await;
    // What is dropped was handled: every thing has had all its versions, each once.
    let total = world.number("SELECT sum(version)::bigint FROM thing").await;
    assert_eq!(world.effects().await, total);
    let twice =
        "SELECT count(*) FROM (SELECT FROM effect GROUP BY event_id HAVING count(*) > 1) AS t";
    assert_eq!(world.number(twice).await, 0);
    assert!(world.sent().await < total, "nothing was dropped");
    assert_eq!(world.number("SELECT count(*) FROM outbox_default").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM inbox_default").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_do_what() {
    let world = world_at_noon().await;
    let look = "SELECT messaging_upkeep('2035-03-05T13:00:00Z', NULL)";
    let add = "SELECT messaging_add_partition('outbox', 'outbox_x', '2040-01-01', '2040-01-02')";
    let (app, readonly) = (world.database.app(), world.database.readonly());
    assert_eq!(refusal(&app, look).await, None);
    for (settings, statement) in [
        (&app, add),
        (&app, "CREATE TABLE mine (n bigint)"),
        (&app, "DROP TABLE outbox_20350305_12"),
        (
            &app,
            "ALTER TABLE outbox DETACH PARTITION outbox_20350305_12",
        ),
        (&app, "TRUNCATE outbox"),
        (&app, "ALTER TABLE outbox ADD COLUMN n bigint"),
        (&app, "CREATE INDEX ON outbox (version)"),
        (
            &app,
            "ALTER FUNCTION messaging_upkeep SET search_path = public",
        ),
        (&readonly, look),
        (&readonly, add),
    ] {
        let refusal = refusal(settings, statement).await.unwrap_or_default();
        assert!(
            refusal.contains("permission denied") || refusal.contains("must be owner"),
            "{statement}: {refusal:?}"
        );
    }
    // It reads everything, and that is all.
    assert_eq!(
        refusal(&readonly, "SELECT FROM outbox, inbox, dead_letter").await,
        None
    );
    let delete = refusal(&readonly, "DELETE FROM inbox").await.unwrap();
    assert!(delete.contains("read-only transaction"), "{delete}");
}

/// What Postgres says against a statement.
async fn refusal(settings: &DatabaseSettings, statement: &str) -> Option<String> {
    use diesel_async::RunQueryDsl;
    let mut connection = settings.connect().await.unwrap();
    let outcome = diesel::sql_query(statement).execute(&mut connection).await;
    outcome.err().map(|error| error.to_string())
}

/// The listeners' side: what the relays tell decides how long the inbox remembers.
#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_remembers_what_the_relay_says_could_come_again() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let upkeep = upkeep_of(&world, vec!["things"]);
    let relay = world.relay();
    // It takes effect; that is acknowledged only later.
    world.change(&world.things(1)).await;
    world.look(&relay).await;
    let listener = world.start_listener("a");
    world.settled().await;
    listener.stopped().await;
    forget_the_relays_word(&world).await;
    let remembered = async || world.number("SELECT count(*) FROM inbox").await;

    clock.advance(HOUR * 24 * 5);
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 1, "no relay has told anything");
    tell(
        &world,
        "things",
        EventId::new(clock.clock().now() - HOUR * 24 * 6).0,
    )
    .await;
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 1, "something older can come again");

    // Its word, when all is acknowledged and dropped.
    let sent = "SELECT count(*) FROM outbox";
    eventually("nothing is left to come again", async || {
        world.look(&relay).await;
        upkeep.once().await.unwrap();
        (world.number(sent).await == 0).then_some(())
    })
    .await;
    world.look(&relay).await;
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_all_streams_counts() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let id = EventId::new(world.clock.now()).0;
    noted(&world, id).await;
    let upkeep = upkeep_of(&world, vec!["things", "others"]);
    clock.advance(HOUR * 24 * 30);
    let now = EventId::new(world.clock.now()).0;
    let remembered = async || world.number("SELECT count(*) FROM inbox").await;
    tell(&world, "things", now).await;
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 1, "one has told nothing");
    tell(&world, "others", id).await;
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 1, "the other's is older");
    tell(&world, "others", now).await;
    upkeep.once().await.unwrap();
    assert_eq!(remembered().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_while_redis_is_away() {
    let mut world = World::new().await;
    let clock = ManualClock::now();
    world.clock = clock.clock();
    let mut upkeep = upkeep_of(&world, vec!["things"]);
    upkeep.redis.url = format!("redis://127.0.0.1:{}", free_port().unwrap());
    clock.advance(HOUR * 24);
    let before = partitions(&world, "outbox").await.len();
    upkeep.once().await.unwrap();
    assert_eq!(partitions(&world, "outbox").await.len(), before + 4);
}

fn upkeep_of(world: &World, streams: Vec<&'static str>) -> Upkeep {
    Upkeep {
        pool: world.pool.clone(),
        redis: world.redis.clone(),
        streams,
        clock: world.clock.clone(),
    }
}

/// As that stream's relay would.
async fn tell(world: &World, stream: &str, oldest: Uuid) {
    let mut connection = world.connection().await;
    redis::cmd("SET")
        .arg(world.redis.key(&format!("{stream}:replay-floor")))
        .arg(oldest.to_string())
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
}

async fn forget_the_relays_word(world: &World) {
    let mut connection = world.connection().await;
    let removed: usize = redis::cmd("DEL")
        .arg(world.redis.key("things:replay-floor"))
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(removed, 1, "it had told something");
}
