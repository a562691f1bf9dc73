//! `GET /internal/tickets/{id}/inventory`

use reqwest::{Method, StatusCode};
use serde_json::Value;
use ticketing_contracts::ids::TicketId;

use super::pay;
use crate::harness::{TICKETS_TOKEN, World, now, problem};

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_of_a_ticket() {
    let world = World::new().await;
    let app = world.start().await;
    let path = format!("/tickets/{}/inventory", TicketId::new(now()));
    let unknown = app
        .internal(Method::GET, &path, TICKETS_TOKEN, &Value::Null)
        .await;
    problem(unknown, StatusCode::NOT_FOUND).await;

    let ticket = world.offered(2).await;
    let fresh = app.inventory(ticket).await;
    assert_eq!((fresh.capacity, fresh.held, fresh.sold), (2, 0, 0));
    assert_eq!(
        (fresh.ticket_version, fresh.order_id, fresh.next_release_at),
        (1, None, None)
    );
    let order = app.placed(&world.user(), ticket).await;
    let held = app.inventory(ticket).await;
    assert_eq!((held.held, held.sold), (1, 0));
    assert_eq!(held.next_release_at, Some(order.expires_at));
    pay(&app, order.id).await;
    let sold = app.inventory(ticket).await;
    assert_eq!((sold.held, sold.sold, sold.next_release_at), (0, 1, None));
    assert!(fresh.version < held.version && held.version < sold.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_who_has_the_only_one() {
    let world = World::new().await;
    let app = world.start().await;
    let (ann, ticket) = (world.user(), world.offered(1).await);
    let first = app.placed(&ann, ticket).await;
    assert_eq!(app.inventory(ticket).await.order_id, Some(first.id));
    app.cancel(&ann, first.id).await;
    assert_eq!(app.inventory(ticket).await.order_id, None);
    let second = app.placed(&ann, ticket).await;
    pay(&app, second.id).await;
    assert_eq!(app.inventory(ticket).await.order_id, Some(second.id));
}
