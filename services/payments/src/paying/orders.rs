//! What orders is asked: to keep the tickets, to let them go, and what becomes of a payment.

use actix_web::http::StatusCode;
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    internal::{GiveBack, Lease, LeaseRequest, Settle, Settled},
};
use ticketing_http::internal::{Peer, PeerError};

/// The orders service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders(Peer);

impl Orders {
    /// Through its internal routes.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// Asks that an order's tickets are kept for a payment.
    ///
    /// # Errors
    /// Refused when the order is unknown, another's, or can't be paid any more.
    pub async fn lease(
        &self,
        order: OrderId,
        user_id: UserId,
        by_hand: bool,
    ) -> Result<Lease, PeerError> {
        let request = LeaseRequest { user_id, by_hand };
        self.0
            .ask(&format!("/internal/orders/{order}/lease"), &request)
            .await
    }

    /// Gives a lease back after a failure. One that orders knows nothing of is given back.
    ///
    /// # Errors
    /// When orders can't be asked.
    pub async fn give_back(&self, order: OrderId, lease: i64) -> Result<(), PeerError> {
        let path = format!("/internal/orders/{order}/give-back");
        match self.0.tell(&path, &GiveBack { lease }).await {
            Err(PeerError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(()),
            told => told,
        }
    }

    /// Tells of a success.
    ///
    /// # Errors
    /// When orders can't be asked.
    pub async fn settle(
        &self,
        order: OrderId,
        payment_id: PaymentId,
    ) -> Result<Settled, PeerError> {
        self.0
            .ask(
                &format!("/internal/orders/{order}/settle"),
                &Settle { payment_id },
            )
            .await
    }
}
