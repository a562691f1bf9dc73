//! Counts and sums over everything that was ever charged: what an auditor compares.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    payment_intent::PaymentIntent,
    refund::{Refund, RefundStatus},
};

/// `GET /sim/totals`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Charges that were made.
    pub charges: u64,
    /// Refunds that have not failed.
    pub refunds: u64,
    /// By currency, lower case.
    pub currencies: BTreeMap<String, Sums>,
}

/// In the currency's smallest unit, as Stripe counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Charged, refunded or not.
    pub charged: i64,
    /// Given back, or on its way.
    pub refunded: i64,
}

impl Totals {
    /// A payment has changed.
    pub(super) fn note_intent(&mut self, before: Option<&PaymentIntent>, after: &PaymentIntent) {
        let was = |part: fn(&PaymentIntent) -> i64| before.map_or(0, part);
        let charges = after.charges - before.map_or(0, |intent| intent.charges);
        let charged = after.charged() - was(PaymentIntent::charged);
        let refunded = after.refunded - was(|intent| intent.refunded);
        self.charges += u64::from(charges);
        if charged != 0 || refunded != 0 {
            let currency = after.terms.currency.clone();
            let sums = self.currencies.entry(currency).or_default();
            sums.charged += charged;
            sums.refunded += refunded;
        }
    }

    /// A refund has changed.
    pub(super) fn note_refund(&mut self, before: Option<&Refund>, after: &Refund) {
        let counts = |refund: &Refund| refund.status != RefundStatus::Failed;
        match (before.is_some_and(counts), counts(after)) {
            (false, true) => self.refunds += 1,
            (true, false) => self.refunds -= 1,
            _ => {}
        }
    }
}
