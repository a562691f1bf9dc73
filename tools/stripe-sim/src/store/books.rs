//! The books: every entry that was made, added up.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::domain::{
    entry::Entry,
    event::Event,
    payment_intent::PaymentIntent,
    payment_method::{PaymentMethod, Token},
    refund::{Refund, RefundStatus},
};

use super::{answers::Answers, table::Table, totals::Totals};

/// The metadata by which payments are found again: those of the platform's order and payment.
pub const SUBJECTS: [&str; 2] = ["orderId", "paymentId"];

/// Everything that the simulator knows.
#[derive(Debug, Default)]
pub struct Books {
    intents: Table<PaymentIntent>,
    methods: Table<PaymentMethod>,
    tokens: Table<Token>,
    refunds: Table<Refund>,
    /// Ids of payments by the value of one of [`SUBJECTS`].
    intents_of: HashMap<String, Vec<String>>,
    /// Ids of refunds by payment.
    refunds_of: HashMap<String, Vec<String>>,
    events: Vec<Happening>,
    places: HashMap<String, usize>,
    /// Places of events that no endpoint has taken.
    undelivered: BTreeSet<usize>,
    totals: Totals,
    /// What was answered under which idempotency key.
    pub answers: Answers,
}

/// An event and the entry that it is a part of.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The event.
    pub event: Event,
    /// Where it happened.
    pub entry: Arc<Entry>,
}

impl Books {
    /// Adds an entry: as it is made, and when it is read from the journal.
    pub fn apply(&mut self, entry: &Arc<Entry>) {
        if let Some(intent) = &entry.intent {
            self.put_intent(intent);
        }
        if let Some(method) = &entry.method {
            self.methods.put(method.clone());
        }
        if let Some(token) = &entry.token {
            self.tokens.put(token.clone());
        }
        if let Some(refund) = &entry.refund {
            self.put_refund(refund);
        }
        for event in &entry.events {
            self.places.insert(event.id.clone(), self.events.len());
            self.undelivered.insert(self.events.len());
            self.events.push(Happening {
                event: event.clone(),
                entry: entry.clone(),
            });
        }
        self.answers.give(entry);
    }

    fn put_intent(&mut self, intent: &Arc<PaymentIntent>) {
        let before = self.intents.put(intent.clone());
        self.totals.note_intent(before.as_deref(), intent);
        if before.is_none() {
            for subject in SUBJECTS {
                if let Some(value) = intent.terms.metadata.get(subject) {
                    let ids = self.intents_of.entry(value.clone()).or_default();
                    ids.push(intent.id().to_owned());
                }
            }
        }
    }

    fn put_refund(&mut self, refund: &Arc<Refund>) {
        let before = self.refunds.put(refund.clone());
        self.totals.note_refund(before.as_deref(), refund);
        if before.is_none() {
            let ids = self.refunds_of.entry(refund.intent.clone()).or_default();
            ids.push(refund.id.clone());
        }
    }

    /// An endpoint has taken the event.
    pub fn delivered(&mut self, event: &str) {
        if let Some(place) = self.places.get(event) {
            self.undelivered.remove(place);
        }
    }

    /// The payment with the id.
    #[must_use]
    pub fn intent(&self, id: &str) -> Option<&Arc<PaymentIntent>> {
        self.intents.get(id)
    }

    /// The payments that have the value in one of [`SUBJECTS`], the oldest first.
    pub fn intents_of<'a>(
        &'a self,
        subject: &'a str,
        value: &str,
    ) -> impl Iterator<Item = &'a Arc<PaymentIntent>> {
        let ids = self.intents_of.get(value).into_iter().flatten();
        let value = value.to_owned();
        ids.filter_map(|id| self.intents.get(id))
            .filter(move |intent| intent.terms.metadata.get(subject) == Some(&value))
    }

    /// All payments, the newest first.
    pub fn intents(&self) -> impl Iterator<Item = &Arc<PaymentIntent>> {
        self.intents.newest()
    }

    /// The payment method with the id.
    #[must_use]
    pub fn method(&self, id: &str) -> Option<&Arc<PaymentMethod>> {
        self.methods.get(id)
    }

    /// The token with the id.
    #[must_use]
    pub fn token(&self, id: &str) -> Option<&Arc<Token>> {
        self.tokens.get(id)
    }

    /// The refund with the id.
    #[must_use]
    pub fn refund(&self, id: &str) -> Option<&Arc<Refund>> {
        self.refunds.get(id)
    }

    /// The refunds of a payment, or of all payments, the newest first.
    #[must_use]
    pub fn refunds(&self, intent: Option<&str>) -> Vec<&Arc<Refund>> {
        match intent {
            Some(intent) => {
                let ids = self.refunds_of.get(intent).into_iter().flatten().rev();
                ids.filter_map(|id| self.refunds.get(id)).collect()
            }
            None => self.refunds.newest().collect(),
        }
    }

    /// Ids of refunds that are on their way.
    #[must_use]
    pub fn pending_refunds(&self) -> Vec<String> {
        let pending = |refund: &&Arc<Refund>| refund.status == RefundStatus::Pending;
        let refunds = self.refunds.newest().filter(pending);
        refunds.map(|refund| refund.id.clone()).collect()
    }

    /// The event with the id.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&Happening> {
        self.places.get(id).map(|place| &self.events[*place])
    }

    /// All events, the newest first, and whether an endpoint has taken them.
    pub fn events(&self) -> impl Iterator<Item = (&Happening, bool)> {
        let delivered = |place| !self.undelivered.contains(&place);
        let events = self.events.iter().enumerate().rev();
        events.map(move |(place, happening)| (happening, delivered(place)))
    }

    /// Ids of the events that no endpoint has taken, the oldest first.
    #[must_use]
    pub fn undelivered(&self) -> Vec<String> {
        let id = |place: &usize| self.events[*place].event.id.clone();
        self.undelivered.iter().map(id).collect()
    }

    /// Counts and sums.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }
}
