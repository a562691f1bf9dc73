//! A payment, and how it may go on.

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    events::{
        PaymentEvent,
        payments::{self as event, PaymentReason},
    },
    ids::{OrderId, PaymentId, UserId},
    internal::{Lease, Settled},
    money::Currency,
};

use super::{Finding, Refusal};

/// How far a payment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Stripe is being asked, or has not answered clearly.
    Attempting {
        /// The buyer knows that it is not clear.
        told: bool,
    },
    /// The buyer has to confirm it.
    RequiresAction {
        /// What the browser needs for that.
        client_secret: String,
    },
    /// The last attempt failed; another may follow.
    Failed(Failure),
    /// The buyer is charged.
    Succeeded {
        /// What orders made of it, once it has been told.
        settled: Option<Settled>,
    },
    /// The order ended unpaid: nothing was charged, and nothing will be.
    Canceled,
}

/// Why an attempt failed for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The card was declined; in Stripe's words for the buyer.
    Declined(String),
    /// The buyer did not confirm it, or the bank did not believe so.
    NotAuthenticated,
    /// Stripe could not be asked to charge anything.
    Unavailable,
}

/// With what an attempt is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// A card's token (`tok_…`), to be made a payment method.
    Token(String),
    /// A payment method (`pm_…`).
    PaymentMethod(String),
}

/// The money that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refund {
    /// Stripe is to be asked.
    Due,
    /// Stripe has been asked, and has not done it yet.
    Pending(String),
    /// The buyer has it.
    Succeeded(String),
}

/// One attempt to pay: what tells it from those before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The first is 1.
    pub number: i32,
    /// With what.
    pub method: Method,
    /// Stripe may have been asked to charge it.
    pub confirming: bool,
    /// When it began.
    pub begun_at: DateTime<Utc>,
}

/// The payment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Never changes.
    pub id: PaymentId,
    /// What is paid.
    pub order_id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// In minor units of `currency`.
    pub amount: i64,
    /// What the amount is counted in.
    pub currency: Currency,
    /// How many events were told about it.
    pub version: i64,
    /// How far it is.
    pub state: State,
    /// Stripe's `PaymentIntent`, once it may be charged.
    pub intent: Option<String>,
    /// The last attempt.
    pub attempt: Attempt,
    /// The number of the last lease.
    pub lease: i64,
    /// Orders may keep the tickets because of it.
    pub leased: bool,
    /// The money that goes back, if it does.
    pub refund: Option<Refund>,
    /// When the first attempt began.
    pub created_at: DateTime<Utc>,
}

impl Method {
    /// As it is kept: Stripe's prefixes tell which it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Token(id) | Self::PaymentMethod(id) => id,
        }
    }
}

impl From<String> for Method {
    fn from(id: String) -> Self {
        if id.starts_with("tok_") {
            Self::Token(id)
        } else {
            Self::PaymentMethod(id)
        }
    }
}

impl Payment {
    /// The payment of an order for which orders has granted a lease, with its first attempt.
    #[must_use]
    pub fn begin(
        id: PaymentId,
        order_id: OrderId,
        user_id: UserId,
        lease: &Lease,
        method: Method,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            order_id,
            user_id,
            amount: lease.amount,
            currency: lease.currency,
            version: 0,
            state: State::Attempting { told: false },
            intent: None,
            attempt: Attempt {
                number: 1,
                method,
                confirming: false,
                begun_at: now,
            },
            lease: lease.number,
            leased: true,
            refund: None,
            created_at: now,
        }
    }

    /// Whether another attempt may begin.
    ///
    /// # Errors
    /// When one is under way, or it is over.
    pub fn may_be_tried(&self) -> Result<(), Refusal> {
        match self.state {
            // The card that waits for its buyer is given up: Stripe confirms the same PaymentIntent with
            // the new one, and so charges one of them at most.
            State::Failed(_) | State::RequiresAction { .. } => Ok(()),
            State::Attempting { .. } => Err(Refusal::UnderWay),
            State::Succeeded { .. } => Err(Refusal::Paid),
            State::Canceled => Err(Refusal::Ended),
        }
    }

    /// Begins another attempt.
    ///
    /// # Errors
    /// As [`Self::may_be_tried`].
    pub fn begin_again(
        &mut self,
        lease: &Lease,
        method: Method,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.may_be_tried()?;
        self.state = State::Attempting { told: false };
        self.attempt = Attempt {
            number: self.attempt.number + 1,
            method,
            confirming: false,
            begun_at: now,
        };
        self.hold(lease.number);
        Ok(())
    }

    /// A lease was granted for it: of several, the last counts.
    pub fn hold(&mut self, lease: i64) {
        self.lease = self.lease.max(lease);
        self.leased = true;
    }

    /// Takes in what was found out about its attempt `number`; returns what is to be told. `None`: it was
    /// known, or means nothing any more.
    ///
    /// A success counts whatever was thought before. Everything else is about the last attempt alone: a
    /// notice about an earlier card, however late, changes nothing.
    pub fn take(&mut self, number: i32, finding: Finding) -> Option<PaymentEvent> {
        if finding != Finding::Succeeded && number != self.attempt.number {
            return None;
        }
        let next = match (&self.state, finding) {
            (State::Succeeded { .. }, _) | (State::Canceled, Finding::Canceled) => return None,
            (_, Finding::Succeeded) => State::Succeeded { settled: None },
            (State::Canceled, _) => return None,
            (
                State::Attempting { .. } | State::RequiresAction { .. } | State::Failed(_),
                Finding::Canceled,
            ) => State::Canceled,
            (State::Attempting { .. }, Finding::RequiresAction { client_secret }) => {
                State::RequiresAction { client_secret }
            }
            (State::Attempting { told: false }, Finding::Unknown) => {
                State::Attempting { told: true }
            }
            (State::Attempting { .. } | State::RequiresAction { .. }, Finding::Failed(failure)) => {
                State::Failed(failure)
            }
            (State::Attempting { told: true } | State::RequiresAction { .. }, Finding::Unknown)
            | (State::RequiresAction { .. }, Finding::RequiresAction { .. })
            | (State::Failed(_), _) => return None,
        };
        self.state = next;
        self.tell()
    }

    /// Whether Stripe could still charge the buyer for it.
    #[must_use]
    pub fn can_be_charged(&self) -> bool {
        !matches!(self.state, State::Succeeded { .. } | State::Canceled)
    }

    /// Whether the buyer is to confirm it.
    #[must_use]
    pub fn awaits_its_buyer(&self) -> bool {
        matches!(self.state, State::RequiresAction { .. })
    }

    /// Orders has said what it made of the success.
    pub fn settle(&mut self, outcome: Settled) {
        if let State::Succeeded { settled } = &mut self.state {
            *settled = Some(outcome);
            if outcome == Settled::RefundDue && self.refund.is_none() {
                self.refund = Some(Refund::Due);
            }
        }
    }

    /// Stripe has this refund of it; returns what is to be told.
    pub fn refunded(&mut self, refund: Refund) -> Option<PaymentEvent> {
        let known = self.refund.replace(refund);
        let made = matches!(self.refund, Some(Refund::Succeeded(_)));
        if made && !matches!(known, Some(Refund::Succeeded(_))) {
            self.tell()
        } else {
            None
        }
    }

    /// The event of its state, as a new version. None as long as Stripe has nothing of it.
    fn tell(&mut self) -> Option<PaymentEvent> {
        self.intent.as_ref()?;
        self.version += 1;
        self.event()
    }

    /// The event that fits its state; `None` when nothing has been told yet.
    #[must_use]
    pub fn event(&self) -> Option<PaymentEvent> {
        if self.version == 0 {
            return None;
        }
        let snapshot = |reason| {
            Some(event::Payment {
                id: self.id,
                order_id: self.order_id,
                user_id: self.user_id,
                amount: self.amount,
                currency: self.currency,
                stripe_id: self.intent.clone()?,
                version: self.version,
                reason,
            })
        };
        Some(match (&self.state, &self.refund) {
            (State::Succeeded { .. }, Some(Refund::Succeeded(_))) => {
                PaymentEvent::Refunded(snapshot(Some(PaymentReason::OrderEnded))?)
            }
            (State::Succeeded { .. }, _) => PaymentEvent::Created(snapshot(None)?),
            (State::Attempting { .. }, _) => {
                PaymentEvent::Pending(snapshot(Some(PaymentReason::Unconfirmed))?)
            }
            (State::RequiresAction { .. }, _) => {
                PaymentEvent::Pending(snapshot(Some(PaymentReason::RequiresAction))?)
            }
            (State::Failed(failure), _) => {
                let reason = match failure {
                    Failure::Declined(_) => PaymentReason::Declined,
                    Failure::NotAuthenticated => PaymentReason::NotAuthenticated,
                    Failure::Unavailable => PaymentReason::Unavailable,
                };
                PaymentEvent::Failed(snapshot(Some(reason))?)
            }
            (State::Canceled, _) => {
                PaymentEvent::Failed(snapshot(Some(PaymentReason::OrderEnded))?)
            }
        })
    }
}
