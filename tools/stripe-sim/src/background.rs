//! What is done beside the requests: webhooks, and refunds that take their time.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc::UnboundedReceiver, oneshot},
    time::sleep,
};

use crate::{
    domain::{
        entry::{Entry, Outcome},
        error::StripeError,
        event::EventKind,
    },
    simulation::Simulation,
    webhooks::{NotTaken, Webhooks},
};

/// To be done later.
#[derive(Debug)]
pub enum Job {
    /// An event is to be sent until it is taken.
    Deliver(String),
    /// An event is to be sent once, whatever became of it; how that went is told.
    Resend(String, oneshot::Sender<Result<u16, NotTaken>>),
    /// A pending refund ends.
    Settle {
        /// Its id.
        refund: String,
        /// From now on.
        after: Duration,
        /// Or fails.
        succeed: bool,
    },
}

/// Does the jobs, each beside the others, and first what the journal says is left.
///
/// # Errors
/// When webhooks can't be sent at all.
pub async fn run(
    simulation: Arc<Simulation>,
    mut jobs: UnboundedReceiver<Job>,
) -> anyhow::Result<()> {
    let webhooks = Arc::new(Webhooks::new(simulation.clone())?);
    for job in left(&simulation) {
        simulation.later(job);
    }
    while let Some(job) = jobs.recv().await {
        let (simulation, webhooks) = (simulation.clone(), webhooks.clone());
        tokio::spawn(async move {
            match job {
                Job::Deliver(event) => webhooks.deliver(&event).await,
                Job::Resend(event, told) => _ = told.send(webhooks.send(&event).await),
                Job::Settle {
                    refund,
                    after,
                    succeed,
                } => {
                    sleep(after).await;
                    settle(&simulation, &refund, succeed);
                }
            }
        });
    }
    Ok(())
}

fn left(simulation: &Simulation) -> Vec<Job> {
    let settle = |refund| Job::Settle {
        refund,
        after: Duration::ZERO,
        succeed: true,
    };
    simulation.ledger.read(|books| {
        let refunds = books.pending_refunds().into_iter().map(settle);
        let events = books.undelivered().into_iter().map(Job::Deliver);
        refunds.chain(events).collect()
    })
}

fn settle(simulation: &Simulation, refund: &str, succeed: bool) {
    let settled = simulation.ledger.commit(None, |books, now| {
        let gone = || StripeError::not_found("refund", refund, "id");
        let refund = books.refund(refund).ok_or_else(gone)?;
        let intent = books.intent(&refund.intent).ok_or_else(gone)?;
        let (refund, intent) = refund.settle(succeed, intent).ok_or_else(gone)?;
        Ok(Entry::new(now, Outcome::Refund)
            .refund(refund)
            .intent(intent)
            .event(EventKind::RefundUpdated))
    });
    // An error means that it is settled already.
    for event in settled.iter().flat_map(|entry| &entry.events) {
        simulation.later(Job::Deliver(event.id.clone()));
    }
}
