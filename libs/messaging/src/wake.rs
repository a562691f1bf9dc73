//! Waking the relay after a commit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use ticketing_postgres::Pool;
use tokio::sync::Notify;

/// Between two announcements to other instances.
const COALESCED: Duration = Duration::from_millis(5);

/// Wakes the relay after a commit, so that it need not poll often. Cheap to clone and to call.
///
/// Nothing depends on it but the delay: the relay looks every second anyway.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Bell>);

#[derive(Debug, Default)]
struct Bell {
    /// The leader is in this process.
    leading: AtomicBool,
    here: Notify,
    elsewhere: Notify,
}

impl Wake {
    /// Something was committed.
    pub fn committed(&self) {
        if self.0.leading.load(Ordering::Relaxed) {
            self.0.here.notify_one();
        } else {
            self.0.elsewhere.notify_one();
        }
    }

    pub(crate) fn lead(&self, leading: bool) {
        self.0.leading.store(leading, Ordering::Relaxed);
    }

    pub(crate) async fn rung(&self) {
        self.0.here.notified().await;
    }

    /// Tells the leader in another process, by a statement of its own: NOTIFY within a transaction
    /// would make all commits of the database wait for each other.
    pub(crate) async fn announce(&self, pool: &Pool, channel: &str) -> ! {
        loop {
            self.0.elsewhere.notified().await;
            if let Ok(mut connection) = pool.get().await {
                // When Postgres is away, so is the leader's session.
                _ = notify(&mut connection, channel).await;
            }
            tokio::time::sleep(COALESCED).await;
        }
    }
}

async fn notify(connection: &mut AsyncPgConnection, channel: &str) -> QueryResult<usize> {
    use diesel_async::RunQueryDsl;
    diesel::sql_query("SELECT pg_notify($1, '')")
        .bind::<diesel::sql_types::Text, _>(channel)
        .execute(connection)
        .await
}
