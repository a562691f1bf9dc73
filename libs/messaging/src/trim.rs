//! Removes what every declared group has acknowledged. Age alone removes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::{aio::MultiplexedConnection, cmd};

use crate::{
    group::{self, Place},
    stamp::Stamp,
};

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
        let places = group::places(connection, &self.key).await?;
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

    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    fn report(&self, group: &str, place: &Place) {
        let labels = [("stream", self.key.clone()), ("group", group.to_owned())];
        metrics::gauge!("messaging_group_pending", &labels).set(place.pending as f64);
        if let Some(lag) = place.lag {
            metrics::gauge!("messaging_group_lag", &labels).set(lag as f64);
        }
    }
}
