//! A ticket for machines: schema.org's Event with its Offer, as JSON-LD.

use std::fmt;

use askama::filters::HtmlSafe;
use serde_json::{Value, json};
use ticketing_contracts::{api::tickets::Ticket, time::to_text};

/// What stands in `<script type="application/ld+json">`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLd(String);

impl JsonLd {
    /// A ticket that is offered at `url`.
    #[must_use]
    pub fn of_ticket(ticket: &Ticket, url: &str) -> Self {
        let availability = if ticket.available > 0 {
            "https://schema.org/InStock"
        } else {
            "https://schema.org/SoldOut"
        };
        Self::of(&json!({
            "@context": "https://schema.org",
            "@type": "Event",
            "name": ticket.title,
            "url": url,
            "offers": {
                "@type": "Offer",
                "url": url,
                // As text, so that it is exact.
                "price": ticket.price.to_string(),
                "priceCurrency": ticket.currency,
                "availability": availability,
                "inventoryLevel": {
                    "@type": "QuantitativeValue",
                    "value": ticket.available,
                },
                "validFrom": to_text(ticket.created_at),
            },
        }))
    }

    /// Nothing in a title can end the script: in JSON, these characters may be written as escapes.
    fn of(value: &Value) -> Self {
        let text = value.to_string();
        Self(
            text.replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026")
                .replace('\u{2028}', "\\u2028")
                .replace('\u{2029}', "\\u2029"),
        )
    }
}

impl fmt::Display for JsonLd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Within a script nothing is escaped in HTML's way.
impl HtmlSafe for JsonLd {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_can_not_end_the_script() {
        let title = "</script><script>alert(1)</script><!-- & \u{2028}";
        let text = JsonLd::of(&json!({ "name": title })).to_string();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["name"], title);
    }
}
