//! Money that goes back.

use super::Paying;
use crate::{
    domain::{Payment, Refund},
    error::Error,
    gateway::{Fault, StripeRefund},
    store::{due, refunds},
};

impl Paying {
    /// Gives a payment back, once: what Stripe has given back already is looked up first.
    ///
    /// # Errors
    /// When somebody is away: it stays due.
    pub(super) async fn refund(&self, payment: &Payment) -> Result<(), Error> {
        let Some(intent) = &payment.intent else {
            return Ok(());
        };
        let known = self.stripe.refunds(intent).await?;
        let alive = known.iter().find(|refund| refund.made.is_some());
        let refund = match alive {
            Some(refund) => refund.clone(),
            None => self.ask_for_refund(payment, intent, known.len()).await?,
        };
        let refund = match refund.made {
            Some(true) => Refund::Succeeded(refund.id),
            Some(false) => Refund::Pending(refund.id),
            None => {
                tracing::error!(payment = %payment.id, "a refund failed at Stripe; it is tried again");
                Refund::Due
            }
        };
        if matches!(refund, Refund::Due | Refund::Pending(_)) {
            let mut connection = self.pool.get().await?;
            due::put_off(&mut connection, payment.id, self.patience.refund).await?;
        }
        if refund != Refund::Due {
            self.change(payment.id, |known| known.refunded(refund))
                .await?;
        }
        Ok(())
    }

    /// The key changes when a refund has failed for good, and when Stripe has failed at one: it would
    /// repeat both for ever. The list above has told what each of them did.
    async fn ask_for_refund(
        &self,
        payment: &Payment,
        intent: &str,
        known: usize,
    ) -> Result<StripeRefund, Error> {
        let failures = refunds::failures(&mut *self.pool.get().await?, payment.id).await?;
        let key = format!("{}-refund-{known}-{failures}", payment.id);
        let refund = self.stripe.refund(intent, &key).await;
        if let Err(Fault::Failed(_)) = refund {
            refunds::failed(&mut *self.pool.get().await?, payment.id).await?;
        }
        Ok(refund?)
    }
}
