//! The transaction of a batch.

use diesel_async::AsyncPgConnection;
use ticketing_messaging::outbox;
use ticketing_postgres::{errors::connection_lost, tx};

use super::{
    Asked, Session, Settings,
    batch::{Batch, Written},
};
use crate::{error::Error, store};

/// Writes batches, one after the other.
pub(super) struct Batches {
    settings: Settings,
    session: Session,
}

impl Batches {
    pub fn new(settings: Settings) -> Self {
        Self {
            session: Session::new(settings.database.clone()),
            settings,
        }
    }

    pub async fn run(&mut self, batch: Batch) {
        match self.write(&batch).await {
            Ok(written) => {
                if !written.succeeded.is_empty() {
                    self.settings.wake.committed();
                }
                if written.noted.due {
                    self.settings.bell.notify_one();
                }
                batch.done(&written);
            }
            Err(error) => {
                let away = is_away(&error);
                tracing::warn!(%error, away, "a batch was not written");
                let cause = away.then(|| error.to_string());
                batch.not_done(cause.as_deref());
            }
        }
    }

    /// All of it, or nothing.
    async fn write(&mut self, batch: &Batch) -> Result<Written, Error> {
        let mut connection = self.session.take().await?;
        let written = if batch.needs_a_transaction() {
            tx::begin(&mut connection).await?;
            let written = self.statements(&mut connection, batch).await;
            tx::end(&mut connection, written).await?
        } else {
            self.statements(&mut connection, batch).await?
        };
        self.session.put_back(connection);
        Ok(written)
    }

    /// The statements, in one go: none of them needs another's answer. Only the events do, those of what
    /// has succeeded.
    async fn statements(
        &self,
        connection: &mut AsyncPgConnection,
        batch: &Batch,
    ) -> Result<Written, Error> {
        let Settings {
            instance, patience, ..
        } = &self.settings;
        let (begins, confirmings) = (questions(&batch.begins), questions(&batch.confirmings));
        let (successes, hints) = (questions(&batch.successes), questions(&batch.hints));
        let (begun, confirming, succeeded, noted) = futures::try_join!(
            store::batch::begin(connection, &begins, instance, patience.attempt),
            store::batch::confirming(connection, &confirmings),
            store::batch::succeed(connection, &successes),
            store::webhooks::note_all(connection, &hints, patience.hint),
        )?;
        let told = successes.iter().filter(|one| succeeded.contains(&one.id));
        let events: Vec<_> = told.map(|one| one.event.clone()).collect();
        outbox::append_all(connection, &events).await?;
        Ok(Written {
            begun,
            confirming,
            succeeded,
            noted,
        })
    }
}

/// Whether nobody can do it at the moment, rather than nobody together with the others.
fn is_away(error: &Error) -> bool {
    match error {
        Error::DatabaseAway(_) | Error::DatabaseUnavailable(_) => true,
        Error::Database(error) => connection_lost(error),
        _ => false,
    }
}

fn questions<Q>(asked: &[Asked<Q>]) -> Vec<&Q> {
    asked.iter().map(|asked| &asked.question).collect()
}
