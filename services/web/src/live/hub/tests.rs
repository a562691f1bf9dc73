use ticketing_contracts::{
    events::{
        Event, OrderEvent, PaymentEvent, TicketEvent,
        orders::{Inventory, Order},
        payments::Payment,
        tickets::Ticket,
    },
    ids::{PaymentId, UserId},
    money::Currency,
    order::OrderStatus,
};
use ticketing_messaging::{Envelope, Stamp};
use uuid::Uuid;

use super::*;
use crate::live::positions::{ORDERS, PAYMENTS, TICKETS};

const ANN: UserId = UserId(Uuid::from_u128(0xa));
const BOB: UserId = UserId(Uuid::from_u128(0xb));

/// A hub, the streams it hears, and the time.
struct World {
    hub: Arc<Hub>,
    last: i64,
    now: DateTime<Utc>,
}

fn render(inventory: &Inventory, language: Language) -> String {
    format!("{} of {}", language.tag(), inventory.version)
}

fn id(number: u128) -> TicketId {
    TicketId(Uuid::from_u128(number))
}

fn session(user: UserId, iat: i64, exp: i64) -> SessionUser {
    SessionUser {
        id: user,
        email: "somebody@example.com".into(),
        iat,
        exp,
    }
}

fn listener(tickets: &[u128]) -> Listener {
    Listener {
        interest: Interest {
            tickets: tickets.iter().copied().map(id).collect(),
            ..Interest::default()
        },
        language: Language::English,
        session: None,
        since: Place::Now,
    }
}

fn signed_in(user: UserId, iat: i64, exp: i64) -> Listener {
    Listener {
        interest: Interest {
            owner: Some(user),
            ..Interest::default()
        },
        session: Some(session(user, iat, exp)),
        ..listener(&[])
    }
}

impl World {
    /// At entry 1,000 of every stream.
    fn new() -> Self {
        let world = Self::unreached(100);
        world.hub.begin([Stamp::from_number(1_000); 3], world.now);
        world
    }

    /// Redis has not been reached yet.
    fn unreached(limit: usize) -> Self {
        Self {
            hub: Arc::new(Hub::new(render, limit)),
            last: 1_000,
            now: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
        }
    }

    fn listen(&self, listener: &Listener) -> Listening {
        self.hub.listen(listener).unwrap()
    }

    fn says<E: Event>(&mut self, stream: usize, event: &E) {
        self.last += 1;
        let seen = Seen {
            stream,
            stamp: Stamp::from_number(self.last),
            envelope: Envelope::of(event, self.now).unwrap(),
        };
        self.hub.hear(&seen, self.now);
    }

    fn stock(&mut self, ticket: u128, version: i64) {
        let inventory = Inventory {
            ticket_id: id(ticket),
            version,
            ticket_version: 1,
            capacity: 10,
            held: 0,
            sold: 0,
            next_release_at: None,
            order_id: None,
        };
        self.says(ORDERS, &OrderEvent::InventoryUpdated(inventory));
    }

    fn order(&mut self, order: u128, owner: UserId, version: i64) {
        let order = Order {
            id: OrderId(Uuid::from_u128(order)),
            version,
            user_id: owner,
            status: OrderStatus::Created,
            reason: None,
            expires_at: self.now,
            release_at: self.now,
            items: Vec::new(),
            total: 10_50,
            currency: Currency::USD,
            created_at: self.now,
        };
        self.says(ORDERS, &OrderEvent::Updated(order));
    }

    fn payment(&mut self, order: u128, owner: UserId, version: i64) {
        let payment = Payment {
            id: PaymentId(Uuid::nil()),
            order_id: OrderId(Uuid::from_u128(order)),
            user_id: owner,
            amount: 10_50,
            currency: Currency::USD,
            stripe_id: "pi_1".into(),
            version,
            reason: None,
        };
        self.says(PAYMENTS, &PaymentEvent::Failed(payment));
    }

    fn ticket(&self, ticket: u128, version: i64) -> Ticket {
        Ticket {
            id: id(ticket),
            version,
            title: "Row 7".into(),
            price: 10_50,
            currency: Currency::USD,
            user_id: ANN,
            capacity: 10,
            max_per_order: None,
            max_per_person: None,
        }
    }

    fn pass(&mut self, millis: i64) {
        self.now += TimeDelta::milliseconds(millis);
        self.hub.tick(self.now);
    }

    fn position(&self) -> String {
        self.hub.positions().unwrap().to_string()
    }
}

/// Names and data of what has come, and whether more can.
fn told(listening: &mut Listening) -> (Vec<String>, bool) {
    let mut told = Vec::new();
    loop {
        match listening.frames.try_recv() {
            Ok(frame) => told.extend(events(&frame)),
            Err(error) => return (told, error == mpsc::error::TryRecvError::Empty),
        }
    }
}

fn events(frame: &Bytes) -> Vec<String> {
    let text = std::str::from_utf8(frame).unwrap();
    let events = text.split_terminator("\n\n").map(|event| {
        let value = |name| {
            let line = event.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        match &*value("event:") {
            "place" => format!("at {}", value("id:")),
            name => format!("{name} {}", value("data:")),
        }
    });
    events.collect()
}

/// Without where to come back to.
fn heard(listening: &mut Listening) -> Vec<String> {
    let (told, _) = told(listening);
    told.into_iter()
        .filter(|event| !event.starts_with("at "))
        .collect()
}

#[test]
fn who_is_interested_is_told_in_its_language() {
    let mut world = World::new();
    let mut english = world.listen(&listener(&[1, 2]));
    let mut german = world.listen(&Listener {
        language: Language::German,
        ..listener(&[1])
    });
    let mut other = world.listen(&listener(&[2]));
    world.stock(1, 7);
    let at = world.position();
    let stock = format!("stock-{}", id(1));
    let expected = |data| (vec![format!("{stock} {data}"), format!("at {at}")], true);
    assert_eq!(told(&mut english), expected("en of 7"));
    assert_eq!(told(&mut german), expected("de of 7"));
    assert_eq!(told(&mut other), (vec![], true));
}

#[test]
fn what_its_seller_does_with_a_ticket() {
    let mut world = World::new();
    let mut interested = world.listen(&listener(&[1]));
    let mut home = world.listen(&Listener {
        interest: Interest {
            offers: true,
            ..Interest::default()
        },
        ..listener(&[])
    });
    for number in 1..=3 {
        let created = world.ticket(number, 1);
        world.says(TICKETS, &TicketEvent::Created(created));
    }
    let [updated, deleted] = [2, 3].map(|version| world.ticket(1, version));
    world.says(TICKETS, &TicketEvent::Updated(updated));
    world.says(TICKETS, &TicketEvent::Deleted(deleted));
    let offer = |version| format!("offer-{} {{\"version\":{version}}}", id(1));
    assert_eq!(heard(&mut interested), [offer(2), offer(3)]);
    let offers = |ids: &[TicketId]| format!("offers {}", serde_json::json!({"ids": ids}));
    assert_eq!(heard(&mut home), [offers(&[id(1)])]);
    world.pass(999);
    assert_eq!(heard(&mut home), [] as [&str; 0]);
    world.pass(1);
    let rest = offers(&[id(2), id(3)]);
    assert_eq!(heard(&mut home), [rest], "once for all that came");
}

#[test]
fn an_order_is_its_owners() {
    let mut world = World::new();
    let ends = world.now.timestamp() + 3_600;
    let mut ann = world.listen(&signed_in(ANN, 0, ends));
    let mut elsewhere = world.listen(&signed_in(ANN, 0, ends));
    let mut bob = world.listen(&signed_in(BOB, 0, ends));
    let mut nobody = world.listen(&listener(&[7]));
    world.order(7, ANN, 1);
    world.payment(7, ANN, 1);
    world.pass(500);
    let order = Uuid::from_u128(7);
    let expected = |field| {
        let data = format!("{{\"id\":\"{order}\",\"{field}\":1}}");
        [format!("order-{order} {data}"), format!("orders {data}")]
    };
    let both = [expected("version"), expected("payment")].concat();
    assert_eq!(heard(&mut ann), both);
    assert_eq!(heard(&mut elsewhere), both);
    assert_eq!(heard(&mut bob), [] as [&str; 0]);
    assert_eq!(heard(&mut nobody), [] as [&str; 0]);
}

/// Orders hears of it when we do: a page that looked at once would see nothing new.
#[test]
fn of_a_payment_is_told_a_little_later() {
    let mut world = World::new();
    let mut ann = world.listen(&signed_in(ANN, 0, i64::MAX));
    world.payment(7, ANN, 1);
    world.pass(499);
    assert_eq!(heard(&mut ann), [] as [&str; 0]);
    world.pass(1);
    assert_eq!(heard(&mut ann).len(), 2);
}

#[test]
fn a_stock_twice_a_second_and_the_newest_in_the_end() {
    let mut world = World::new();
    let mut listening = world.listen(&listener(&[1]));
    let stock = |version| format!("stock-{} en of {version}", id(1));
    for version in 1..=100 {
        world.stock(1, version);
    }
    assert_eq!(heard(&mut listening), [stock(1)]);
    world.pass(499);
    assert_eq!(heard(&mut listening), [] as [&str; 0]);
    world.pass(1);
    assert_eq!(heard(&mut listening), [stock(100)]);
    world.pass(500);
    assert_eq!(heard(&mut listening), [] as [&str; 0]);
    world.stock(1, 101);
    assert_eq!(heard(&mut listening), [stock(101)]);
}

/// Whoever is cut off then, and comes back to what it was told last, is told what waited.
#[test]
fn where_to_come_back_to_lies_before_what_waits() {
    let mut world = World::new();
    let mut listening = world.listen(&listener(&[1, 2]));
    world.stock(1, 1);
    let before = world.position();
    world.stock(1, 2);
    world.stock(2, 1);
    let (told, _) = told(&mut listening);
    assert_eq!(told.last(), Some(&format!("at {before}")));
    let again = world.listen(&Listener {
        since: Place::At(before.parse().unwrap()),
        ..listener(&[1, 2])
    });
    let Missed::These(changes, at) = &again.missed else {
        panic!("{:?}", again.missed);
    };
    let first = world
        .hub
        .first(Duration::ZERO, Language::English, changes, *at);
    let told = events(&first);
    for stock in [
        format!("stock-{} en of 2", id(1)),
        format!("stock-{} en of 1", id(2)),
    ] {
        assert!(told.contains(&stock), "{told:?}");
    }
    assert_eq!(told.last(), Some(&format!("at {}", world.position())));
}

#[test]
fn an_older_version_is_not_told() {
    let mut world = World::new();
    let mut listening = world.listen(&listener(&[1]));
    let mut ann = world.listen(&signed_in(ANN, 0, i64::MAX));
    for version in [3, 2, 3, 1] {
        world.stock(1, version);
        world.order(7, ANN, version);
        world.pass(1_000);
    }
    assert_eq!(heard(&mut listening).len(), 1);
    assert_eq!(heard(&mut ann).len(), 2);
}

#[test]
fn who_is_too_slow_is_dropped_and_the_others_are_not() {
    let mut world = World::new();
    let mut slow = world.listen(&listener(&[1]));
    let mut quick = world.listen(&listener(&[1]));
    let mut count = 0;
    for version in 1..=300 {
        world.stock(1, version);
        world.pass(500);
        count += heard(&mut quick).len();
    }
    assert_eq!(count, 300);
    let (waiting, open) = told(&mut slow);
    assert!(!open);
    // Signs of life are among them.
    assert!(
        (QUEUE..=2 * QUEUE).contains(&waiting.len()),
        "{}",
        waiting.len()
    );
    assert_eq!(world.hub.lock().audience.len(), 1);
}

#[test]
fn who_has_gone_is_forgotten() {
    let mut world = World::new();
    let gone = world.listen(&signed_in(ANN, 0, i64::MAX));
    let closed = world.listen(&listener(&[1]));
    drop(gone);
    let Listening { frames, _place, .. } = closed;
    drop(frames);
    world.stock(1, 1);
    assert_eq!(world.hub.lock().audience.len(), 0, "nobody takes it");
    drop(_place);
    assert_eq!(world.hub.lock().audience.len(), 0);
}

#[test]
fn a_session_ends() {
    let mut world = World::new();
    let now = world.now.timestamp();
    let mut ann = world.listen(&signed_in(ANN, now - 10, now + 60));
    let mut later = world.listen(&signed_in(ANN, now - 5, now + 61));
    let mut nobody = world.listen(&listener(&[1]));
    world.pass(59_999);
    assert!(told(&mut ann).1);
    world.pass(1);
    let (last, open) = told(&mut ann);
    assert_eq!(
        (last.last().map(String::as_str), open),
        (Some("signed-out {}"), false)
    );
    assert!(told(&mut later).1);
    world.pass(1_000);
    assert!(!told(&mut later).1);
    assert!(told(&mut nobody).1);
}

#[test]
fn a_session_is_ended() {
    let world = World::new();
    let (begun, ends) = (world.now.timestamp(), world.now.timestamp() + 60);
    let mut ann = world.listen(&signed_in(ANN, begun, ends));
    let mut another_tab = world.listen(&signed_in(ANN, begun, ends));
    let mut another_device = world.listen(&signed_in(ANN, begun + 1, ends + 1));
    let mut bob = world.listen(&signed_in(BOB, begun, ends));
    world.hub.signed_out(&session(ANN, begun, ends));
    for ended in [&mut ann, &mut another_tab] {
        assert_eq!(told(ended), (vec!["signed-out {}".to_owned()], false));
    }
    for open in [&mut another_device, &mut bob] {
        assert_eq!(told(open), (vec![], true));
    }
}

#[test]
fn signs_of_life() {
    let mut world = World::new();
    world.pass(0);
    let mut listening = world.listen(&listener(&[1]));
    world.pass(14_999);
    assert_eq!(told(&mut listening), (vec![], true));
    // Somewhere else something has happened: it comes back to after that.
    world.stock(2, 1);
    world.pass(1);
    let place = format!("at {}", world.position());
    assert_eq!(told(&mut listening), (vec![place], true));
    world.pass(14_999);
    assert_eq!(told(&mut listening), (vec![], true));
}

#[test]
fn when_redis_lost_something_everybody_looks_anew() {
    let mut world = World::new();
    let mut listening = world.listen(&listener(&[1]));
    world.stock(1, 1);
    world.stock(1, 2);
    heard(&mut listening);
    world.hub.begin([Stamp::from_number(5); 3], world.now);
    let at = format!("at {}", world.position());
    assert_eq!(
        told(&mut listening),
        (vec!["reset {}".to_owned(), at], true)
    );
    world.pass(1_000);
    assert_eq!(
        heard(&mut listening),
        [] as [&str; 0],
        "what waited is seen anew"
    );
    // What is published again may be told again.
    world.last = 5;
    world.stock(1, 2);
    assert_eq!(heard(&mut listening).len(), 1);
}

#[test]
fn before_redis_is_reached_there_is_nothing_to_miss() {
    let world = World::unreached(10);
    assert_eq!(world.hub.for_a_page(), None);
    let mut listening = world.listen(&Listener {
        since: Place::Unknown,
        ..listener(&[1])
    });
    assert_eq!(listening.missed, Missed::Nothing);
    let first = world.hub.first_of_all(Duration::from_secs(1), false);
    assert_eq!(first, "retry: 1000\n\n:\n\n");
    world.hub.begin([Stamp::from_number(5); 3], world.now);
    assert_eq!(heard(&mut listening), ["reset {}"]);
}

#[test]
fn what_was_missed_comes_from_memory_or_from_redis() {
    let mut world = World::new();
    let begin = world.hub.positions().unwrap();
    world.stock(1, 1);
    let middle = world.hub.positions().unwrap();
    world.order(7, ANN, 1);
    world.stock(2, 1);
    let end = world.hub.positions().unwrap();
    let missed = |since| {
        let listener = Listener {
            since,
            ..listener(&[1, 2])
        };
        world.listen(&listener).missed.clone()
    };
    let count = |since| match missed(since) {
        Missed::These(changes, at) if at == end => changes.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(count(Place::At(begin)), 2);
    assert_eq!(count(Place::At(middle)), 1);
    assert_eq!(count(Place::At(end)), 0);
    assert_eq!(count(Place::Now), 0);
    assert_eq!(missed(Place::Unknown), Missed::Unknown);
    for stream in 0..3 {
        for number in [999, 2_000] {
            let elsewhere = end.with(stream, Stamp::from_number(number));
            assert_eq!(missed(Place::At(elsewhere)), Missed::Ask(elsewhere));
        }
    }
}

#[test]
fn a_page_listens_from_before_its_time() {
    let mut world = World::new();
    let begin = world.hub.positions();
    world.pass(0);
    for version in 1..=12 {
        world.stock(1, version);
        world.pass(500);
        if version <= 10 {
            assert_eq!(world.hub.for_a_page(), begin, "{version}");
        }
    }
    let from = world.hub.for_a_page().unwrap();
    assert!(from.covers(&begin.unwrap()) && Some(from) != begin);
    let behind = world.hub.positions().unwrap().0[ORDERS].number() - from.0[ORDERS].number();
    assert_eq!(behind, 10);
}

#[test]
fn no_more_than_may() {
    let world = World::unreached(2);
    let first = world.listen(&listener(&[1]));
    let _second = world.listen(&listener(&[1]));
    assert_eq!(world.hub.listen(&listener(&[1])).err(), Some(Full));
    drop(first);
    assert!(world.hub.listen(&listener(&[1])).is_ok());
}

#[test]
fn when_the_instance_stops_everybody_is_sent_away() {
    let world = World::new();
    let mut listening = world.listen(&listener(&[1]));
    world.hub.close();
    assert_eq!(told(&mut listening), (vec![], false));
    assert_eq!(world.hub.listen(&listener(&[1])).err(), Some(Full));
}
