//! What Stripe tells by itself. It is taken as a hint that something has happened, never as what happened:
//! events come late, twice and in any order, and the `PaymentIntent` itself is read instead.

use ticketing_contracts::ids::PaymentId;

use super::Paying;
use crate::{
    error::Error,
    store::webhooks::{self, Hint},
};

/// A webhook's event, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stripe's id of the event.
    pub id: String,
    /// The `PaymentIntent` that it is about.
    pub intent: String,
    /// Our payment, when Stripe says so.
    pub payment: Option<PaymentId>,
    /// That it was charged, and nothing else.
    pub success: bool,
}

impl Paying {
    /// Takes an event whose signature was checked. One that came before is known.
    ///
    /// # Errors
    /// When the database is away: Stripe sends it again.
    pub async fn notice(&self, notice: &Notice) -> Result<(), Error> {
        if self.is_being_written(notice).await {
            return Ok(());
        }
        let hint = Hint {
            event: notice.id.clone(),
            at: self.clock.now(),
            intent: notice.intent.clone(),
            payment: notice.payment,
        };
        if self.writer.note(hint.clone()).await? {
            return Ok(());
        }
        let mut connection = self.pool.get().await?;
        if webhooks::note(&mut connection, &hint, self.patience.hint).await? {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Whether it tells of a success that this instance is about to write, and then has written.
    async fn is_being_written(&self, notice: &Notice) -> bool {
        let Some(payment) = notice.payment.filter(|_| notice.success) else {
            return false;
        };
        self.under_way
            .writes(payment, &notice.intent, self.patience.success)
            .await
    }
}
