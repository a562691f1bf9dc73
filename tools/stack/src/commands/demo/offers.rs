//! What the demo seller offers.

use std::fmt;

use anyhow::{Context, Result};
use ticketing_contracts::{
    api::tickets::NewTicket,
    money::{Currency, MajorUnits},
};

/// One of the demo seller's tickets.
pub(super) struct Offer {
    /// Unique among them: what is there already is known by it.
    pub(super) title: &'static str,
    /// Of one, in minor units.
    price: i64,
    currency: &'static str,
    capacity: i32,
    max_per_order: Option<i32>,
    max_per_person: Option<i32>,
}

impl Offer {
    /// So many seats or places.
    const fn of(capacity: i32, title: &'static str, price: i64, currency: &'static str) -> Self {
        Self {
            title,
            price,
            currency,
            capacity,
            max_per_order: None,
            max_per_person: None,
        }
    }

    const fn per_order(mut self, most: i32) -> Self {
        self.max_per_order = Some(most);
        self
    }

    const fn per_person(mut self, most: i32) -> Self {
        self.max_per_person = Some(most);
        self
    }

    /// As a client posts it.
    pub(super) fn ticket(&self) -> Result<NewTicket> {
        let currency: Currency = self.currency.parse().context(self.currency)?;
        Ok(NewTicket {
            title: self.title.to_owned(),
            price: MajorUnits::from_minor(self.price, currency),
            currency: Some(currency),
            capacity: Some(self.capacity),
            max_per_order: self.max_per_order,
            max_per_person: self.max_per_person,
        })
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} × {}", self.capacity, self.title)
    }
}

/// From a single seat to a stadium.
#[rustfmt::skip]
pub(super) const OFFERS: [Offer; 32] = [
    // Concerts
    Offer::of(20_000, "Northern Lights Festival · Three-day pass", 189_00, "EUR").per_order(6).per_person(6),
    Offer::of(12_000, "The Paper Kites Society · Harbour Arena · Standing", 64_50, "USD").per_order(8),
    Offer::of(2_400, "The Paper Kites Society · Harbour Arena · Lower tier", 89_00, "USD").per_order(8),
    Offer::of(1_800, "Mahler: Symphony No. 2 · City Philharmonic", 48_00, "EUR"),
    Offer::of(650, "Midnight Choir · Songs for a long winter", 32_00, "EUR").per_order(4),
    Offer::of(220, "Amara Okoye Quintet · Late set at the Blue Room", 28_00, "USD").per_order(6),
    Offer::of(90, "Candlelight: Bach cello suites in St. Brigid's", 36_00, "GBP").per_order(4),
    Offer::of(4_500, "Tokyo Sound Garden · Evening session", 9_800, "JPY").per_order(4),
    // Theatre, opera, dance
    Offer::of(780, "The Tempest · Globe Yard · Circle", 42_00, "GBP").per_order(9),
    Offer::of(540, "Twelve Angry Women · Playhouse", 35_00, "USD"),
    Offer::of(1_150, "La Traviata · Opera on the Lake", 112_00, "CHF").per_order(6),
    Offer::of(320, "Swan Lake, reimagined · Studio Ballet", 39_00, "EUR"),
    Offer::of(1, "La Traviata · Opera on the Lake · Royal box, seat 1", 390_00, "CHF"),
    Offer::of(1, "The Tempest · Globe Yard · Stalls, row F, seat 12", 78_00, "GBP"),
    Offer::of(1, "The Tempest · Globe Yard · Stalls, row F, seat 13", 78_00, "GBP"),
    // Football and other sports
    Offer::of(18_500, "City United – Rovers · Derby day · East stand", 45_00, "EUR").per_order(4).per_person(4),
    Offer::of(6_200, "City United – Rovers · Derby day · Family block", 22_00, "EUR").per_order(6).per_person(6),
    Offer::of(9_000, "Women's Cup Final · Category 2", 30_00, "GBP").per_order(6),
    Offer::of(3_000, "Coastal Marathon · Starting place", 75_00, "USD").per_person(1),
    Offer::of(480, "Night of the Sprinters · Velodrome", 27_50, "EUR"),
    // Museums and exhibitions
    Offer::of(400, "Museum of Modern Light · Friday, 10 am entry", 18_00, "EUR").per_order(10),
    Offer::of(400, "Museum of Modern Light · Friday, 2 pm entry", 18_00, "EUR").per_order(10),
    Offer::of(60, "Behind the Glass · Conservators' tour", 24_00, "EUR").per_order(4),
    Offer::of(150, "Dinosaurs after Dark · Sleepover for families", 55_00, "GBP").per_order(5),
    // Workshops and talks
    Offer::of(12, "Sourdough for Beginners · Saturday workshop", 85_00, "USD").per_person(2),
    Offer::of(8, "Throwing on the Wheel · Pottery evening", 70_00, "EUR").per_person(2),
    Offer::of(20, "Printing with Wood Type · Weekend course", 140_00, "GBP").per_person(1),
    Offer::of(16, "Kintsugi · Repairing with gold", 12_000, "JPY").per_person(2),
    Offer::of(900, "Astronomers on Stage · What the telescope saw", 15_00, "USD"),
    // Out and about
    Offer::of(45, "Sunrise Paddle · Guided kayak tour", 59_00, "USD").per_order(6),
    Offer::of(130, "Old Town by Lantern · Ghost walk", 16_50, "EUR").per_order(8),
    Offer::of(2, "Hot-air Balloon for Two · Valley flight", 310_00, "EUR"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ticketing_contracts::api::tickets::{MAX_CAPACITY, price_in_minor};

    use super::*;

    #[test]
    fn every_offer_can_be_put_up() {
        for offer in &OFFERS {
            let ticket = offer.ticket().expect(offer.title);
            let currency = ticket.currency.expect("it is given");
            assert_eq!(
                price_in_minor(ticket.price, currency),
                Ok(offer.price),
                "{}",
                offer.title
            );
            assert!((1..=MAX_CAPACITY).contains(&offer.capacity));
            assert!(offer.title.chars().count() <= 200);
        }
    }

    #[test]
    fn titles_tell_them_apart() {
        let titles: BTreeSet<_> = OFFERS.iter().map(|offer| offer.title).collect();
        assert_eq!(titles.len(), OFFERS.len());
    }
}
