//! Streams and their groups.

use redis::{aio::MultiplexedConnection, cmd};
use ticketing_contracts::events::Event;
use ticketing_messaging::{
    Stamp,
    connection::RedisSettings,
    group::{self, Place},
    stream,
};

/// A stream.
#[derive(Debug, Clone)]
pub struct StreamState {
    /// Its name, without a prefix.
    pub name: &'static str,
    /// The last id that it ever gave; `None` when it is missing or never gave one.
    pub last: Option<Stamp>,
    /// The last entry that is there.
    pub last_entry: Option<Stamp>,
    /// The groups that are declared.
    pub groups: Vec<GroupState>,
    /// By Redis' clock, which is that of the entries' ids here.
    pub now_millis: i64,
}

/// A group.
#[derive(Debug, Clone)]
pub struct GroupState {
    /// The listening service.
    pub name: &'static str,
    /// Where it stands; `None`: there is no such group.
    pub place: Option<Place>,
}

/// The stream of `E`.
///
/// # Errors
/// When Redis does not answer.
pub async fn of<E: Event>(
    connection: &mut MultiplexedConnection,
    redis: &RedisSettings,
) -> anyhow::Result<StreamState> {
    let key = redis.key(E::STREAM);
    // The groups first: what comes meanwhile is only a reason to look again.
    let places = group::places(connection, &key).await?;
    let last = stream::last_id(connection, &key).await?;
    let last_entry = group::last_entry(connection, &key).await?;
    let (seconds, micros): (i64, i64) = cmd("TIME").query_async(connection).await?;
    Ok(StreamState {
        name: E::STREAM,
        last,
        last_entry,
        groups: E::GROUPS
            .iter()
            .map(|name| GroupState {
                name,
                place: places.get(*name).copied(),
            })
            .collect(),
        now_millis: seconds * 1000 + micros / 1000,
    })
}
