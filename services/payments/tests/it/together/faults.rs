//! What happens to one of those that are written together does not touch the others.

use std::{pin::pin, time::Duration};

use payments::{
    error::Error,
    store::{batch, webhooks},
};
use tokio::time::timeout;

use super::Step;
use crate::harness::books::{self, Books, at_once, begin, begin_with, done_at_once, patience};

/// Two that can't both be: nobody's step is done, and alone everybody's is but the second's.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_that_is_refused_does_not_spoil_the_others() {
    let books = Books::open().await;
    let (first, mut second) = (begin_with(1, "a"), begin_with(2, "a"));
    second.payment.user_id = first.payment.user_id;
    let begins = [begin(3), first, second, begin(4)];
    let done = done_at_once(begins.iter().map(|one| books.begins(one))).await;
    assert_eq!(done, [false; 4]);
    assert_eq!(books.number("SELECT count(*) FROM payment").await, 0);
    let connection = books.pool.get().await.unwrap();
    for (turn, one) in begins.iter().enumerate() {
        let begun = batch::begin(&connection, &[one], "one", patience().attempt).await;
        assert_eq!(begun.unwrap().contains(&one.payment.id), turn != 2);
    }
    assert_eq!(books.number("SELECT count(*) FROM payment").await, 3);
    // The writer goes on.
    assert!(books.begins(&begin(5)).await.unwrap());
}

/// Somebody is at one of the payments, for as long as may be: the others do not wait, and a hint about it
/// is not noted as long as it can't have its effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nobody_waits_for_anothers_payment() {
    let books = Books::open().await;
    let begins = [begin(1), begin(2), begin(3)];
    done_at_once(begins.iter().map(|one| books.begins(one))).await;
    let held = format!(
        "BEGIN; SELECT FROM payment WHERE id = '{}' FOR UPDATE",
        begins[1].payment.id
    );
    books.sql.batch_execute(&held).await.unwrap();
    let all = async {
        let mut done = Vec::new();
        let steps: [Step; 3] = [Books::confirms, Books::notes, Books::succeeds];
        for step in steps {
            done.push(done_at_once(begins.iter().map(|one| step(&books, one))).await);
        }
        done
    };
    let done = timeout(Duration::from_secs(30), all).await.unwrap();
    assert_eq!(done, [[true, false, true]; 3]);
    assert_eq!(books.number("SELECT count(*) FROM webhook_event").await, 2);

    // The control: alone one waits.
    let mut connection = books.pool.get().await.unwrap();
    let hint = books::hint(&begins[1]);
    let noted = webhooks::note(&mut connection, &hint, patience().hint);
    let mut noted = pin!(noted);
    assert!(
        timeout(Duration::from_millis(300), &mut noted)
            .await
            .is_err()
    );
    books.sql.batch_execute("COMMIT").await.unwrap();
    noted.await.unwrap();
    assert_eq!(books.number("SELECT count(*) FROM webhook_event").await, 3);
}

/// What another transaction is adding just now is waited for, but not for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_transaction_that_hangs_does_not_hold_up_the_writer() {
    let books = Books::open().await;
    let (one, other) = (begin(1), begin(2));
    done_at_once([books.begins(&one), books.begins(&other)]).await;
    let event = books::hint(&one).event;
    let hanging = format!("BEGIN; INSERT INTO webhook_event VALUES ('{event}', now())");
    books.sql.batch_execute(&hanging).await.unwrap();
    let asked = [books.notes(&one), books.confirms(&other)];
    assert_eq!(done_at_once(asked).await, [false; 2]);
    assert!(books.confirms(&other).await.unwrap());
    books.sql.batch_execute("ROLLBACK").await.unwrap();
    assert!(books.notes(&one).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_database_that_is_away_is_told_to_each() {
    let (books, link) = Books::open_behind_a_link().await;
    let one = begin(1);
    assert!(books.begins(&one).await.unwrap());
    link.cut().await;
    let asked = || {
        [
            books.begins(&begin(2)),
            books.confirms(&one),
            books.notes(&one),
        ]
    };
    for done in at_once(asked()).await {
        assert!(matches!(done, Err(Error::DatabaseAway(_))), "{done:?}");
    }
    assert_eq!(books.number("SELECT count(*) FROM payment").await, 1);
    assert_eq!(books.number("SELECT count(*) FROM webhook_event").await, 0);
    link.mend();
    assert_eq!(done_at_once(asked()).await, [true; 3]);
}

/// All of it is there, and nobody was told so. Done again, it is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_whose_answer_is_lost_is_no_success() {
    let (books, link) = Books::open_behind_a_link().await;
    let one = begin(1);
    done_at_once([books.begins(&one)]).await;
    done_at_once([books.confirms(&one)]).await;
    link.cut_after(b"COMMIT");
    let asked = || {
        [
            books.begins(&begin(2)),
            books.notes(&one),
            books.succeeds(&one),
        ]
    };
    for done in at_once(asked()).await {
        assert!(matches!(done, Err(Error::DatabaseAway(_))), "{done:?}");
    }
    assert_eq!(link.cuts(), 1);
    assert_eq!(done_at_once(asked()).await, [false, true, false]);
    assert_eq!(books.number("SELECT count(*) FROM payment").await, 2);
    assert_eq!(books.number("SELECT count(*) FROM webhook_event").await, 1);
    assert_eq!(books.number("SELECT count(*) FROM outbox").await, 1);
}
