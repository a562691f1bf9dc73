//! Ids: `UUIDv7`, so that they sort by the time they were made, one type per thing they name.

use chrono::{DateTime, Utc};
use uuid::{Timestamp, Uuid};

/// Declares an id type: a UUID that can't be confused with another thing's.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id that carries `now` (milliseconds) and 74 random bits.
            #[must_use]
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(uuid_v7(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A user, made by auth at sign-up.
    UserId
);

id!(
    /// A ticket: one seat, or an offer of many. Made by tickets.
    TicketId
);

id!(
    /// An order, made by orders.
    OrderId
);

id!(
    /// A payment, made by payments: one per order, however often it is tried.
    PaymentId
);

id!(
    /// An event, made by the service that publishes it. A repeat has the same.
    EventId
);

/// RFC 9562 version 7. Times before 1970 count as 1970.
fn uuid_v7(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix_time(
        seconds,
        now.timestamp_subsec_nanos(),
        0,
        0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_millisecond() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let id = UserId::new(now);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.0.get_timestamp().unwrap().to_unix().0, 1_700_000_000);
        assert!(id < UserId::new(now + chrono::TimeDelta::milliseconds(1)));
    }

    #[test]
    fn ids_of_one_millisecond_differ() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        assert_ne!(UserId::new(now), UserId::new(now));
    }
}
