//! Steps that are written together: the same rows as one by one, in the same order.

mod faults;

use futures::FutureExt;
use payments::store::{batch, payments as rows, webhooks};
use ticketing_contracts::api::payments::PaymentStatus;
use ticketing_testkit::eventually;

use crate::harness::{
    Fault, World,
    books::{self, Asked, Books, begin, begin_with, done_at_once, patience},
    paid, paying_with,
};

type Step = fn(&Books, &batch::Begin) -> Asked;

const STEPS: [Step; 4] = [
    Books::begins,
    Books::confirms,
    Books::notes,
    Books::succeeds,
];

async fn is_the_same(together: &Books, alone: &Books) {
    let (together, alone) = (together.rows().await, alone.rows().await);
    assert_eq!(together.len(), alone.len());
    for (together, alone) in together.iter().zip(&alone) {
        assert_eq!(together, alone);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_at_once_are_written_as_one_by_one() {
    let (together, alone) = (Books::open().await, Books::open().await);
    let begins: Vec<_> = (0..40)
        .map(|number| match number % 3 {
            0 => begin_with(number, "a"),
            _ => begin(number),
        })
        .collect();
    for step in STEPS {
        let done = done_at_once(begins.iter().map(|one| step(&together, one))).await;
        assert_eq!(done, [true; 40]);
        for one in &begins {
            assert!(step(&alone, one).await.unwrap());
        }
        is_the_same(&together, &alone).await;
    }
    for table in ["payment", "attempt", "webhook_event", "outbox"] {
        assert_eq!(together.transactions(table).await, 1, "{table}");
        assert_eq!(alone.transactions(table).await, 40, "{table}");
    }
    let open = "SELECT count(*) FROM payment WHERE status <> 'succeeded' OR due_at IS NOT NULL";
    assert_eq!(together.number(open).await, 0);
}

/// As whoever was answered "not done" does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_done_without_the_writer_is_the_same() {
    let (together, alone) = (Books::open().await, Books::open().await);
    let one = begin_with(1, "a");
    for step in &STEPS[..3] {
        assert!(step(&together, &one).await.unwrap());
    }
    let mut connection = alone.pool.get().await.unwrap();
    let begun = batch::begin(&connection, &[&one], "one", patience().attempt).await;
    assert!(begun.unwrap().contains(&one.payment.id));
    let intent = books::confirming(&one).intent;
    assert!(
        rows::confirming(&mut connection, &one.payment, &intent)
            .await
            .unwrap()
    );
    let hint = books::hint(&one);
    assert!(
        !webhooks::note(&mut connection, &hint, patience().hint)
            .await
            .unwrap()
    );
    is_the_same(&together, &alone).await;
}

/// Steps of one payment, asked for without waiting for each other, and those of others between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_payments_steps_are_done_in_their_order() {
    let books = Books::open().await;
    let (one, other) = (begin(1), begin(2));
    let asked = STEPS
        .iter()
        .flat_map(|step| [step(&books, &one), step(&books, &other)]);
    assert_eq!(done_at_once(asked).await, [true; 8]);
    let succeeded = "SELECT count(*) FROM payment WHERE status = 'succeeded' AND confirming";
    assert_eq!(books.number(succeeded).await, 2);
    assert_eq!(books.number("SELECT count(*) FROM outbox").await, 2);
}

/// What is not as its asker knows it is left to be looked at alone: an order that is over or has a
/// payment, another attempt, a success that is known, a refund, a look that somebody wants.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn only_what_is_plain_is_done() {
    let books = Books::open().await;
    let begins: Vec<_> = (0..7).map(begin).collect();
    let over = format!(
        "INSERT INTO ended VALUES ('{}', now())",
        begins[0].payment.order_id
    );
    books.sql.batch_execute(&over).await.unwrap();
    let done = done_at_once(begins.iter().map(|one| books.begins(one))).await;
    assert_eq!(done, [false, true, true, true, true, true, true]);
    let mut twice = [begin(11), begin(12), begin(13)];
    twice[0].payment.order_id = begins[1].payment.order_id;
    twice[1].payment.order_id = twice[2].payment.order_id;
    let done = done_at_once(twice.iter().map(|one| books.begins(one))).await;
    assert!(!done[0] && done[1] != done[2], "{done:?}");

    let (another, over) = (&begins[1].payment, &begins[2].payment);
    let meanwhile = format!(
        "UPDATE payment SET attempt = 2 WHERE id = '{}'; INSERT INTO ended VALUES ('{}', now())",
        another.id, over.order_id
    );
    books.sql.batch_execute(&meanwhile).await.unwrap();
    let done = done_at_once(begins[1..].iter().map(|one| books.confirms(one))).await;
    assert_eq!(done, [false, false, true, true, true, true]);

    let [known, refunded, wanted] = [3, 4, 5].map(|number: usize| begins[number].payment.id);
    let meanwhile = format!(
        "UPDATE payment SET status = 'succeeded', settled = 'complete', version = 1, due_at = NULL \
           WHERE id = '{known}'; \
         INSERT INTO refund (payment_id, status, created_at) VALUES ('{refunded}', 'due', now()); \
         UPDATE payment SET due_at = now() WHERE id = '{wanted}'"
    );
    books.sql.batch_execute(&meanwhile).await.unwrap();
    let done = done_at_once(begins[3..].iter().map(|one| books.succeeds(one))).await;
    assert_eq!(done, [false, false, false, true]);
    assert_eq!(books.number("SELECT count(*) FROM outbox").await, 1);
}

/// What the service makes of a success whose row somebody is at: the same as of any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_waits_for_its_row_is_the_same() {
    let world = World::new().await;
    let app = world.start().await;
    let ann = world.user();
    let orders = [world.order(&ann).await.id, world.order(&ann).await.id];
    paid(app.pay(&ann, orders[0], "tok_visa").await).await;
    let hangs = Fault("confirm", "hang", 1);
    world.sim.hangs_untold(hangs, 5).await;
    let request = app.paying(&ann, &paying_with(orders[1], "tok_visa"));
    let paying = tokio::spawn(request.send().map(Result::unwrap));
    eventually("Stripe is about to charge", async || {
        let sql = "SELECT count(*) FROM payment WHERE confirming";
        (world.number(sql).await == 2).then_some(())
    })
    .await;
    let held = "BEGIN; SELECT FROM payment FOR UPDATE";
    world.sql.batch_execute(held).await.unwrap();
    eventually("it waits for the row", async || {
        (world.waiting().await == 1).then_some(())
    })
    .await;
    world.sql.batch_execute("COMMIT").await.unwrap();
    let payment = paid(paying.await.unwrap()).await;
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(payment.message, "Paid. The tickets are yours.");
    assert_eq!(app.show(&ann, payment.id).await, payment);
    let kinds = "SELECT count(DISTINCT to_jsonb(p) - '{id, order_id, intent, created_at, \
                                                       attempted_at}'::text[]) FROM payment p";
    assert_eq!(world.number(kinds).await, 1);
    world
        .has_published(&["payment:created", "payment:created"])
        .await;
}
