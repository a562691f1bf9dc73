//! Why an attempt is not begun.

/// A refusal, in words for a person. Nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such payment.
    #[error("Not found")]
    Unknown,
    /// It is somebody else's.
    #[error("Not your payment")]
    NotYours,
    /// An earlier attempt has no outcome yet.
    #[error("A payment for this order is under way")]
    UnderWay,
    /// It is paid.
    #[error("The order is paid")]
    Paid,
    /// The order is over.
    #[error("The order has ended")]
    Ended,
    /// A repeat of an attempt that another card has taken the place of.
    #[error("Another card was tried since")]
    Superseded,
    /// The idempotency key belongs to another request.
    #[error("This Idempotency-Key was used for another request")]
    KeyReused,
}
