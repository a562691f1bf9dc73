//! What the services tell each other: a stream per producing service, one file each.
//!
//! Every event carries a full snapshot of its subject with a version that rises, so that a copy which
//! applies only what is newer survives repeats, gaps and reordering. `docs/EVENTS.md` is the same for
//! people; a test compares the two.

pub mod expirations;
pub mod orders;
pub mod payments;
pub mod stream;
pub mod tickets;

#[cfg(test)]
pub(crate) mod forms;

use thiserror::Error;
use uuid::Uuid;

pub use expirations::ExpirationEvent;
pub use orders::OrderEvent;
pub use payments::PaymentEvent;
pub use tickets::TicketEvent;

/// The service that shows pages. It hears events without a consumer group: it keeps nothing that a
/// missed one could spoil, so that nothing has to wait for it.
pub const WITHOUT_GROUP: &str = "web";

/// The events of one stream: an enum with a variant per type, declared by [`stream!`](crate::stream).
pub trait Event: Sized + Send + Sync + 'static {
    /// The stream's name, without a prefix: `tickets`.
    const STREAM: &'static str;

    /// The consumer groups that must have acknowledged an entry before it is trimmed: the listening
    /// services that have an inbox.
    const GROUPS: &'static [&'static str];

    /// Every type of the stream.
    const TYPES: &'static [&'static str];

    /// Every type of the stream with the services that hear it: those of [`GROUPS`](Self::GROUPS), and
    /// [web](WITHOUT_GROUP).
    const HEARD_BY: &'static [(&'static str, &'static [&'static str])];

    /// The type: `ticket:created`.
    fn kind(&self) -> &'static str;

    /// What the snapshot is of. The events of one subject are in order.
    fn subject(&self) -> Uuid;

    /// The subject's version; it rises.
    fn version(&self) -> i64;

    /// The snapshot as JSON.
    ///
    /// # Errors
    ///
    /// None with the types of this crate: all of them have a JSON form.
    fn data(&self) -> Result<String, serde_json::Error>;

    /// Reads an event from its type and its JSON. Fields that are not known are ignored: the form may
    /// grow.
    ///
    /// # Errors
    ///
    /// When the type is not one of the stream's, or the JSON not of the type's form.
    fn decode(kind: &str, data: &str) -> Result<Self, DecodeError>;
}

/// What an event carries: the state of its subject, at a version.
pub trait Snapshot {
    /// What this is a snapshot of.
    fn subject(&self) -> Uuid;

    /// Which state of the subject it is: of two snapshots, the one with the higher version is newer.
    fn version(&self) -> i64;
}

/// Why an entry can't be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// A type that this version of the program does not know: a newer one has published it.
    #[error("unknown event type {0}")]
    UnknownType(String),
    /// A known type whose data is not of its form.
    #[error("unreadable data of a {kind}")]
    Unreadable {
        /// The type.
        kind: String,
        /// What is wrong with the data.
        #[source]
        source: serde_json::Error,
    },
}
