//! What Stripe tells by itself. It is taken as a hint that something has happened, never as what happened:
//! events come late, twice and in any order, and the `PaymentIntent` itself is read instead.

use ticketing_contracts::ids::PaymentId;
use ticketing_postgres::tx;

use super::Paying;
use crate::{error::Error, store::webhooks};

/// A webhook's event, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stripe's id of the event.
    pub id: String,
    /// The `PaymentIntent` that it is about.
    pub intent: String,
    /// Our payment, when Stripe says so.
    pub payment: Option<PaymentId>,
}

impl Paying {
    /// Takes an event whose signature was checked. One that came before is known.
    ///
    /// # Errors
    /// When the database is away: Stripe sends it again.
    pub async fn notice(&self, notice: &Notice) -> Result<(), Error> {
        let now = self.clock.now();
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let noted = async {
            if !webhooks::note(&mut connection, &notice.id, now).await? {
                return Ok(false);
            }
            webhooks::wake(&mut connection, &notice.intent, notice.payment).await
        };
        let noted = noted.await;
        if tx::end(&mut connection, noted).await? {
            self.bell.notify_one();
        }
        Ok(())
    }
}
