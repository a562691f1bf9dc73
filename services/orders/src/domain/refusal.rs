//! Why a command changed nothing.

use ticketing_contracts::{
    ids::TicketId,
    money::{Currency, MajorUnits},
};

/// A refusal, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no copy of this ticket here: it may be new.
    #[error("Not found")]
    UnknownTicket(TicketId),
    /// Its seller withdrew it.
    #[error("Not found")]
    Withdrawn,
    /// There is no such order.
    #[error("Not found")]
    UnknownOrder,
    /// It is somebody else's.
    #[error("Not your order")]
    NotYours,
    /// It orders nothing.
    #[error("An order must have at least one item")]
    Empty,
    /// Each ticket has one item.
    #[error("Each ticket may be in items once")]
    SameTicketTwice,
    /// One order has one currency.
    #[error("All tickets of an order must be in one currency")]
    MixedCurrencies,
    /// It costs something else by now.
    #[error("The price has changed to {price} {currency}")]
    PriceChanged {
        /// What one costs.
        price: MajorUnits,
        /// In which currency.
        currency: Currency,
    },
    /// More than the seller wants in one order.
    #[error("At most {0} in one order")]
    OverMaxPerOrder(i32),
    /// More than the seller wants one person to have.
    #[error("At most {0} per person, and you have {1}")]
    OverMaxPerPerson(i32, i64),
    /// Its total would be more than can be paid at once.
    #[error("The order is too expensive")]
    TooExpensive,
    /// The only one is held by somebody.
    #[error("Ticket is already reserved")]
    Reserved,
    /// Nothing is left, and nothing can come back.
    #[error("Sold out")]
    SoldOut,
    /// Not as many are left.
    #[error("Only {0} left")]
    OnlyLeft(i32),
    /// All are held; some may come back.
    #[error("All are reserved at the moment")]
    AllHeld,
    /// The idempotency key belongs to another request.
    #[error("The Idempotency-Key was used for another order")]
    KeyReused,
    /// It is paid.
    #[error("The order is complete")]
    Complete,
    /// A payment is under way.
    #[error("The order is being paid")]
    BeingPaid,
    /// It is over.
    #[error("The order is cancelled")]
    Cancelled,
    /// Its time to begin a payment is over.
    #[error("The order has expired")]
    Expired,
    /// It can't be withdrawn.
    #[error("{held} are reserved and {sold} are sold")]
    InUse {
        /// How many open orders hold.
        held: i32,
        /// How many are paid.
        sold: i32,
    },
}
