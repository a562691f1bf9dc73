//! Server-sent events as bytes: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::{fmt::Write, time::Duration};

use bytes::Bytes;
use serde_json::json;
use ticketing_contracts::events::orders::Inventory;

use super::{change::Change, positions::Positions};
use crate::visit::Language;

/// What becomes of a stock on a page, in a language.
pub type RenderStock = fn(&Inventory, Language) -> String;

/// One or more events, to be sent at once.
#[derive(Debug, Default)]
pub struct Frame(String);

impl Frame {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// So long a browser waits before it comes back.
    #[must_use]
    pub fn retry(mut self, wait: Duration) -> Self {
        _ = write!(self.0, "retry: {}\n\n", wait.as_millis());
        self
    }

    /// An event. What a browser comes back to stays as it was.
    #[must_use]
    pub fn event(mut self, name: &str, data: &str) -> Self {
        _ = writeln!(self.0, "event: {name}");
        // Any line end separates lines: each is a line of its own to the browser, that puts `\n` between.
        for line in data.split(['\n', '\r']) {
            _ = writeln!(self.0, "data: {line}");
        }
        self.0.push('\n');
        self
    }

    /// What this change is to a page.
    #[must_use]
    pub fn change(self, change: &Change, language: Language, render: RenderStock) -> Self {
        match change {
            Change::Stock(inventory) => {
                let name = format!("stock-{}", inventory.ticket_id);
                self.event(&name, &render(inventory, language))
            }
            Change::NewOffers(tickets) => {
                let data = json!({"ids": tickets}).to_string();
                self.event("offers", &data)
            }
            Change::Offer { ticket, version } => {
                let data = json!({"version": version}).to_string();
                self.event(&format!("offer-{ticket}"), &data)
            }
            Change::Order { id, version, .. } => {
                let data = json!({"id": id, "version": version}).to_string();
                self.event(&format!("order-{id}"), &data)
                    .event("orders", &data)
            }
            Change::Payment { id, version, .. } => {
                let data = json!({"id": id, "payment": version}).to_string();
                self.event(&format!("order-{id}"), &data)
                    .event("orders", &data)
            }
        }
    }

    /// From here on a browser comes back to this. With nothing else it is a sign of life.
    #[must_use]
    pub fn place(mut self, positions: Positions) -> Self {
        // With data, empty as it is: else the browser would keep the id to itself, and a script that
        // opens the stream anew could not tell it.
        _ = write!(self.0, "event: place\ndata:\nid: {positions}\n\n");
        self
    }

    /// A sign of life, and no more.
    #[must_use]
    pub fn comment(mut self) -> Self {
        self.0.push_str(":\n\n");
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ticketing_contracts::ids::{OrderId, TicketId, UserId};
    use uuid::Uuid;

    use super::*;

    fn render(inventory: &Inventory, language: Language) -> String {
        format!("<p>\n{} {}</p>", inventory.version, language.tag())
    }

    fn written(change: &Change) -> String {
        let frame = Frame::new().change(change, Language::German, render);
        String::from_utf8(frame.bytes().to_vec()).unwrap()
    }

    #[rstest]
    #[case("{}", "event: e\ndata: {}\n\n")]
    #[case("", "event: e\ndata: \n\n")]
    #[case("a\nb", "event: e\ndata: a\ndata: b\n\n")]
    #[case("a\rid: 7", "event: e\ndata: a\ndata: id: 7\n\n")]
    #[case("a\n\nevent: f", "event: e\ndata: a\ndata: \ndata: event: f\n\n")]
    fn no_data_ends_an_event(#[case] data: &str, #[case] expected: &str) {
        assert_eq!(Frame::new().event("e", data).bytes(), expected);
    }

    #[test]
    fn a_place() {
        let expected = "event: place\ndata:\nid: tickets=0-0,orders=0-0,payments=0-0\n\n";
        assert_eq!(Frame::new().place(Positions::default()).bytes(), expected);
    }

    #[test]
    fn changes() {
        let (ticket, order) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let stock = Change::Stock(Inventory {
            ticket_id: TicketId(ticket),
            version: 17,
            ticket_version: 1,
            capacity: 10,
            held: 0,
            sold: 0,
            next_release_at: None,
            order_id: None,
        });
        assert_eq!(
            written(&stock),
            format!("event: stock-{ticket}\ndata: <p>\ndata: 17 de</p>\n\n")
        );
        let new = Change::NewOffers(vec![TicketId(ticket), TicketId(order)]);
        assert_eq!(
            written(&new),
            format!("event: offers\ndata: {{\"ids\":[\"{ticket}\",\"{order}\"]}}\n\n")
        );
        let offer = Change::Offer {
            ticket: TicketId(ticket),
            version: 3,
        };
        assert_eq!(
            written(&offer),
            format!("event: offer-{ticket}\ndata: {{\"version\":3}}\n\n")
        );
        let (id, owner, version) = (OrderId(order), UserId(Uuid::nil()), 4);
        for (change, field) in [
            (Change::Order { id, owner, version }, "version"),
            (Change::Payment { id, owner, version }, "payment"),
        ] {
            let text = written(&change);
            let data = format!("data: {{\"id\":\"{order}\",\"{field}\":4}}");
            let expected = format!("event: order-{order}\n{data}\n\nevent: orders\n{data}\n\n");
            assert_eq!(text, expected);
        }
    }
}
