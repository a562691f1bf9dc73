//! payments is killed at each point where it matters, and started again: every time the buyer has the
//! tickets, charged once.

use rstest::rstest;
use ticketing_contracts::{api::payments::PaymentStatus, ids::OrderId, order::OrderStatus};
use ticketing_testkit::eventually;

use crate::harness::{Fault, User, World, paying_with};

/// Until the point at which it is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// The attempt is written; Stripe was not asked.
    BeforeTheCall,
    /// Stripe has charged, and nobody knows here.
    AfterTheCharge,
    /// The success is written, and not published.
    BeforeItIsPublished,
}

impl Point {
    /// What keeps it from getting further.
    async fn prepare(self, world: &World) {
        match self {
            Self::BeforeTheCall => {
                let hang = Fault("create", "hang-before", 1);
                world.sim.hangs(hang, 5).await;
            }
            Self::AfterTheCharge => {
                // Whoever finds it does so without being told.
                let hang = Fault("confirm", "hang", 1);
                world.sim.hangs_untold(hang, 5).await;
            }
            Self::BeforeItIsPublished => {}
        }
    }

    async fn is_reached(self, world: &World, order: OrderId) {
        eventually(&format!("{self:?} is reached"), async || {
            let reached = match self {
                Self::BeforeTheCall => world.sim.asked("POST /v1/payment_intents").await == 1,
                Self::AfterTheCharge => world.sim.charges(order).await == 1,
                Self::BeforeItIsPublished => {
                    let written = "SELECT count(*) FROM outbox WHERE kind = 'payment:created'";
                    world.number(written).await == 1
                }
            };
            reached.then_some(())
        })
        .await;
    }
}

#[rstest]
#[case(Point::BeforeTheCall)]
#[case(Point::AfterTheCharge)]
#[case(Point::BeforeItIsPublished)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_it_goes_on(#[case] point: Point) {
    let world = World::new().await;
    let (process, app) = match point {
        // Nothing is there that could carry it.
        Point::BeforeItIsPublished => {
            let nowhere = [("REDIS_URL", "redis://127.0.0.1:9")];
            world.spawn_with("one", &nowhere).await
        }
        _ => world.spawn("one").await,
    };
    let ann = world.user();
    let order = world.order(&ann).await;
    point.prepare(&world).await;
    let request = app.paying(&ann, &paying_with(order.id, "tok_visa"));
    let asked = tokio::spawn(async move { request.send().await.map(|answer| answer.status()) });
    point.is_reached(&world, order.id).await;
    process.kill().unwrap();
    // Whoever asked was cut off, or answered before that.
    _ = asked.await.unwrap();

    let (_process, app) = world.spawn("one").await;
    has_it_all(&world, &app, &ann, order.id).await;
}

/// Another instance finds it as well, some time later.
#[tokio::test(flavor = "multi_thread")]
async fn killed_for_good_another_instance_goes_on() {
    let world = World::new().await;
    let (process, app) = world.spawn("one").await;
    let ann = world.user();
    let order = world.order(&ann).await;
    Point::AfterTheCharge.prepare(&world).await;
    let request = app.paying(&ann, &paying_with(order.id, "tok_visa"));
    tokio::spawn(async move { request.send().await.map(|answer| answer.status()) });
    Point::AfterTheCharge.is_reached(&world, order.id).await;
    process.kill().unwrap();
    world.an_hour_later().await;
    let app = world.start_as("two").await;
    has_it_all(&world, &app, &ann, order.id).await;
}

async fn has_it_all(world: &World, app: &crate::harness::App, ann: &User, order: OrderId) {
    world
        .orders
        .becomes(ann, order, OrderStatus::Complete)
        .await;
    app.becomes(ann, order, PaymentStatus::Succeeded).await;
    assert_eq!(world.sim.charges(order).await, 1);
    world.has_published(&["payment:created"]).await;
}
