//! How a request goes: how long it takes, and what goes wrong before and after its effect.

use std::{sync::Arc, time::Duration};

use actix_web::HttpResponse;
use tokio::time::sleep;

use super::{answer, call::Circumstances};
use crate::{
    background::Job,
    connection::Connection,
    domain::{
        entry::{Entry, IdempotencyKey, Outcome},
        error::StripeError,
        refund::{Refund, RefundStatus},
    },
    faults::{Fault, Rule},
    simulation::Simulation,
    store::books::Books,
};

/// What happens to one request.
#[derive(Debug)]
pub struct Course {
    /// What goes wrong, if anything.
    pub rule: Option<Rule>,
    /// Where it happens.
    pub simulation: Arc<Simulation>,
    /// Of the client.
    pub connection: Option<Connection>,
}

/// A request that changes something.
pub struct Write<D> {
    /// Under which its answer is kept.
    pub key: Option<IdempotencyKey>,
    /// Says what it changes.
    pub decide: D,
}

impl Course {
    /// A request whose answer is known, or that only looks.
    pub async fn look(self, look: impl FnOnce() -> HttpResponse + 'static) -> HttpResponse {
        self.run(move |_, fault| match fault {
            Some(Fault::ErrorBefore | Fault::ErrorAfter) => answer::error(&StripeError::failed()),
            Some(Fault::RateLimit) => answer::error(&StripeError::rate_limited()),
            _ => look(),
        })
        .await
    }

    /// A request that changes something.
    pub async fn write<D>(self, write: Write<D>) -> HttpResponse
    where
        D: FnOnce(&Books, Circumstances) -> Result<Entry, StripeError> + 'static,
    {
        self.run(|course, fault| course.commit(write, fault)).await
    }

    /// Runs the request to its end even if the client has gone: Stripe does too.
    async fn run(
        self,
        act: impl FnOnce(&Self, Option<Fault>) -> HttpResponse + 'static,
    ) -> HttpResponse {
        let latency = self.simulation.faults.latency();
        if self.rule.is_none() && latency.is_zero() {
            return act(&self, None);
        }
        let whole = actix_web::rt::spawn(async move {
            sleep(latency).await;
            let fault = self.rule.as_ref().map(|rule| rule.fault);
            let duration = self.duration();
            if fault == Some(Fault::HangBefore) {
                sleep(duration).await;
            }
            let response = act(&self, fault);
            match fault {
                Some(Fault::Hang) => sleep(duration).await,
                Some(Fault::DropBefore | Fault::DropAfter) => self.drop_connection(),
                _ => {}
            }
            response
        });
        whole.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request could not be done");
            answer::error(&StripeError::failed())
        })
    }

    fn commit<D>(&self, write: Write<D>, fault: Option<Fault>) -> HttpResponse
    where
        D: FnOnce(&Books, Circumstances) -> Result<Entry, StripeError>,
    {
        let refunds = match fault {
            Some(Fault::Pending | Fault::PendingFails) => RefundStatus::Pending,
            _ => RefundStatus::Succeeded,
        };
        let stored = self.rule.as_ref().is_none_or(|rule| rule.stored);
        let decide = |books: &Books, now| match fault {
            Some(Fault::RateLimit) => Err(StripeError::rate_limited()),
            Some(Fault::ErrorBefore) if stored => {
                Ok(Entry::new(now, Outcome::Error(StripeError::failed())))
            }
            Some(Fault::ErrorBefore | Fault::DropBefore) => Err(StripeError::failed()),
            _ => {
                let mut entry = (write.decide)(books, Circumstances { now, refunds })?;
                if fault == Some(Fault::ErrorAfter) {
                    entry.outcome = Outcome::Error(StripeError::failed());
                }
                Ok(entry)
            }
        };
        match self.simulation.ledger.commit(write.key, decide) {
            Ok(entry) => {
                self.follow_up(&entry, fault);
                answer::entry(&entry, false)
            }
            Err(error) => answer::error(&error),
        }
    }

    /// What is to be done after the answer.
    fn follow_up(&self, entry: &Entry, fault: Option<Fault>) {
        for event in &entry.events {
            self.simulation.later(Job::Deliver(event.id.clone()));
        }
        let pending = |refund: &&Arc<Refund>| refund.status == RefundStatus::Pending;
        if let Some(refund) = entry.refund.as_ref().filter(pending) {
            self.simulation.later(Job::Settle {
                refund: refund.id.clone(),
                after: self.duration(),
                succeed: fault != Some(Fault::PendingFails),
            });
        }
    }

    fn duration(&self) -> Duration {
        let seconds = self.rule.as_ref().map_or(0, |rule| rule.seconds);
        Duration::from_secs(seconds.into())
    }

    fn drop_connection(&self) {
        if let Some(connection) = &self.connection {
            connection.close();
        }
    }
}
