//! A buyer's request to pay.

use diesel_async::AsyncPgConnection;
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    internal::Lease,
};
use ticketing_http::idempotency::Repeatable;
use ticketing_postgres::{errors::violated, tx};

use super::{Paying, attempt::Waiting, stages::timed};
use crate::{
    domain::{Failure, Method, Payment, Refusal, State},
    error::Error,
    store::{
        attempts::{self, Earlier},
        batch::{self, Begin},
        ended, payments,
    },
};

/// What came of the wish to begin an attempt.
enum Begun {
    /// It is written.
    Now(Box<Payment>),
    /// The same request has begun one before.
    Before(Outcome),
}

/// What came of a request to pay.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is made, or the buyer has to confirm it.
    Paid(Box<Payment>),
    /// It failed for certain; what the buyer is told.
    Failed(String),
    /// Stripe could not be asked to charge anything.
    Unavailable,
    /// Nobody knows yet.
    Unclear,
}

impl Outcome {
    /// How an attempt has ended.
    fn of(payment: Payment) -> Result<Self, Refusal> {
        match &payment.state {
            State::Failed(Failure::Unavailable) => Ok(Self::Unavailable),
            State::Failed(failure) => Ok(Self::Failed(failure.words().to_owned())),
            State::Canceled => Err(Refusal::Ended),
            State::Attempting { .. } => Ok(Self::Unclear),
            State::Succeeded { .. } | State::RequiresAction { .. } => {
                Ok(Self::Paid(Box::new(payment)))
            }
        }
    }
}

impl Paying {
    /// Pays an order.
    ///
    /// Once it has begun it is carried to its end, whether the buyer waits for it or not.
    ///
    /// # Errors
    /// When it is refused, or orders or the database are away: nothing was charged then.
    pub async fn pay(
        &self,
        user: UserId,
        order: OrderId,
        method: Method,
        request: Option<Repeatable>,
    ) -> Result<Outcome, Error> {
        let lease = match timed("lease", self.orders.lease(order, user, false)).await {
            Ok(lease) => lease,
            Err(error) => {
                let known = self.known(user, order, request.as_ref()).await?;
                return known.ok_or_else(|| error.into());
            }
        };
        let begun = self.begin(user, order, &lease, method, request.as_ref());
        let payment = match timed("begin", begun).await {
            Ok(Begun::Now(payment)) => payment,
            Ok(Begun::Before(outcome)) => {
                self.unused(order, &lease).await;
                return Ok(outcome);
            }
            Err(error) => {
                self.unused(order, &lease).await;
                return Err(error);
            }
        };
        // A buyer who goes away must not leave it half made.
        let this = self.clone();
        let making = self.under_way.begin(payment.id);
        let carried = tokio::spawn(async move {
            let carried = this.carry(&payment, Waiting::Buyer).await;
            making.end(carried.as_ref().ok());
            carried
        });
        let payment = carried
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        Ok(Outcome::of(payment)?)
    }

    /// What came of the same request before.
    ///
    /// # Errors
    /// When payments knows why the order can't be paid now.
    async fn known(
        &self,
        user: UserId,
        order: OrderId,
        request: Option<&Repeatable>,
    ) -> Result<Option<Outcome>, Error> {
        let mut connection = self.pool.get().await?;
        let earlier = match request {
            Some(request) => attempts::by_key(&mut connection, user, &request.key).await?,
            None => None,
        };
        // After it: whose attempt is seen, its payment is there to be seen.
        let payment = payments::of_order(&mut connection, order).await?;
        if let (Some(request), Some(earlier)) = (request, &earlier) {
            return Ok(Some(repeated(request, earlier, payment.as_ref())?));
        }
        match payment {
            Some(payment) if payment.user_id == user => payment.may_be_tried()?,
            // Whose order it is, orders says.
            _ => {}
        }
        Ok(None)
    }

    /// Writes the attempt, if it is the only one.
    async fn begin(
        &self,
        user: UserId,
        order: OrderId,
        lease: &Lease,
        method: Method,
        request: Option<&Repeatable>,
    ) -> Result<Begun, Error> {
        let now = self.clock.now();
        let first = Payment::begin(PaymentId::new(now), order, user, lease, method, now);
        let begin = Begin {
            payment: first.clone(),
            request: request.cloned(),
        };
        if self.writer.begin(begin.clone()).await? {
            return Ok(Begun::Now(first.into()));
        }
        if let Some(outcome) = self.known(user, order, request).await? {
            return Ok(Begun::Before(outcome));
        }
        let mut connection = self.pool.get().await?;
        let (instance, due) = (&self.instance, self.patience.attempt);
        let begun = batch::begin(&connection, &[&begin], instance, due).await;
        if begun.map_err(key_reused)?.contains(&first.id) {
            return Ok(Begun::Now(first.into()));
        }
        tx::begin(&mut connection).await?;
        let written = self
            .write_again(&mut connection, first, lease, request)
            .await;
        let written = tx::end(&mut connection, written).await?;
        Ok(Begun::Now(written.into()))
    }

    /// Writes another attempt of a payment that there is, unless its order is over.
    async fn write_again(
        &self,
        connection: &mut AsyncPgConnection,
        first: Payment,
        lease: &Lease,
        request: Option<&Repeatable>,
    ) -> Result<Payment, Error> {
        if ended::is(connection, first.order_id).await? {
            return Err(Refusal::Ended.into());
        }
        let known = payments::lock_of_order(connection, first.order_id).await?;
        let mut known = known.ok_or(Refusal::Unknown)?;
        known.begin_again(lease, first.attempt.method, first.attempt.begun_at)?;
        payments::update(connection, &known, Some(self.patience.attempt)).await?;
        payments::adopt(connection, known.id, &self.instance).await?;
        let written = attempts::insert(connection, &known, request).await;
        written.map_err(key_reused)?;
        Ok(known)
    }

    /// A lease that was granted for nothing. If an attempt is under way, which had an earlier one, it is
    /// that attempt's now; else it is given back.
    async fn unused(&self, order: OrderId, lease: &Lease) {
        let adopted = async {
            let mut connection = self.pool.get().await?;
            let known = payments::of_order(&mut connection, order).await?;
            match known {
                Some(payment) if payment.may_be_tried().is_err() => {
                    payments::lease(&mut connection, payment.id, lease.number).await?;
                    Ok(true)
                }
                _ => Ok::<_, Error>(false),
            }
        };
        match adopted.await {
            Ok(true) => {}
            Ok(false) => self.give_back_once(order, lease.number).await,
            // It ends by itself, some seconds later.
            Err(error) => tracing::warn!(%error, "a lease was left to end by itself"),
        }
    }

    async fn give_back_once(&self, order: OrderId, lease: i64) {
        if let Err(error) = self.orders.give_back(order, lease).await {
            tracing::warn!(%error, "a lease could not be given back: it ends by itself");
        }
    }
}

/// What came of the attempt that the same request began before.
fn repeated(
    request: &Repeatable,
    earlier: &Earlier,
    payment: Option<&Payment>,
) -> Result<Outcome, Refusal> {
    if earlier.fingerprint != request.fingerprint {
        return Err(Refusal::KeyReused);
    }
    if let Some(words) = &earlier.failure {
        return Ok(Outcome::Failed(words.clone()));
    }
    // The same request names the same order.
    let payment = payment.ok_or(Refusal::Unknown)?;
    if payment.attempt.number != earlier.number {
        return Err(Refusal::Superseded);
    }
    match payment.state {
        State::Attempting { .. } => Err(Refusal::UnderWay),
        _ => Outcome::of(payment.clone()),
    }
}

fn key_reused(error: diesel::result::Error) -> Error {
    if violated(&error, attempts::KEY) {
        Refusal::KeyReused.into()
    } else {
        error.into()
    }
}
