//! What is overdue at a start goes out in the order of its deadlines.
//!
//! After an absence the deadlines are in the stream still, in the order in which the orders were placed.
//! They are all noted before the first look. That order is a courtesy and promptness is the task, so
//! there is an end to the waiting.

use std::time::Duration;

use ticketing_contracts::events::{Event, OrderEvent};
use ticketing_messaging::{connection::RedisSettings, group};
use tokio::time::{sleep, timeout};

use crate::{SERVICE, connection::Connection};

const AT_MOST: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(20);

/// Waits until what was in the stream of orders has been given to the group, and what of it was given to
/// `instance` is noted.
pub async fn caught_up(connection: &Connection, redis: &RedisSettings, instance: &str) {
    match timeout(AT_MOST, wait(connection, redis, instance)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let error = format!("{error:#}");
            tracing::warn!(error, "what is overdue may go out in another order");
        }
        Err(_) => tracing::info!("there is much to note: what is overdue goes out meanwhile"),
    }
}

async fn wait(
    connection: &Connection,
    redis: &RedisSettings,
    instance: &str,
) -> anyhow::Result<()> {
    let key = redis.key(OrderEvent::STREAM);
    let mut connection = connection.get().await?;
    let Some(last) = group::last_entry(&mut connection, &key).await? else {
        return Ok(());
    };
    loop {
        let places = group::places(&mut connection, &key).await?;
        let all_given = places
            .get(SERVICE)
            .is_some_and(|place| place.delivered >= last);
        if all_given && !group::is_busy(&mut connection, &key, SERVICE, instance).await? {
            return Ok(());
        }
        sleep(POLL).await;
    }
}
