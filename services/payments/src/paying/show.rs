//! Payments, for their buyers to see.

use ticketing_contracts::ids::{OrderId, PaymentId, UserId};

use super::Paying;
use crate::{
    domain::{Payment, Refusal},
    error::Error,
    store::{due, payments},
};

impl Paying {
    /// A payment, for its buyer.
    ///
    /// # Errors
    /// When there is none, or it is another's.
    pub async fn find(&self, user: UserId, id: PaymentId) -> Result<Payment, Error> {
        let mut connection = self.pool.get().await?;
        let payment = payments::find(&mut connection, id).await?;
        let payment = payment.ok_or(Refusal::Unknown)?;
        if payment.user_id != user {
            return Err(Refusal::NotYours.into());
        }
        self.looks(&mut connection, &payment).await?;
        Ok(payment)
    }

    /// The payment of an order, for its buyer, if there is one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn of_order(&self, user: UserId, order: OrderId) -> Result<Option<Payment>, Error> {
        let mut connection = self.pool.get().await?;
        let payment = payments::of_order(&mut connection, order).await?;
        let payment = payment.filter(|payment| payment.user_id == user);
        if let Some(payment) = &payment {
            self.looks(&mut connection, payment).await?;
        }
        Ok(payment)
    }

    /// A buyer who looks has come back from the bank, perhaps, sooner than Stripe tells.
    async fn looks(
        &self,
        connection: &mut diesel_async::AsyncPgConnection,
        payment: &Payment,
    ) -> Result<(), Error> {
        let action = self.patience.action;
        if payment.awaits_its_buyer() && due::nudge(connection, payment.id, action).await? {
            self.bell.notify_one();
        }
        Ok(())
    }
}
