//! Single decisions, and random ones over many tickets.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, prelude::*, sample::select};
use ticketing_contracts::{
    api::orders::NewOrderItem,
    events::{orders::OrderEvent, tickets::Ticket},
    ids::{OrderId, PaymentId, TicketId, UserId},
    internal::Settled,
    money::{Currency, MajorUnits},
    order::CancelReason,
};
use uuid::Uuid;

use super::*;
use crate::domain::{Hold, NextRelease, State};

const RULES: Rules = Rules {
    hold: Duration::from_secs(900),
    lease: Duration::from_secs(45),
    lease_by_hand: Duration::from_secs(300),
    lease_cap: Duration::from_secs(600),
};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_763_000_000_000).unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn ticket(number: u128, capacity: i32) -> Ticket {
    Ticket {
        id: TicketId(Uuid::from_u128(number)),
        version: 1,
        title: format!("Ticket {number}"),
        price: 10_00,
        currency: Currency::USD,
        user_id: UserId(Uuid::from_u128(99)),
        capacity,
        max_per_order: None,
        max_per_person: None,
    }
}

fn stock(offer: Ticket) -> Stock {
    Stock {
        offer,
        closed: false,
        version: 1,
        held: 0,
        sold: 0,
        revenue: 0,
        next_release: NextRelease::Known(None),
        holder: None,
    }
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(1_000 + number))
}

fn order(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(1_000_000 + number))
}

fn payment(number: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(2_000_000 + number))
}

fn hold(number: u128, buyer: u128, items: &[(u128, i32)]) -> Command {
    let item = |(ticket, quantity): &(u128, i32)| NewOrderItem {
        ticket_id: TicketId(Uuid::from_u128(*ticket)),
        quantity: *quantity,
        price: None,
    };
    Command::Hold(Hold {
        order_id: order(number),
        user_id: user(buyer),
        items: items.iter().map(item).collect(),
        request: None,
    })
}

/// The tables: what a batch finds, and what it leaves.
#[derive(Debug, Default)]
struct World {
    stocks: BTreeMap<TicketId, Stock>,
    orders: BTreeMap<OrderId, Order>,
    events: Vec<OrderEvent>,
}

impl World {
    fn of(tickets: impl IntoIterator<Item = Ticket>) -> Self {
        let stocks = tickets.into_iter().map(|ticket| (ticket.id, stock(ticket)));
        Self {
            stocks: stocks.collect(),
            ..Self::default()
        }
    }

    /// Decides a batch as the reservation does, with holds that are over reclaimed first.
    fn run(&mut self, now: DateTime<Utc>, commands: &[Command]) -> Vec<Result<Answer, Refusal>> {
        let mut reclaims = BTreeSet::new();
        loop {
            let all = reclaims
                .iter()
                .map(|order_id| Command::Reclaim {
                    order_id: *order_id,
                })
                .chain(commands.iter().cloned());
            let all: Vec<_> = all.collect();
            let mut book = self.open(now, &all);
            let mut answers: Vec<_> = all.iter().map(|command| book.decide(command)).collect();
            let known = reclaims.len();
            reclaims.extend(self.overdue(book.overdue(), now));
            if reclaims.len() == known {
                self.write(book.finish());
                return answers.split_off(known);
            }
        }
    }

    fn run_one(&mut self, now: DateTime<Utc>, command: Command) -> Result<Answer, Refusal> {
        self.run(now, &[command]).remove(0)
    }

    fn open(&self, now: DateTime<Utc>, commands: &[Command]) -> Book {
        let stocks = self.stocks.values().cloned();
        let orders = self.orders.values().cloned();
        let mut book = Book::new(now, RULES, stocks, orders);
        let commands: Vec<_> = commands.iter().collect();
        for (user, ticket) in book.capped(&commands) {
            let owned = self
                .orders
                .values()
                .filter(|order| order.user_id == user)
                .filter(|order| !matches!(order.state, State::Cancelled(_)))
                .flat_map(|order| &order.items)
                .filter(|item| item.ticket_id == ticket)
                .map(|item| i64::from(item.quantity));
            book.owns(user, ticket, owned.sum());
        }
        book
    }

    fn overdue(&self, tickets: &BTreeSet<TicketId>, now: DateTime<Utc>) -> Vec<OrderId> {
        let over = self.orders.values().filter(|order| {
            order.held_until().is_some_and(|until| until <= now)
                && order
                    .items
                    .iter()
                    .any(|item| tickets.contains(&item.ticket_id))
        });
        over.map(|order| order.id).collect()
    }

    fn write(&mut self, changes: Changes) {
        for placed in changes.placed {
            let fresh = self.orders.insert(placed.order.id, (*placed.order).clone());
            assert!(fresh.is_none());
        }
        for changed in changes.changed {
            let before = self.orders.insert(changed.order.id, changed.order);
            assert_eq!(before.unwrap().version, changed.from_version);
        }
        for mut stock in changes.stocks {
            if stock.next_release == NextRelease::Unknown {
                stock.next_release = NextRelease::Known(self.next_release(stock.offer.id));
            }
            self.stocks.insert(stock.offer.id, stock);
        }
        self.events.extend(changes.events);
    }

    fn next_release(&self, ticket: TicketId) -> Option<DateTime<Utc>> {
        let holding = self
            .orders
            .values()
            .filter(|order| order.items.iter().any(|item| item.ticket_id == ticket));
        holding.filter_map(Order::held_until).min()
    }

    /// What must hold after every batch.
    fn check(&self) {
        for (id, stock) in &self.stocks {
            let quantity = |wanted: fn(&Order) -> bool| -> i32 {
                let orders = self.orders.values().filter(|order| wanted(order));
                let items = orders.flat_map(|order| &order.items);
                items
                    .filter(|item| item.ticket_id == *id)
                    .map(|item| item.quantity)
                    .sum()
            };
            assert_eq!(stock.held, quantity(|order| order.state.is_open()), "held");
            assert_eq!(
                stock.sold,
                quantity(|order| order.state == State::Complete),
                "sold"
            );
            assert!(stock.held >= 0 && stock.sold >= 0 && stock.free() >= 0);
            assert_eq!(stock.capacity(), stock.free() + stock.held + stock.sold);
            assert_eq!(
                stock.next_release,
                NextRelease::Known(self.next_release(*id)),
                "the next release"
            );
        }
        for order in self.orders.values() {
            assert!(order.release_at >= order.expires_at);
            assert!(!order.refund_due || matches!(order.state, State::Cancelled(_)));
            assert!(order.state != State::Complete || order.payment_id.is_some());
            assert!(!order.late || order.state == State::Complete);
        }
    }
}

fn held(answer: Result<Answer, Refusal>) -> Arc<Order> {
    match answer {
        Ok(Answer::Held(order)) => order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_gets_it_and_the_other_is_told() {
    let mut world = World::of([ticket(1, 1)]);
    let answers = world.run(start(), &[hold(1, 1, &[(1, 1)]), hold(2, 2, &[(1, 1)])]);
    assert!(matches!(answers[0], Ok(Answer::Held(_))));
    assert_eq!(answers[1], Err(Refusal::Reserved));
    world.check();
}

#[test]
fn all_items_or_none() {
    let mut world = World::of([ticket(1, 5), ticket(2, 1)]);
    let refused = world.run_one(start(), hold(1, 1, &[(1, 2), (2, 2)]));
    assert_eq!(refused, Err(Refusal::OnlyLeft(1)));
    assert!(world.orders.is_empty() && world.stocks.values().all(|stock| stock.held == 0));
    held(world.run_one(start(), hold(2, 1, &[(1, 5), (2, 1)])));
    world.check();
}

#[test]
fn what_is_left_is_told() {
    let mut world = World::of([ticket(1, 3)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
    let refused = |world: &mut World, number, quantity| {
        world
            .run_one(after(1), hold(number, 2, &[(1, quantity)]))
            .unwrap_err()
    };
    assert_eq!(refused(&mut world, 2, 3), Refusal::OnlyLeft(2));
    held(world.run_one(after(1), hold(3, 3, &[(1, 2)])));
    assert_eq!(refused(&mut world, 4, 1), Refusal::AllHeld);
    for number in [1, 3] {
        let settle = Command::Settle {
            order_id: order(number),
            payment_id: payment(number),
        };
        assert_eq!(
            world.run_one(after(2), settle),
            Ok(Answer::Settled(Settled::Complete))
        );
    }
    assert_eq!(refused(&mut world, 5, 1), Refusal::SoldOut);
    assert_eq!(world.stocks.values().next().unwrap().revenue, 30_00);
    world.check();
}

#[test]
fn a_hold_that_is_over_is_no_obstacle() {
    let mut world = World::of([ticket(1, 1)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
    assert_eq!(
        world.run_one(after(899), hold(2, 2, &[(1, 1)])),
        Err(Refusal::Reserved)
    );
    held(world.run_one(after(900), hold(3, 2, &[(1, 1)])));
    assert_eq!(
        world.orders[&order(1)].state,
        State::Cancelled(CancelReason::Expired)
    );
    world.check();
}

#[test]
fn a_payment_that_has_begun_keeps_the_ticket() {
    let mut world = World::of([ticket(1, 1)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
    let lease = |by_hand| Command::Lease {
        order_id: order(1),
        user_id: user(1),
        by_hand,
    };
    let Ok(Answer::Leased(first)) = world.run_one(after(899), lease(false)) else {
        panic!()
    };
    assert_eq!(
        (first.number, first.release_at, first.amount),
        (1, after(944), 10_00)
    );
    world.check();
    // The deadline that it had before is no reason to free it.
    let stale = Command::Expire {
        order_id: order(1),
        release_at: after(900),
    };
    assert_eq!(world.run_one(after(900), stale), Ok(Answer::Done));
    assert_eq!(
        world.run_one(after(930), hold(2, 2, &[(1, 1)])),
        Err(Refusal::Reserved)
    );
    let cancel = Command::Cancel {
        order_id: order(1),
        user_id: user(1),
    };
    assert_eq!(world.run_one(after(931), cancel), Err(Refusal::BeingPaid));
    let Ok(Answer::Leased(second)) = world.run_one(after(940), lease(true)) else {
        panic!()
    };
    assert_eq!((second.number, second.release_at), (2, after(1240)));
    // The first attempt's failure is not the second's.
    let give_back = |lease| Command::GiveBack {
        order_id: order(1),
        lease,
    };
    assert_eq!(world.run_one(after(941), give_back(1)), Ok(Answer::Done));
    assert_eq!(world.orders[&order(1)].state, State::AwaitingPayment);
    assert_eq!(world.run_one(after(942), give_back(2)), Ok(Answer::Done));
    assert_eq!(world.orders[&order(1)].state, State::Created);
    assert_eq!(world.orders[&order(1)].release_at, after(900));
    assert_eq!(
        world.run_one(after(943), lease(false)),
        Err(Refusal::Expired)
    );
    world.check();
}

#[test]
fn leases_end_at_the_cap() {
    let mut world = World::of([ticket(1, 1)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
    let lease = Command::Lease {
        order_id: order(1),
        user_id: user(1),
        by_hand: true,
    };
    for second in [890, 1100, 1300] {
        assert!(matches!(
            world.run_one(after(second), lease.clone()),
            Ok(Answer::Leased(_))
        ));
    }
    assert_eq!(world.orders[&order(1)].release_at, after(1500));
    assert_eq!(world.run_one(after(1500), lease), Err(Refusal::Expired));
}

#[test]
fn late_money_gets_the_ticket_or_goes_back() {
    for rival in [false, true] {
        let mut world = World::of([ticket(1, 1)]);
        held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
        let lease = Command::Lease {
            order_id: order(1),
            user_id: user(1),
            by_hand: false,
        };
        world.run_one(after(899), lease).unwrap();
        let expire = Command::Expire {
            order_id: order(1),
            release_at: after(944),
        };
        world.run_one(after(950), expire).unwrap();
        if rival {
            held(world.run_one(after(951), hold(2, 2, &[(1, 1)])));
        }
        let settle = Command::Settle {
            order_id: order(1),
            payment_id: payment(1),
        };
        let expected = if rival {
            Settled::RefundDue
        } else {
            Settled::Complete
        };
        for second in [960, 961] {
            let settled = world.run_one(after(second), settle.clone());
            assert_eq!(settled, Ok(Answer::Settled(expected)));
            world.check();
        }
        let refunds = world.events.iter();
        let refunds = refunds.filter(|event| matches!(event, OrderEvent::RefundDue(_)));
        assert_eq!(refunds.count(), usize::from(rival), "told once");
        assert_eq!(world.orders[&order(1)].late, !rival);
    }
}

#[test]
fn caps_count_what_one_has_already() {
    let capped = Ticket {
        max_per_order: Some(3),
        max_per_person: Some(4),
        ..ticket(1, 100)
    };
    let mut world = World::of([capped]);
    assert_eq!(
        world.run_one(start(), hold(1, 1, &[(1, 4)])),
        Err(Refusal::OverMaxPerOrder(3))
    );
    let answers = world.run(
        start(),
        &[
            hold(2, 1, &[(1, 3)]),
            hold(3, 1, &[(1, 2)]),
            hold(4, 1, &[(1, 1)]),
            hold(5, 2, &[(1, 3)]),
        ],
    );
    assert_eq!(answers[1], Err(Refusal::OverMaxPerPerson(4, 3)));
    assert!(answers[0].is_ok() && answers[2].is_ok() && answers[3].is_ok());
    let cancel = Command::Cancel {
        order_id: order(2),
        user_id: user(1),
    };
    let answers = world.run(after(1), &[cancel, hold(6, 1, &[(1, 3)])]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    world.check();
}

#[test]
fn a_price_that_has_changed_is_told() {
    let mut world = World::of([ticket(1, 1)]);
    let Command::Hold(mut wanted) = hold(1, 1, &[(1, 1)]) else {
        unreachable!()
    };
    wanted.items[0].price = Some(MajorUnits::from_minor(9_99, Currency::USD));
    let refused = world.run_one(start(), Command::Hold(wanted.clone()));
    assert!(
        matches!(refused, Err(Refusal::PriceChanged { .. })),
        "{refused:?}"
    );
    wanted.items[0].price = Some(MajorUnits::from_minor(10_00, Currency::USD));
    held(world.run_one(start(), Command::Hold(wanted)));
}

#[test]
fn a_lowered_capacity_takes_nothing_from_anybody() {
    let mut world = World::of([ticket(1, 5)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 4)])));
    let lowered = Ticket {
        version: 2,
        ..ticket(1, 2)
    };
    world.run_one(after(1), Command::Offer(lowered)).unwrap();
    let stock = &world.stocks[&TicketId(Uuid::from_u128(1))];
    assert_eq!((stock.capacity(), stock.free()), (4, 0));
    let cancel = Command::Cancel {
        order_id: order(1),
        user_id: user(1),
    };
    world.run_one(after(2), cancel).unwrap();
    let stock = &world.stocks[&TicketId(Uuid::from_u128(1))];
    assert_eq!((stock.capacity(), stock.free()), (2, 2));
    // What came earlier and arrives late changes nothing.
    world
        .run_one(after(3), Command::Offer(ticket(1, 5)))
        .unwrap();
    assert_eq!(world.stocks[&TicketId(Uuid::from_u128(1))].capacity(), 2);
    world.check();
}

#[test]
fn what_is_held_or_sold_is_not_withdrawn() {
    let mut world = World::of([ticket(1, 5)]);
    held(world.run_one(start(), hold(1, 1, &[(1, 1)])));
    let close = || Command::Close(ticket(1, 5));
    assert_eq!(
        world.run_one(after(1), close()),
        Err(Refusal::InUse { held: 1, sold: 0 })
    );
    // A hold that is over does not count.
    assert_eq!(world.run_one(after(900), close()), Ok(Answer::Done));
    assert_eq!(world.run_one(after(901), close()), Ok(Answer::Done));
    assert_eq!(
        world.run_one(after(902), hold(2, 2, &[(1, 1)])),
        Err(Refusal::Withdrawn)
    );
    world.check();
}

/// A step of a random history: seconds that pass, and what is asked then.
fn step() -> impl Strategy<Value = (i64, Vec<Command>)> {
    let command = prop_oneof![
        6 => (any::<u32>(), 0u128..6, vec((1u128..5, 1i32..4), 1..4)).prop_map(|(id, buyer, items)| {
            let items: BTreeMap<_, _> = items.into_iter().collect();
            hold(u128::from(id), buyer, &items.into_iter().collect::<Vec<_>>())
        }),
        1 => (1u128..5, 1i32..8, 1i64..9).prop_map(|(id, capacity, version)| {
            Command::Offer(Ticket { version, ..ticket(id, capacity) })
        }),
        1 => (1u128..5).prop_map(|id| Command::Close(ticket(id, 1))),
    ];
    (select(vec![0i64, 1, 40, 300, 900]), vec(command, 0..6))
}

/// What happens to an order that exists, chosen by number.
fn aftermath() -> impl Strategy<Value = Vec<(usize, u8)>> {
    vec((any::<usize>(), 0u8..7), 0..6)
}

proptest! {
    /// Holds, cancellations, expiries, leases, payments in time and late, changed capacities and
    /// closings, in any order and in batches: capacity = free + held + sold, always.
    #[test]
    fn stock_is_conserved(history in vec((step(), aftermath()), 1..40)) {
        let capped = |number, capacity| Ticket { max_per_person: Some(5), ..ticket(number, capacity) };
        let mut world = World::of([ticket(1, 1), ticket(2, 4), capped(3, 6), ticket(4, 3)]);
        let mut now = start();
        for ((seconds, mut commands), aftermath) in history {
            now += TimeDelta::seconds(seconds);
            let known: Vec<_> = world.orders.values().cloned().collect();
            for (index, kind) in aftermath {
                let Some(some) = known.get(index % known.len().max(1)) else { continue };
                let (order_id, user_id) = (some.id, some.user_id);
                commands.push(match kind {
                    0 => Command::Cancel { order_id, user_id },
                    1 => Command::Expire { order_id, release_at: some.release_at },
                    2 => Command::Reclaim { order_id },
                    3 => Command::Lease { order_id, user_id, by_hand: index % 2 == 0 },
                    4 => Command::GiveBack { order_id, lease: some.lease },
                    _ => Command::Settle { order_id, payment_id: payment(order_id.0.as_u128()) },
                });
            }
            let mut seen = BTreeSet::new();
            commands.retain(|command| match command {
                Command::Hold(hold) => {
                    !world.orders.contains_key(&hold.order_id) && seen.insert(hold.order_id)
                }
                _ => true,
            });
            let before: BTreeMap<_, _> =
                world.stocks.iter().map(|(id, stock)| (*id, stock.clone())).collect();
            let answers = world.run(now, &commands);
            world.check();
            for (id, stock) in &world.stocks {
                prop_assert!(stock.version >= before[id].version);
                // Nobody is given more than the seller ever offered within the batch, or than was
                // taken before, however the capacity floats.
                let offered = commands.iter().filter_map(|command| match command {
                    Command::Offer(ticket) if ticket.id == *id => Some(ticket.capacity),
                    _ => None,
                });
                let taken = before[id].held + before[id].sold;
                let most = offered.chain([before[id].offer.capacity, taken]).max();
                prop_assert!(stock.held + stock.sold <= most.unwrap_or_default());
            }
            for (command, answer) in commands.iter().zip(answers) {
                if let (Command::Settle { order_id, .. }, Ok(Answer::Settled(settled))) = (command, answer) {
                    let order = &world.orders[order_id];
                    prop_assert_eq!(settled == Settled::Complete, order.state == State::Complete);
                    prop_assert_eq!(settled == Settled::RefundDue, order.refund_due);
                }
            }
        }
    }
}
