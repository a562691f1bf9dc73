//! The stream `expirations`: deadlines that have passed. Published by expiration.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Snapshot;
use crate::ids::OrderId;

/// Where expiration keeps what is to happen: a sorted set of `orderId|releaseAt`, by `releaseAt` in
/// milliseconds since 1970.
pub const DEADLINES: &str = "expiration:deadlines";

/// Where expiration, which has no tables, keeps the events that it can't handle: a hash of JSON objects
/// by the number of the entry that brought them.
pub const DEAD_LETTERS: &str = "expiration:dead_letters";

crate::stream! {
    /// What becomes of a deadline.
    pub enum ExpirationEvent: stream "expirations", groups ["orders"] {
        /// An order's `releaseAt` has passed. A command: orders frees the tickets if the order still has
        /// that `releaseAt` and holds them.
        Complete(ExpirationComplete): "expiration:complete", heard by ["orders"],
    }
}

/// Which deadline has passed.
///
/// A Lua script writes this form as well, so its text is part of the contract:
/// `{"orderId":"…","releaseAt":"2026-11-21T15:33:41.000Z"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpirationComplete {
    /// Whose deadline.
    pub order_id: OrderId,
    /// The order's [`release_at`](super::orders::Order::release_at) when the deadline was set.
    #[serde(with = "crate::time")]
    pub release_at: DateTime<Utc>,
}

impl Snapshot for ExpirationComplete {
    fn subject(&self) -> Uuid {
        self.order_id.0
    }

    /// The deadline in milliseconds since 1970: an order's deadlines only move later.
    fn version(&self) -> i64 {
        self.release_at.timestamp_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, forms};

    #[test]
    fn events() {
        let event = ExpirationEvent::Complete(ExpirationComplete {
            order_id: forms::id(2),
            release_at: forms::time("2026-11-21T15:33:41Z"),
        });
        forms::check(std::slice::from_ref(&event), &[]);
        assert_eq!(event.subject(), forms::id::<OrderId>(2).0);
        assert_eq!(event.version(), 1_795_275_221_000);
    }

    #[test]
    fn the_text_is_exact() {
        let text = r#"{"orderId":"018bcfe5-687b-7000-8000-000000000002","releaseAt":"2026-11-21T15:33:41.000Z"}"#;
        let event = ExpirationEvent::decode("expiration:complete", text).unwrap();
        assert_eq!(event.data().unwrap(), text);
    }
}
