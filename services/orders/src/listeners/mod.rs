//! What orders hears: one file per stream.

mod expirations;
mod payments;
mod tickets;

pub use expirations::Expirations;
pub use payments::Payments;
pub use tickets::Tickets;

use diesel_async::AsyncPgConnection;
use ticketing_messaging::{Delivery, consumer::Failure};

use crate::{
    domain::Command,
    reservation::{self, Asked, Manner},
};

/// Lets events take effect in the inbox's transaction, all of them together. What is refused has no
/// effect, and is no reason to put the event away: it met a state in which it means nothing.
async fn apply<E>(
    connection: &mut AsyncPgConnection,
    manner: Manner,
    batch: &[&Delivery<E>],
    command: impl Fn(&E) -> Command,
) -> Result<(), Failure> {
    let asked = |delivery: &&Delivery<E>| Asked {
        command: command(&delivery.event),
        trace: delivery.envelope.trace,
    };
    let asked: Vec<_> = batch.iter().map(asked).collect();
    let answers = reservation::apply(connection, manner, &asked).await?;
    for refusal in answers.into_iter().filter_map(Result::err) {
        tracing::debug!(%refusal, "an event had no effect");
    }
    Ok(())
}
