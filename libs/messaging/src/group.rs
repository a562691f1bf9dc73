//! Where the groups of a stream stand.

use std::collections::BTreeMap;

use redis::{FromRedisValue, RedisResult, Value, aio::MultiplexedConnection, cmd};

use crate::stamp::Stamp;

/// A group's place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The last entry that somebody of the group was given.
    pub delivered: Stamp,
    /// How many entries were given to somebody and are not acknowledged.
    pub pending: u64,
    /// How many entries nobody of the group has been given; `None` when Redis can't tell.
    pub lag: Option<u64>,
    /// The first entry that is not acknowledged.
    pub oldest_pending: Option<Stamp>,
}

impl Place {
    /// Everything up to here is acknowledged.
    #[must_use]
    pub fn acked(&self) -> Stamp {
        match self.oldest_pending {
            Some(oldest) => oldest.before().min(self.delivered),
            None if self.pending == 0 => self.delivered,
            // Between the two questions it was acknowledged, or else Redis was wiped and the group
            // made anew: the next look tells.
            None => Stamp::ZERO,
        }
    }
}

/// The places of all groups of the stream at `key`, by their names; none when there is no stream.
///
/// # Errors
/// When Redis does not answer.
pub async fn places(
    connection: &mut MultiplexedConnection,
    key: &str,
) -> anyhow::Result<BTreeMap<String, Place>> {
    let exists: bool = cmd("EXISTS").arg(key).query_async(connection).await?;
    let mut places = BTreeMap::new();
    if !exists {
        return Ok(places);
    }
    let groups: Vec<BTreeMap<String, Value>> = cmd("XINFO")
        .arg("GROUPS")
        .arg(key)
        .query_async(connection)
        .await?;
    for mut group in groups {
        let mut fact = |name: &str| group.remove(name).unwrap_or(Value::Nil);
        let name = String::from_redis_value(fact("name"))?;
        let delivered: Stamp = String::from_redis_value(fact("last-delivered-id"))?.parse()?;
        let pending = u64::from_redis_value(fact("pending"))?;
        let lag = Option::from_redis_value(fact("lag"))?;
        let oldest_pending = if pending > 0 {
            oldest_pending(connection, key, &name).await?
        } else {
            None
        };
        let place = Place {
            delivered,
            pending,
            lag,
            oldest_pending,
        };
        places.insert(name, place);
    }
    Ok(places)
}

async fn oldest_pending(
    connection: &mut MultiplexedConnection,
    key: &str,
    group: &str,
) -> anyhow::Result<Option<Stamp>> {
    let (_, oldest, _, _): (u64, Option<String>, Option<String>, Value) = cmd("XPENDING")
        .arg(key)
        .arg(group)
        .query_async(connection)
        .await?;
    Ok(oldest.map(|id| id.parse()).transpose()?)
}

/// Whether `consumer` of the group was given entries that it has not acknowledged.
///
/// # Errors
/// When Redis does not answer, or there is no such group.
pub async fn is_busy(
    connection: &mut MultiplexedConnection,
    key: &str,
    group: &str,
    consumer: &str,
) -> RedisResult<bool> {
    let pending: Vec<Value> = cmd("XPENDING")
        .arg(&[key, group, "-", "+", "1", consumer])
        .query_async(connection)
        .await?;
    Ok(!pending.is_empty())
}

/// The last entry that is in the stream; `None` when it is empty or missing. What was removed after it
/// nobody will be given.
///
/// # Errors
/// When Redis does not answer.
pub async fn last_entry(
    connection: &mut MultiplexedConnection,
    key: &str,
) -> anyhow::Result<Option<Stamp>> {
    let last: Vec<(String, Value)> = cmd("XREVRANGE")
        .arg(&[key, "+", "-", "COUNT", "1"])
        .query_async(connection)
        .await?;
    let id = last.into_iter().next().map(|(id, _)| id);
    Ok(id.map(|id| id.parse()).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_not_acknowledged() {
        let stamp = Stamp::from_number;
        let place = |delivered, oldest: Option<i64>| Place {
            delivered: stamp(delivered),
            pending: 0,
            lag: None,
            oldest_pending: oldest.map(stamp),
        };
        assert_eq!(place(9, None).acked(), stamp(9));
        assert_eq!(place(9, Some(5)).acked(), stamp(4));
        assert_eq!(place(0, None).acked(), Stamp::ZERO);
    }
}
