//! Looks after payments that are due: those that somebody left halfway, that wait for their buyer, whose
//! order has ended, or of which Stripe has told something.

use ticketing_contracts::ids::PaymentId;
use ticketing_http::internal::PeerError;

use super::{
    Paying,
    attempt::{Waiting, finding},
};
use crate::{
    domain::{Finding, Payment, Refund, State},
    error::Error,
    gateway::Fault,
    store::{
        due::{self, Looked},
        payments,
    },
};

impl Paying {
    /// Does what is to be done about a payment.
    ///
    /// # Errors
    /// When somebody is away: the payment stays due.
    pub async fn look(&self, id: PaymentId) -> Result<(), Error> {
        let found = due::look(&mut *self.pool.get().await?, id).await?;
        let Some(Looked {
            payment,
            ended,
            left_behind,
        }) = found
        else {
            return Ok(());
        };
        match &payment.state {
            State::Attempting { .. } | State::RequiresAction { .. } | State::Failed(_) if ended => {
                self.abandon(&payment).await
            }
            State::Attempting { .. } => self.go_on(&payment, left_behind).await,
            State::RequiresAction { .. } => self.ask(&payment).await,
            State::Failed(_) => self.after_failure(&payment).await,
            State::Succeeded { .. } => self.after_success(&payment).await,
            State::Canceled => Ok(()),
        }
    }

    /// An attempt without an outcome: if its maker may be at it still, only what Stripe has is looked at.
    async fn go_on(&self, payment: &Payment, left_behind: bool) -> Result<(), Error> {
        if !left_behind && !self.is_old(payment) {
            return self.has_it_succeeded(payment).await;
        }
        let lease = self
            .orders
            .lease(payment.order_id, payment.user_id, false)
            .await;
        match lease {
            Ok(lease) => {
                payments::lease(&mut *self.pool.get().await?, payment.id, lease.number).await?;
                let tried = self.carry(payment, Waiting::Nobody).await?;
                if let State::Attempting { .. } = tried.state {
                    self.still_unclear(&tried).await?;
                }
                Ok(())
            }
            Err(PeerError::Refused { .. }) => self.abandon(payment).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The first request of the attempt is under way at Stripe still, say. What it has done already can be
    /// seen, and the rest some time later.
    async fn still_unclear(&self, payment: &Payment) -> Result<(), Error> {
        self.has_it_succeeded(payment).await?;
        let mut connection = self.pool.get().await?;
        due::put_off(&mut connection, payment.id, self.patience.action).await?;
        Ok(())
    }

    async fn has_it_succeeded(&self, payment: &Payment) -> Result<(), Error> {
        let Some(intent) = &payment.intent else {
            return Ok(());
        };
        let intent = self.stripe.retrieve(intent).await?;
        if finding(intent) == Finding::Succeeded {
            self.conclude(payment, Finding::Succeeded).await?;
        }
        Ok(())
    }

    /// What has become of a payment that waits for its buyer.
    async fn ask(&self, payment: &Payment) -> Result<(), Error> {
        let Some(intent) = &payment.intent else {
            return Ok(());
        };
        let found = finding(self.stripe.retrieve(intent).await?);
        match found {
            Finding::RequiresAction { .. } | Finding::Unknown => {
                due::put_off(
                    &mut *self.pool.get().await?,
                    payment.id,
                    self.patience.action,
                )
                .await?;
            }
            found => drop(self.conclude(payment, found).await?),
        }
        Ok(())
    }

    /// A failed payment can succeed after all: a browser that has the client's secret may try another card
    /// without asking us.
    async fn after_failure(&self, payment: &Payment) -> Result<(), Error> {
        self.has_it_succeeded(payment).await?;
        if payment.leased {
            self.let_go(payment.clone()).await;
        } else {
            due::leave(&mut *self.pool.get().await?, payment.id).await?;
        }
        Ok(())
    }

    async fn after_success(&self, payment: &Payment) -> Result<(), Error> {
        if let State::Succeeded { settled: None } = payment.state {
            self.conclude(payment, Finding::Succeeded).await?;
        }
        if matches!(payment.refund, Some(Refund::Due | Refund::Pending(_))) {
            self.refund(payment).await?;
        }
        Ok(())
    }

    /// The order has ended: nothing must be charged for it any more. If something was, it is too late for
    /// that, and orders says what becomes of it.
    async fn abandon(&self, payment: &Payment) -> Result<(), Error> {
        let Some(intent) = &payment.intent else {
            // A PaymentIntent that may have been made was never confirmed.
            self.conclude(payment, Finding::Canceled).await?;
            return Ok(());
        };
        let found = match self.stripe.cancel(intent).await {
            Ok(_) => Finding::Canceled,
            Err(Fault::AnotherState) => finding(self.stripe.retrieve(intent).await?),
            Err(fault) => return Err(fault.into()),
        };
        match found {
            Finding::Succeeded | Finding::Canceled => {
                self.conclude(payment, found).await?;
                Ok(())
            }
            _ => Err(Fault::Unclear("neither cancelled nor charged".to_owned()).into()),
        }
    }
}
