//! What an operator sees of dead letters, and does about them.

use ticketing_testkit::eventually;

use crate::harness::World;

/// `things dlq …`: its exit code, what it printed, and its complaints.
fn dlq(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let output = world
        .command(&[&["dlq"], arguments].concat())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// What it printed, when all went well.
fn printed(world: &World, arguments: &[&str]) -> String {
    let (code, out, complaints) = dlq(world, arguments);
    assert_eq!((code, complaints.as_str()), (0, ""), "{out}");
    out
}

/// Events of such weights are dead letters. Nobody listens any more.
async fn world_with(dead: &[i64]) -> World {
    let world = World::new().await;
    let _relay = world.start_relay();
    let listener = world.start_listener("a");
    for (count, weight) in (1..).zip(dead) {
        world.change_to(&[world.thing()], *weight).await;
        world.settled_but(count).await;
    }
    listener.stopped().await;
    world
}

async fn one(world: &World, column: &str) -> String {
    let select = format!("SELECT {column}::text FROM dead_letter ORDER BY id LIMIT 1");
    world.sql.query_one(&select, &[]).await.unwrap().get(0)
}

const REFUSED: &str =
    "new row for relation \"effect\" violates check constraint \"effect_weight_check\"";

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list() {
    let world = world_with(&[]).await;
    let expected = format!("no dead letters in {}\n", world.settings.schema);
    assert_eq!(printed(&world, &["list"]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_one() {
    let world = world_with(&[-1]).await;
    let (subject, schema) = (one(&world, "subject").await, &world.settings.schema);
    let buried = one(
        &world,
        "to_char(buried_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
    )
    .await;
    let expected = format!(
        "id  buried at (UTC)      event          subject                               group      tries  error\n\
         1   {buried}  thing:changed  {subject}  listeners  5      {REFUSED}\n\
         1 dead letter in {schema}\n"
    );
    assert_eq!(printed(&world, &["list"]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_several_with_one_that_is_no_event() {
    let world = world_with(&[-1, -2]).await;
    let mut connection = world.connection().await;
    redis::cmd("XADD")
        .arg(&[&world.stream(), "*", "hello", "world"])
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let _listener = world.start_listener("b");
    eventually("it is buried", async || {
        (world.number("SELECT count(*) FROM dead_letter").await == 3).then_some(())
    })
    .await;
    let list = printed(&world, &["list"]);
    let lines: Vec<_> = list.lines().collect();
    let [_, first, second, third, count] = lines[..] else {
        panic!("{list}")
    };
    assert!(
        first.starts_with("1 ") && second.starts_with("2 "),
        "{list}"
    );
    assert!(
        third.starts_with("3 ") && third.contains("  no event "),
        "{list}"
    );
    assert!(
        third.ends_with("the entry's field time is missing or malformed"),
        "{list}"
    );
    assert_eq!(
        count,
        format!("3 dead letters in {}", world.settings.schema)
    );
    // One below the other.
    let column = |line: &str| line.find("listeners");
    assert!(
        column(first) == column(third) && column(first).is_some(),
        "{list}"
    );

    let show = printed(&world, &["show", "3"]);
    assert!(show.contains("\nevent        -\n"), "{show}");
    assert!(
        show.ends_with("\ndata         {\"hello\":\"world\"}\n"),
        "{show}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_about_one() {
    let world = world_with(&[-1]).await;
    let [event, subject] = [one(&world, "event_id").await, one(&world, "subject").await];
    let stamp: i64 = one(&world, "stamp").await.parse().unwrap();
    let entry = ticketing_messaging::Stamp::from_number(stamp);
    let moment = async |column: &str| {
        let form = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";
        one(
            &world,
            &format!("to_char({column} AT TIME ZONE 'UTC', {form})"),
        )
        .await
    };
    let (time, buried) = (moment("time").await, moment("buried_at").await);
    let expected = format!(
        "id           1\n\
         stream       things\n\
         entry        {entry}\n\
         group        listeners\n\
         event        {event}\n\
         type         thing:changed\n\
         subject      {subject}\n\
         version      1\n\
         time         {time}\n\
         traceparent  -\n\
         buried at    {buried}\n\
         tries        5\n\
         next try     when it is asked for\n\
         error        {REFUSED}\n\
         data         {{\"id\":\"{subject}\",\"version\":1,\"weight\":-1}}\n"
    );
    assert_eq!(printed(&world, &["show", "1"]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_several_lines_stays_in_its_place() {
    let world = world_with(&[-1]).await;
    let error = "UPDATE dead_letter SET error = E'first\\nsecond\\nthird'";
    world.sql.batch_execute(error).await.unwrap();
    let list = printed(&world, &["list"]);
    assert!(list.lines().nth(1).unwrap().ends_with("  first"), "{list}");
    let show = printed(&world, &["show", "1"]);
    let indented = "\nerror        first\n             second\n             third\ndata         {";
    assert!(show.contains(indented), "{show}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_an_error() {
    let world = world_with(&[]).await;
    for command in ["show", "redrive"] {
        let (code, out, complaint) = dlq(&world, &[command, "99"]);
        let expected = format!(
            "Error: there is no dead letter 99 in {}\n",
            world.settings.schema
        );
        assert_eq!((code, out, complaint), (1, String::new(), expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_tried_again_on_request() {
    let world = world_with(&[-1, -2]).await;
    let schema = &world.settings.schema;
    let again = format!("dead letter 1 in {schema} will be tried again\n");
    assert_eq!(printed(&world, &["redrive", "1"]), again);
    let list = printed(&world, &["list"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[1].ends_with("\" (to be tried again)"), "{list}");
    assert!(lines[2].ends_with('"'), "{list}");
    let show = printed(&world, &["show", "1"]);
    assert!(show.contains("\nnext try     soon\n"), "{show}");
    let waiting = format!("dead letter 1 in {schema} is waiting for another try already\n");
    assert_eq!(printed(&world, &["redrive", "1"]), waiting);

    let cause = "ALTER TABLE effect DROP CONSTRAINT effect_weight_check";
    world.sql.batch_execute(cause).await.unwrap();
    let _listener = world.start_listener("b");
    world.settled_but(1).await;
    assert_eq!(one(&world, "id").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_tried_again_on_request() {
    let world = world_with(&[-1, -2, -3]).await;
    let schema = &world.settings.schema;
    let cause = "ALTER TABLE effect DROP CONSTRAINT effect_weight_check";
    world.sql.batch_execute(cause).await.unwrap();
    let again = format!("3 dead letters in {schema} will be tried again\n");
    assert_eq!(printed(&world, &["redrive", "--all"]), again);
    let _listener = world.start_listener("b");
    world.settled().await;
    let nothing = format!("nothing to try again in {schema}\n");
    assert_eq!(printed(&world, &["redrive", "--all"]), nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_must_be_said_what_to_try_again() {
    let world = world_with(&[]).await;
    let (code, out, complaint) = dlq(&world, &["redrive"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        complaint.contains("not provided:\n  <ID|--all>\n"),
        "{complaint}"
    );
    let (code, _, complaint) = dlq(&world, &["redrive", "1", "--all"]);
    assert_eq!(code, 2);
    assert!(complaint.contains("cannot be used with"), "{complaint}");
    let (code, _, complaint) = dlq(&world, &["show", "first"]);
    assert_eq!(code, 2);
    assert!(complaint.contains("invalid value 'first'"), "{complaint}");
}
