//! Many want the same, on two instances of the service.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::StatusCode;
use ticketing_contracts::{
    api::orders::{NewOrder, Order},
    ids::TicketId,
};

use crate::harness::{App, World, all, several};

/// What became of each order: its quantities, and whether it was placed.
type Outcome = (Vec<(TicketId, i32)>, bool);

/// All at once, each by somebody else and by turns on each instance.
async fn rush(world: &World, apps: &[App], orders: Vec<Vec<(TicketId, i32)>>) -> Vec<Outcome> {
    let requests: Vec<_> = orders
        .into_iter()
        .enumerate()
        .map(|(turn, items)| {
            let app = &apps[turn % apps.len()];
            let request = app.ordering(&world.user(), &several(&items)).send();
            async move {
                let answer = request.await.unwrap();
                let status = answer.status();
                let body = answer.text().await.unwrap();
                match status {
                    StatusCode::CREATED => {
                        let order: Order = serde_json::from_str(&body).unwrap();
                        let got = order.items.iter().map(|i| (i.ticket_id, i.quantity));
                        assert_eq!(got.collect::<Vec<_>>(), items);
                        (items, true)
                    }
                    StatusCode::CONFLICT => (items, false),
                    _ => panic!("{status}: {body}"),
                }
            }
        })
        .collect();
    all(requests).await
}

fn granted(outcomes: &[Outcome], ticket: TicketId) -> i32 {
    let items = outcomes.iter().filter(|(_, placed)| *placed);
    let items = items.flat_map(|(items, _)| items);
    items
        .filter(|(id, _)| *id == ticket)
        .map(|(_, quantity)| quantity)
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_want_one_seat() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let seat = world.offered(1).await;
    let outcomes = rush(&world, &apps, vec![vec![(seat, 1)]; 500]).await;
    assert_eq!(granted(&outcomes, seat), 1);
    assert_eq!(world.stock(seat).await, (1, 1, 0));
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 1);
    assert_eq!(world.wrong_books().await, 0);
}

/// Two thousand want one to six of three hundred seats.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused_what_is_free() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let seats = world.offered(300).await;
    let mut random = StdRng::seed_from_u64(5);
    let orders = (0..2_000).map(|_| vec![(seats, random.random_range(1..=6))]);
    let outcomes = rush(&world, &apps, orders.collect()).await;
    let held = granted(&outcomes, seats);
    assert_eq!(world.stock(seats).await, (300, held, 0));
    // Nothing came back meanwhile: what is free at the end was free all the time.
    let refused = outcomes.iter().filter(|(_, placed)| !placed);
    let fewest = refused.map(|(items, _)| items[0].1).min().unwrap();
    assert!(
        fewest > 300 - held,
        "{fewest} were refused while {held} were held"
    );
    assert_eq!(held, 300, "somebody wanted a single one");
    assert_eq!(world.wrong_books().await, 0);
}

/// Each takes some of the tickets in an order of its own, so that they would wait for each other in a
/// circle if they were locked in that order.
#[tokio::test(flavor = "multi_thread")]
async fn orders_that_cross_each_other() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(world.offered(100).await);
    }
    let mut random = StdRng::seed_from_u64(6);
    let orders = (0..400).map(|_| {
        tickets.shuffle(&mut random);
        let items = tickets.iter().take(random.random_range(2..=4));
        items.map(|ticket| (*ticket, 1)).collect()
    });
    let orders = orders.collect();
    let outcomes = rush(&world, &apps, orders).await;
    for ticket in &tickets {
        let held = granted(&outcomes, *ticket);
        assert_eq!(world.stock(*ticket).await, (100, held, 0));
    }
    // All of an order or nothing: whoever was refused met a ticket that was gone.
    let gone = |ticket: &TicketId| granted(&outcomes, *ticket) == 100;
    for (items, placed) in &outcomes {
        assert!(*placed || items.iter().any(|(ticket, _)| gone(ticket)));
    }
    assert_eq!(world.wrong_books().await, 0);
}

/// While others come and go: what is cancelled or over can be had at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_sold_again() {
    let world = World::new().await;
    let apps = [world.start().await, world.start().await];
    let seats = world.offered(50).await;
    for _ in 0..4 {
        let outcomes = rush(&world, &apps, vec![vec![(seats, 1)]; 100]).await;
        assert_eq!(granted(&outcomes, seats), 50);
        let over = "now() - interval '1 second'";
        let sql = format!(
            "UPDATE orders SET expires_at = {over}, release_at = {over} WHERE status = 'created'; \
             UPDATE order_item SET held_until = {over} WHERE held_until IS NOT NULL; \
             UPDATE inventory SET next_release_at = {over}"
        );
        world.sql.batch_execute(&sql).await.unwrap();
    }
    let expired = "SELECT count(*) FROM orders WHERE reason = 'expired'";
    assert_eq!(world.number(expired).await, 150);
    assert_eq!(world.wrong_books().await, 0);
}

/// Two instances, each of which has a batch under way over the same seat.
async fn both_at_once(world: World) -> (i32, World) {
    let apps = [world.start().await, world.start().await];
    let seat = world.offered(1).await;
    // Orders can't be written, so that neither batch can end before the other has begun.
    let gate = world.database.superuser().await;
    gate.batch_execute("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let open = async {
        world.stuck(2).await;
        gate.batch_execute("COMMIT").await.unwrap();
    };
    let (outcomes, ()) = tokio::join!(rush(&world, &apps, vec![vec![(seat, 1)]; 500]), open);
    (granted(&outcomes, seat), world)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_waits_for_the_first() {
    let (granted, world) = both_at_once(World::new().await).await;
    assert_eq!(granted, 1);
    assert_eq!(world.wrong_books().await, 0);
}

/// The negative control: what keeps them apart is the lock, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_lock_a_seat_is_sold_twice() {
    let (granted, world) = both_at_once(World::new().await.unlocked()).await;
    assert_eq!(granted, 2);
    assert_eq!(world.wrong_books().await, 1);
}

/// The form that clients send is the one that is tested here.
#[test]
fn several_is_the_contracts_form() {
    let form: NewOrder = serde_json::from_value(several(&[])).unwrap();
    assert_eq!(form.items, Some(Vec::new()));
}
