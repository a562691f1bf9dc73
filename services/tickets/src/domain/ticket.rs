//! A ticket: what its seller wants, its edits, and how it is shown.

use chrono::{DateTime, Utc};
use ticketing_contracts::{
    api::{
        self,
        tickets::{NewTicket, TicketEdit, price_in_minor},
    },
    events,
    ids::{TicketId, UserId},
    money::{Currency, MajorUnits},
};

use super::Stock;

/// A ticket and its stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Never changes.
    pub id: TicketId,
    /// Counts the seller's edits, from 1; the withdrawal is the last.
    pub version: i64,
    /// What buyers read.
    pub title: String,
    /// Of one, in minor units of `currency`.
    pub price: i64,
    /// What `price` is counted in. Never changes.
    pub currency: Currency,
    /// The seller. Never changes.
    pub user_id: UserId,
    /// How many the seller wants to sell in all.
    pub capacity: i32,
    /// The most in one order.
    pub max_per_order: Option<i32>,
    /// The most that one person may have.
    pub max_per_person: Option<i32>,
    /// It was withdrawn.
    pub deleted: bool,
    /// When it was put up.
    pub created_at: DateTime<Utc>,
    /// When its seller last edited it.
    pub updated_at: DateTime<Utc>,
    /// What orders last said.
    pub stock: Stock,
}

/// Why a ticket stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is none, or none any more.
    #[error("there is no such ticket")]
    Unknown,
    /// Somebody else put it up.
    #[error("it is somebody else's ticket")]
    NotYours,
    /// What was edited is not how it stands.
    #[error("the ticket was edited meanwhile")]
    Stale,
    /// It is one seat, and somebody holds or has bought it.
    #[error("the seat is held or sold")]
    Reserved,
    /// Some of it is held or sold, so that it can't be withdrawn.
    #[error("some of it is held or sold")]
    HeldOrSold,
    /// What its price is in can't be changed.
    #[error("the currency can't be changed")]
    AnotherCurrency(Currency),
    /// The price is no amount of its currency.
    #[error("{0}")]
    Price(String),
}

/// Which state an edit is meant for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// The body's `version`.
    pub version: Option<i64>,
    /// The versions of an `If-Match` that names some.
    pub one_of: Option<Vec<i64>>,
}

impl Expected {
    fn allows(&self, version: i64) -> bool {
        self.version.is_none_or(|expected| expected == version)
            && self
                .one_of
                .as_ref()
                .is_none_or(|some| some.contains(&version))
    }
}

impl Ticket {
    /// A new one. The form has passed its own checks.
    ///
    /// # Errors
    /// [`Refused::Price`].
    pub fn put_up(
        id: TicketId,
        seller: UserId,
        new: &NewTicket,
        now: DateTime<Utc>,
    ) -> Result<Self, Refused> {
        let currency = new.currency.unwrap_or_default();
        Ok(Self {
            id,
            version: 1,
            title: new.title.trim().to_owned(),
            price: price_in_minor(new.price, currency).map_err(Refused::Price)?,
            currency,
            user_id: seller,
            capacity: new.capacity.unwrap_or(1),
            max_per_order: new.max_per_order,
            max_per_person: new.max_per_person,
            deleted: false,
            created_at: now,
            updated_at: now,
            stock: Stock::default(),
        })
    }

    /// How it is after an edit by `user`. Whether it is free, if it has to be, is another question: see
    /// [`Self::ensure_free`].
    ///
    /// # Errors
    /// When it may not be edited so.
    pub fn edited(
        &self,
        user: UserId,
        edit: &TicketEdit,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<Self, Refused> {
        self.ensure_offered_by(user)?;
        if edit
            .currency
            .is_some_and(|currency| currency != self.currency)
        {
            return Err(Refused::AnotherCurrency(self.currency));
        }
        let price = price_in_minor(edit.price, self.currency).map_err(Refused::Price)?;
        if !expected.allows(self.version) {
            return Err(Refused::Stale);
        }
        Ok(Self {
            version: self.version + 1,
            title: edit.title.trim().to_owned(),
            price,
            capacity: edit.capacity.unwrap_or(self.capacity),
            max_per_order: edit.max_per_order,
            max_per_person: edit.max_per_person,
            updated_at: now,
            ..self.clone()
        })
    }

    /// How it is after its seller has withdrawn it: a tombstone.
    #[must_use]
    pub fn withdrawn(&self, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            deleted: true,
            updated_at: now,
            ..self.clone()
        }
    }

    /// # Errors
    /// When it is gone, or `user` is not its seller.
    pub fn ensure_offered_by(&self, user: UserId) -> Result<(), Refused> {
        if self.deleted {
            Err(Refused::Unknown)
        } else if self.user_id == user {
            Ok(())
        } else {
            Err(Refused::NotYours)
        }
    }

    /// One seat. Whoever has it has bought what it said, so it can't be edited under them.
    #[must_use]
    pub fn is_seat(&self) -> bool {
        self.capacity == 1
    }

    /// By the newest that is known of its stock: here, or at orders if they have heard of it.
    ///
    /// # Errors
    /// [`Refused::Reserved`] when it is held or sold.
    pub fn ensure_free(&self, at_orders: Option<Stock>) -> Result<(), Refused> {
        let stock = self.stock.or_newer(at_orders.unwrap_or_default());
        if stock.taken() > 0 {
            Err(Refused::Reserved)
        } else {
            Ok(())
        }
    }

    /// How many there are.
    #[must_use]
    pub fn capacity(&self) -> i32 {
        self.stock.capacity_at(self.version, self.capacity)
    }

    /// How many are free.
    #[must_use]
    pub fn available(&self) -> i32 {
        self.capacity() - self.stock.taken()
    }

    /// Whether buyers see it in lists. The table's column `listed_id` says the same.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !self.deleted && self.available() > 0
    }

    /// As events tell of it.
    #[must_use]
    pub fn snapshot(&self) -> events::tickets::Ticket {
        events::tickets::Ticket {
            id: self.id,
            version: self.version,
            title: self.title.clone(),
            price: self.price,
            currency: self.currency,
            user_id: self.user_id,
            capacity: self.capacity,
            max_per_order: self.max_per_order,
            max_per_person: self.max_per_person,
        }
    }

    /// As everybody sees it.
    #[must_use]
    pub fn shown(self) -> api::tickets::Ticket {
        let (capacity, available) = (self.capacity(), self.available());
        api::tickets::Ticket {
            id: self.id,
            title: self.title,
            price: MajorUnits::from_minor(self.price, self.currency),
            currency: self.currency,
            user_id: self.user_id,
            version: self.version,
            capacity,
            held: self.stock.held,
            sold: self.stock.sold,
            available,
            next_release_at: self.stock.next_release_at,
            max_per_order: self.max_per_order,
            max_per_person: self.max_per_person,
            order_id: self.stock.order_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[cfg(test)]
mod tests;
