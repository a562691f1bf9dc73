//! Things of one kind, in the order in which they were made, found by id.

use std::{collections::HashMap, sync::Arc};

use crate::domain::{
    payment_intent::PaymentIntent,
    payment_method::{PaymentMethod, Token},
    refund::Refund,
};

/// Has an id that never changes.
pub trait Identified {
    /// The id.
    fn id(&self) -> &str;
}

impl Identified for PaymentIntent {
    fn id(&self) -> &str {
        Self::id(self)
    }
}

impl Identified for PaymentMethod {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Token {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The newest snapshot of each thing.
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<Arc<T>>,
    places: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Identified> Table<T> {
    /// The thing with the id.
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.places.get(id).map(|place| &self.rows[*place])
    }

    /// Puts the new snapshot of a thing in the place of the last one, which is returned.
    pub fn put(&mut self, row: Arc<T>) -> Option<Arc<T>> {
        match self.places.get(row.id()) {
            Some(place) => Some(std::mem::replace(&mut self.rows[*place], row)),
            None => {
                self.places.insert(row.id().to_owned(), self.rows.len());
                self.rows.push(row);
                None
            }
        }
    }

    /// All of them, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<T>> {
        self.rows.iter().rev()
    }
}
