//! Writes what was found out, and tells those whom it concerns.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use ticketing_contracts::{events::PaymentEvent, ids::PaymentId, internal::Settled};
use ticketing_messaging::{Envelope, outbox};
use ticketing_postgres::tx;

use super::{Paying, stages::timed};
use crate::{
    domain::{Failure, Finding, Payment, Refusal, State},
    error::Error,
    store::{attempts, batch::Success, payments, refunds},
};

impl Paying {
    /// Takes in what was found out about an attempt. Returns the payment as it is then.
    ///
    /// Orders is told of a success before it is written here: then the buyer has the tickets however slow
    /// the streams are, and of whoever stops in between, the payment is due and all of it is found again.
    ///
    /// # Errors
    /// When the database is away: the payment is due, and it is found out again.
    pub(super) async fn conclude(
        &self,
        payment: &Payment,
        finding: Finding,
    ) -> Result<Payment, Error> {
        let settled = if finding == Finding::Succeeded {
            timed("settle", self.settled(payment)).await
        } else {
            None
        };
        let lease = match finding {
            // Minutes, and not the seconds that Stripe takes.
            Finding::RequiresAction { .. } => self.lease_by_hand(payment).await,
            _ => None,
        };
        if let (Finding::Succeeded, Some(Settled::Complete)) = (&finding, settled)
            && let Some(written) = timed("succeed", self.succeed(payment)).await?
        {
            return Ok(written);
        }
        let written = self.write(payment, finding, settled, lease).await?;
        if matches!(written.state, State::Failed(_)) && written.leased {
            return Ok(self.let_go(written).await);
        }
        Ok(written)
    }

    /// Writes a success that has made the order complete together with others'. `None`: somebody else has
    /// written about the payment, or is writing, and it is to be seen what.
    async fn succeed(&self, payment: &Payment) -> Result<Option<Payment>, Error> {
        let mut succeeded = payment.clone();
        let event = succeeded.take(payment.attempt.number, Finding::Succeeded);
        succeeded.settle(Settled::Complete);
        let (Some(event), Some(intent)) = (event, &succeeded.intent) else {
            return Ok(None);
        };
        let success = Success {
            id: payment.id,
            version: succeeded.version,
            intent: intent.clone(),
            event: Envelope::of(&event, self.clock.now())?,
        };
        Ok(self.writer.succeed(success).await?.then_some(succeeded))
    }

    async fn write(
        &self,
        payment: &Payment,
        finding: Finding,
        settled: Option<Settled>,
        lease: Option<i64>,
    ) -> Result<Payment, Error> {
        let number = payment.attempt.number;
        self.change(payment.id, move |known| {
            let event = known.take(number, finding);
            if let Some(settled) = settled {
                known.settle(settled);
            }
            if let Some(lease) = lease {
                known.hold(lease);
            }
            event
        })
        .await
    }

    /// Changes a payment under its lock, and tells of it.
    pub(super) async fn change(
        &self,
        id: PaymentId,
        change: impl FnOnce(&mut Payment) -> Option<PaymentEvent> + Send,
    ) -> Result<Payment, Error> {
        let mut connection = self.pool.get().await?;
        tx::begin(&mut connection).await?;
        let changed = self.change_locked(&mut connection, id, change).await;
        let changed = tx::end(&mut connection, changed).await?;
        self.wake.committed();
        if self.patience.due(&changed) == Some(Duration::ZERO) {
            self.bell.notify_one();
        }
        Ok(changed)
    }

    async fn change_locked(
        &self,
        connection: &mut AsyncPgConnection,
        id: PaymentId,
        change: impl FnOnce(&mut Payment) -> Option<PaymentEvent> + Send,
    ) -> Result<Payment, Error> {
        let before = payments::lock(connection, id).await?;
        let before = before.ok_or(Refusal::Unknown)?;
        let mut payment = before.clone();
        let event = change(&mut payment);
        if payment == before {
            return Ok(payment);
        }
        match &payment.state {
            State::Failed(Failure::Unavailable) => attempts::not_made(connection, &payment).await?,
            State::Failed(failure) => {
                attempts::failed(connection, &payment, failure.words()).await?;
            }
            _ => {}
        }
        let now = self.clock.now();
        if payment.refund != before.refund {
            refunds::write(connection, &payment, now).await?;
        }
        payments::update(connection, &payment, self.patience.due(&payment)).await?;
        if let Some(event) = event {
            let envelope = Envelope::of(&event, now)?;
            outbox::append(connection, &envelope).await?;
        }
        Ok(payment)
    }

    /// What orders makes of a success; `None` when it can't be asked now. It hears of it in any case.
    async fn settled(&self, payment: &Payment) -> Option<Settled> {
        let settled = self.orders.settle(payment.order_id, payment.id).await;
        settled
            .inspect_err(|error| tracing::warn!(%error, "orders was not told of a payment yet"))
            .ok()
    }

    async fn lease_by_hand(&self, payment: &Payment) -> Option<i64> {
        let lease = self
            .orders
            .lease(payment.order_id, payment.user_id, true)
            .await;
        lease
            .inspect_err(|error| tracing::warn!(%error, "the time to confirm was not prolonged"))
            .ok()
            .map(|lease| lease.number)
    }

    /// Gives the lease of a failed attempt back. If that can't be done now, the payment is due.
    pub(super) async fn let_go(&self, mut payment: Payment) -> Payment {
        let given = async {
            self.orders
                .give_back(payment.order_id, payment.lease)
                .await?;
            let mut connection = self.pool.get().await?;
            payments::given_back(&mut connection, payment.id, payment.lease).await?;
            Ok::<_, Error>(())
        };
        match given.await {
            Ok(()) => payment.leased = false,
            Err(error) => tracing::warn!(%error, "a lease is given back later"),
        }
        payment
    }
}
