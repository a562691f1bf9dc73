//! What people do on these pages, in the pages' own words.

use std::sync::atomic::{AtomicU64, Ordering};

use ticketing_contracts::ids::{OrderId, TicketId};

use super::chromium::Browser;
use crate::harness::PASSWORD;

/// Stripe's test cards.
pub mod card {
    pub const GOOD: &str = "4242424242424242";
    pub const DECLINED: &str = "4000000000000002";
    pub const WITHOUT_FUNDS: &str = "4000000000009995";
    /// The bank asks.
    pub const SECURED: &str = "4000000000003220";
}

pub const RESERVE: &str = "Buy now";
pub const COMPLETE: &str = "Your ticket";
pub const TIME_LEFT: &str = "Time left to pay";
pub const TIME_IS_UP: &str = "Your order has expired";

impl Browser {
    /// Creates an account on the page that is open.
    pub async fn creates_an_account(&self, name: &str) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let email = format!(
            "{name}-{}-at-a-page-{number}@example.com",
            std::process::id()
        );
        self.signs_up_with(&email).await;
        email
    }

    /// Asks for one with this address.
    pub async fn signs_up_with(&self, email: &str) {
        self.fills("Email", email).await;
        self.fills("Password", PASSWORD).await;
        self.presses("Sign up").await;
    }

    /// Signs in on the page that is open.
    pub async fn signs_in(&self, email: &str, password: &str) {
        self.fills("Email", email).await;
        self.fills("Password", password).await;
        self.presses("Sign in").await;
    }

    /// Puts tickets up, by the form, and answers which.
    pub async fn puts_up(&self, title: &str, price: &str, capacity: &str) -> TicketId {
        self.opens("/tickets/new").await;
        self.fills("Title", title).await;
        self.fills("Price", price).await;
        self.fills("How many", capacity).await;
        self.presses("Put on sale").await;
        self.arrives_at("/selling/").await;
        self.id_after("/selling/").await.parse().unwrap()
    }

    pub async fn opens_ticket(&self, ticket: TicketId) {
        self.opens(&format!("/tickets/{ticket}")).await;
    }

    pub async fn opens_order(&self, order: OrderId) {
        self.opens(&format!("/orders/{order}")).await;
    }

    /// Ends the sale that is open to be edited.
    pub async fn withdraws(&self) {
        self.presses("Withdraw from sale").await;
        self.presses("Withdraw for good").await;
    }

    /// Reserves what the open page offers, and answers by which order.
    pub async fn reserves(&self) -> OrderId {
        self.presses(RESERVE).await;
        self.arrives_at("/orders/").await;
        self.id_after("/orders/").await.parse().unwrap()
    }

    /// Fills the card form in and pays.
    pub async fn pays_with(&self, card: &str) {
        self.fills_card(card).await;
        self.presses("Pay").await;
    }

    /// As somebody types.
    pub async fn fills_card(&self, card: &str) {
        self.fills("Card number", card).await;
        self.fills("Expiry", "1234").await;
        self.fills("Security code", "123").await;
    }

    async fn id_after(&self, folder: &str) -> String {
        let path = self.path().await;
        let rest = path.strip_prefix(folder).unwrap();
        let end = rest.find(['?', '/', '#']).unwrap_or(rest.len());
        rest[..end].to_owned()
    }
}
