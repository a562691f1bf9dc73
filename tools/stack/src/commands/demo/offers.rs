//! What the demo seller offers.

use std::fmt;

use anyhow::{Context, Result};
use ticketing_contracts::{api::tickets::NewTicket, money::Currency};

/// One of the demo seller's tickets.
pub(super) struct Offer {
    /// Unique among them: what is there already is known by it.
    pub(super) title: &'static str,
    /// Of one, in major units.
    price: &'static str,
    currency: &'static str,
    capacity: i32,
    max_per_order: Option<i32>,
    max_per_person: Option<i32>,
}

impl Offer {
    /// So many seats or places.
    const fn of(
        capacity: i32,
        title: &'static str,
        price: &'static str,
        currency: &'static str,
    ) -> Self {
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
            price: self.price.parse().context(self.price)?,
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
    Offer::of(20_000, "Northern Lights Festival · Three-day pass", "189", "EUR").per_order(6).per_person(6),
    Offer::of(12_000, "The Lamplighters · Harbour Arena · Standing", "64.50", "USD").per_order(8),
    Offer::of(2_400, "The Lamplighters · Harbour Arena · Lower tier", "89", "USD").per_order(8),
    Offer::of(1_800, "Mahler: Symphony No. 2 · City Philharmonic", "48", "EUR"),
    Offer::of(650, "Midnight Choir · Songs for a long winter", "32", "EUR").per_order(4),
    Offer::of(220, "Amara Okoye Quintet · Late set at the Blue Room", "28", "USD").per_order(6),
    Offer::of(90, "Candlelight: Bach cello suites in St. Brigid's", "36", "GBP").per_order(4),
    Offer::of(4_500, "Tokyo Sound Garden · Evening session", "9800", "JPY").per_order(4),
    // Theatre, opera, dance
    Offer::of(780, "The Tempest · Globe Yard · Circle", "42", "GBP").per_order(9),
    Offer::of(540, "Twelve Angry Women · Playhouse", "35", "USD"),
    Offer::of(1_150, "La Traviata · Opera on the Lake", "112", "CHF").per_order(6),
    Offer::of(320, "Swan Lake, reimagined · Studio Ballet", "39", "EUR"),
    Offer::of(1, "La Traviata · Opera on the Lake · Royal box, seat 1", "390", "CHF"),
    Offer::of(1, "The Tempest · Globe Yard · Stalls, row F, seat 12", "78", "GBP"),
    Offer::of(1, "The Tempest · Globe Yard · Stalls, row F, seat 13", "78", "GBP"),
    // Football and other sports
    Offer::of(18_500, "City United – Rovers · Derby day · East stand", "45", "EUR").per_order(4).per_person(4),
    Offer::of(6_200, "City United – Rovers · Derby day · Family block", "22", "EUR").per_order(6).per_person(6),
    Offer::of(9_000, "Women's Cup Final · Category 2", "30", "GBP").per_order(6),
    Offer::of(3_000, "Coastal Marathon · Starting place", "75", "USD").per_person(1),
    Offer::of(480, "Night of the Sprinters · Velodrome", "27.50", "EUR"),
    // Museums and exhibitions
    Offer::of(400, "Museum of Modern Light · Friday, 10 am entry", "18", "EUR").per_order(10),
    Offer::of(400, "Museum of Modern Light · Friday, 2 pm entry", "18", "EUR").per_order(10),
    Offer::of(60, "Behind the Glass · Conservators' tour", "24", "EUR").per_order(4),
    Offer::of(150, "Dinosaurs after Dark · Sleepover for families", "55", "GBP").per_order(5),
    // Workshops and talks
    Offer::of(12, "Sourdough for Beginners · Saturday workshop", "85", "USD").per_person(2),
    Offer::of(8, "Throwing on the Wheel · Pottery evening", "70", "EUR").per_person(2),
    Offer::of(20, "Printing with Wood Type · Weekend course", "140", "GBP").per_person(1),
    Offer::of(16, "Kintsugi · Repairing with gold", "12000", "JPY").per_person(2),
    Offer::of(900, "Astronomers on Stage · What the telescope saw", "15", "USD"),
    // Out and about
    Offer::of(45, "Sunrise Paddle · Guided kayak tour", "59", "USD").per_order(6),
    Offer::of(130, "Old Town by Lantern · Ghost walk", "16.50", "EUR").per_order(8),
    Offer::of(2, "Hot-air Balloon for Two · Valley flight", "310", "EUR"),
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
            price_in_minor(ticket.price, currency).expect(offer.title);
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
