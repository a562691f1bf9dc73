//! Removes what every declared group has acknowledged. Age alone removes nothing.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use redis::{FromRedisValue, Value, aio::MultiplexedConnection, cmd};

use crate::stamp::Stamp;

/// The most entries that are removed at once. By default it would be 10,000: more than that can be
/// published between two looks. So many keep Redis busy for a few milliseconds.
const AT_ONCE: u32 = 200_000;

/// A stream, and who must have acknowledged its entries.
#[derive(Debug, Clone)]
pub struct Trimmer {
    /// The stream's key.
    pub key: String,
    /// The groups that are declared in the contracts.
    pub groups: Vec<String>,
    /// Entries stay at least this long, for readers without a group.
    pub keep: Duration,
}

/// A group's place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    delivered: Stamp,
    pending: u64,
    lag: Option<u64>,
    oldest_pending: Option<Stamp>,
}

impl Place {
    /// Everything up to here is acknowledged.
    fn acked(&self) -> Stamp {
        match self.oldest_pending {
            Some(oldest) => oldest.before().min(self.delivered),
            None if self.pending == 0 => self.delivered,
            // Between the two questions it was acknowledged, or else Redis was wiped and the group
            // made anew: the next look tells.
            None => Stamp::ZERO,
        }
    }
}

impl Trimmer {
    /// Trims; returns up to where all groups have acknowledged, `None` when one of them is missing.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Stamp>> {
        let places = self.places(connection).await?;
        let (mut acked, mut missing) = (None, false);
        for group in &self.groups {
            let Some(place) = places.get(group) else {
                // What it has not seen must stay; it will begin with the first entry there is.
                tracing::debug!(
                    stream = self.key,
                    group,
                    "not trimmed: the group is missing"
                );
                missing = true;
                continue;
            };
            self.report(group, place);
            acked = Some(acked.map_or(place.acked(), |least: Stamp| least.min(place.acked())));
        }
        if missing {
            return Ok(None);
        }
        if let Some(acked) = acked {
            let age = now - chrono::TimeDelta::from_std(self.keep)?;
            let below = acked.min(Stamp::at(age));
            // `~`: whole blocks only, which costs next to nothing.
            cmd("XTRIM")
                .arg(&self.key)
                .arg("MINID")
                .arg("~")
                .arg(below.to_string())
                .arg("LIMIT")
                .arg(AT_ONCE)
                .query_async::<()>(connection)
                .await?;
        }
        Ok(acked)
    }

    async fn places(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> anyhow::Result<BTreeMap<String, Place>> {
        let exists: bool = cmd("EXISTS").arg(&self.key).query_async(connection).await?;
        let mut places = BTreeMap::new();
        if !exists {
            return Ok(places);
        }
        let groups: Vec<BTreeMap<String, Value>> = cmd("XINFO")
            .arg("GROUPS")
            .arg(&self.key)
            .query_async(connection)
            .await?;
        for mut group in groups {
            let mut fact = |name: &str| group.remove(name).unwrap_or(Value::Nil);
            let name = String::from_redis_value(fact("name"))?;
            let delivered: Stamp = String::from_redis_value(fact("last-delivered-id"))?.parse()?;
            let pending = u64::from_redis_value(fact("pending"))?;
            let lag = Option::from_redis_value(fact("lag"))?;
            let oldest_pending = if pending > 0 {
                self.oldest_pending(connection, &name).await?
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
        &self,
        connection: &mut MultiplexedConnection,
        group: &str,
    ) -> anyhow::Result<Option<Stamp>> {
        let (_, oldest, _, _): (u64, Option<String>, Option<String>, Value) = cmd("XPENDING")
            .arg(&self.key)
            .arg(group)
            .query_async(connection)
            .await?;
        Ok(oldest.map(|id| id.parse()).transpose()?)
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    fn report(&self, group: &str, place: &Place) {
        let labels = [("stream", self.key.clone()), ("group", group.to_owned())];
        metrics::gauge!("messaging_group_pending", &labels).set(place.pending as f64);
        if let Some(lag) = place.lag {
            metrics::gauge!("messaging_group_lag", &labels).set(lag as f64);
        }
    }
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
