//! What pages are rendered from in tests.

use std::net::Ipv4Addr;

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_contracts::{
    api::{
        auth::SessionUser,
        orders::{
            Order, OrderItem, OrderPayment, OrderPaymentStatus, OrderedTicket, Sales, SalesPoint,
        },
        payments::PaymentConfig,
        tickets::Ticket,
    },
    ids::{OrderId, TicketId, UserId},
    money::{Currency, MajorUnits},
    order::OrderStatus,
};
use ticketing_http::Visitor;
use ticketing_runtime::Settings;
use uuid::Uuid;

use crate::{
    clients::Caller,
    found::Head,
    page::Page,
    text::Text,
    visit::{FormKey, Language, Nonce, PublicUrl, Visit, csrf::BoundTo},
};

/// 21 November 2026, 15:33:41 UTC.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_275_221_000).unwrap()
}

fn uuid(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(0x018b_cfe5_687b_7000 | kind, 0x8000_0000_0000_0000 | number)
}

/// Who looks, and sells the first ticket.
pub fn user() -> SessionUser {
    SessionUser {
        id: UserId(uuid(1, 1)),
        email: "ann@example.com".to_owned(),
        iat: now().timestamp() - 600,
        exp: now().timestamp() + 85_800,
    }
}

fn money(minor: i64) -> MajorUnits {
    MajorUnits::from_minor(minor, Currency::USD)
}

/// The titles, prices and stocks of [`tickets`].
const OFFERS: [(&str, i64, i32, i32, i32); 9] = [
    (
        "Evensong with the cathedral choir, standing",
        10_50,
        20,
        3,
        5,
    ),
    ("Midnight jazz at the harbour", 24_00, 120, 8, 40),
    ("Row 7, seat 12: The Tempest", 45_00, 1, 0, 0),
    ("Open-air cinema: Cléo de 5 à 7", 9_00, 60, 2, 54),
    ("Derby day, north stand", 62_50, 5_000, 310, 2_100),
    ("Sourdough for beginners, a whole Saturday", 89_00, 8, 8, 0),
    ("Marathon start, wave C", 125_000, 400, 12, 100),
    ("Poetry slam final", 7_50, 80, 0, 80),
    (
        "An evening about the history of the tides, with a walk along the shore at low water",
        15_00,
        30,
        0,
        12,
    ),
];

/// One of them, from 1.
pub fn ticket(number: u64) -> Ticket {
    let (title, price, capacity, held, sold) = OFFERS[usize::try_from(number - 1).unwrap()];
    Ticket {
        id: TicketId(uuid(2, number)),
        title: title.to_owned(),
        price: money(price),
        currency: Currency::USD,
        user_id: UserId(uuid(1, number)),
        version: 3,
        capacity,
        held,
        sold,
        available: capacity - held - sold,
        next_release_at: (held > 0).then(|| now() + TimeDelta::seconds(14 * 60 - 20)),
        max_per_order: (capacity > 1).then_some(4),
        max_per_person: (capacity > 1000).then_some(6),
        order_id: None,
        created_at: now() - TimeDelta::days(2),
        updated_at: now() - TimeDelta::days(1),
    }
}

/// All of them.
pub fn tickets() -> Vec<Ticket> {
    (1..=9).map(ticket).collect()
}

/// Two of the first ticket, held, with a little less than 15 minutes to pay.
pub fn order() -> Order {
    let ticket = ticket(1);
    Order {
        id: OrderId(uuid(3, 0x5f1a_4c07)),
        user_id: user().id,
        status: OrderStatus::Created,
        reason: None,
        expires_at: now() + TimeDelta::seconds(14 * 60 + 32),
        version: 1,
        items: vec![OrderItem {
            ticket_id: ticket.id,
            title: ticket.title.clone(),
            price: ticket.price,
            quantity: 2,
        }],
        total: money(21_00),
        currency: Currency::USD,
        ticket: OrderedTicket {
            id: ticket.id,
            title: ticket.title,
            price: ticket.price,
            version: ticket.version,
        },
        payment: None,
        created_at: now() - TimeDelta::seconds(28),
    }
}

/// The same after an attempt to pay.
pub fn paid(status: OrderStatus, payment: OrderPaymentStatus, message: &str) -> Order {
    Order {
        status,
        payment: Some(OrderPayment {
            status: payment,
            message: message.to_owned(),
            version: 2,
        }),
        ..order()
    }
}

/// For the card form, simulated.
pub fn config() -> PaymentConfig {
    PaymentConfig {
        publishable_key: "pk_test_sample".to_owned(),
        stripe_js: "/stripe-sim/v3/stripe.js".to_owned(),
        simulated: true,
    }
}

/// Two hours of a sale: a rush, holds that lapse, and a slow end.
pub fn sales() -> Sales {
    let point = |minutes: i32| {
        let sold = (minutes * minutes / 90).min(95) + minutes / 6;
        let held = (40 - (minutes - 30).abs()).max(3);
        SalesPoint {
            at: now() - TimeDelta::minutes(i64::from(120 - minutes)),
            held,
            sold,
            revenue: money(i64::from(sold) * 10_50),
        }
    };
    let series: Vec<_> = (0..=120).step_by(5).map(point).collect();
    let last = series.last().unwrap().clone();
    Sales {
        capacity: 200,
        held: last.held,
        sold: last.sold,
        revenue: last.revenue,
        currency: Currency::USD,
        series,
    }
}

fn origin() -> PublicUrl {
    PublicUrl("https://ticketing.dev".into())
}

/// What surrounds a page, for nobody in particular.
pub fn page(language: Language, path: &str, title: &str) -> Page {
    Page {
        t: Text::new(language),
        head: Head::new(&origin(), path, title.to_owned()),
        session: None,
        certain: true,
        csrf: "CSRF".to_owned(),
        nonce: "NONCE".to_owned(),
        path: path.to_owned(),
        since: String::new(),
        now: now(),
    }
}

/// The same for [`user`].
pub fn own_page(language: Language, path: &str, title: &str) -> Page {
    Page {
        session: Some(user()),
        ..page(language, path, title)
    }
}

/// A request of nobody in particular, for what has no view of its own.
pub fn visit(language: Language, path: &str) -> Visit {
    let mut settings = Settings::from_pairs([("FORM_KEY", "forms are signed with this")]);
    let key = FormKey::read(&mut settings).unwrap();
    let visitor = Visitor {
        address: Ipv4Addr::UNSPECIFIED.into(),
        https: true,
    };
    Visit {
        session: None,
        certain: true,
        language,
        csrf: key.token(BoundTo::Visit("")),
        nonce: Nonce::random(),
        path: path.to_owned(),
        since: String::new(),
        now: now(),
        caller: Caller::new(None, visitor),
        public_url: origin(),
        new_cookie: None,
    }
}
