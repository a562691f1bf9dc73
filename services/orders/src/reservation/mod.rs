//! The one place where stock changes: who gets what, decided under locks and durable before it is
//! answered.
//!
//! Requests wait in a bounded queue. While one transaction is under way the next batch gathers; one
//! transaction decides all of it in the order of arrival ([`Book`](crate::domain::Book)), writes
//! set-wise, commits, and then everybody is answered. So a hot ticket costs a commit per batch and not
//! one per order, and the more wait the larger the batches are.
//!
//! Every change of stock, whoever asks for it, takes its locks in the same order ([`transact`]): first
//! the inventory rows by id, then the orders by id. Hence none waits for another in a circle.

mod batch;
mod error;
mod queue;
mod transact;

use ticketing_runtime::telemetry::trace::TraceContext;

use crate::domain::{Answer, Command, Refusal, Rules};

pub use error::Error;
pub use queue::{Reservations, Settings};
pub use transact::apply;

/// A command, and the trace that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What is asked.
    pub command: Command,
    /// Its events go on with this trace.
    pub trace: Option<TraceContext>,
}

impl From<Command> for Asked {
    /// Within the current trace.
    fn from(command: Command) -> Self {
        Self {
            command,
            trace: TraceContext::current(),
        }
    }
}

/// What came of each command of a batch, in their order.
pub type Answers = Vec<Result<Answer, Refusal>>;

/// Whether rows are locked. They always are; a test takes the locks away to see what they are for.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Locking {
    /// As it must be.
    #[default]
    Locked,
    /// Two batches may decide over the same stock.
    Unlocked,
}

/// How stock is changed, whoever asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// How long things are kept.
    pub rules: Rules,
    /// See [`Locking`].
    #[doc(hidden)]
    pub locking: Locking,
}

impl From<Rules> for Manner {
    fn from(rules: Rules) -> Self {
        Self {
            rules,
            locking: Locking::Locked,
        }
    }
}
