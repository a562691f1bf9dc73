//! The other services' public API, asked for a visitor. Each is found through Consul.

mod auth;
mod connection;
mod error;
mod orders;
mod payments;
mod tickets;

use reqwest::header::HeaderMap;
use ticketing_http::{Visitor, forwarded::TrustedProxy};
use ticketing_runtime::consul::Resolver;

use self::connection::Connection;
pub use self::{
    auth::{AuthClient, Began},
    connection::Paged,
    error::ClientError,
    orders::OrdersClient,
    payments::PaymentsClient,
    tickets::{List, TicketsClient},
};

/// For whom a service is asked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The session's token, if there is a session.
    token: Option<String>,
    /// From where the visitor came: auth's limits count the visitor, not web.
    visitor: Visitor,
}

impl Caller {
    pub(crate) fn new(token: Option<&str>, visitor: Visitor) -> Self {
        Self {
            token: token.map(ToOwned::to_owned),
            visitor,
        }
    }
}

/// Every service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Accounts and sessions.
    pub auth: AuthClient,
    /// What is offered.
    pub tickets: TicketsClient,
    /// What is held and bought.
    pub orders: OrdersClient,
    /// What is paid.
    pub payments: PaymentsClient,
}

impl Clients {
    /// Clients that tell the services of visitors by `proxy`'s token.
    #[must_use]
    pub fn new(resolver: &Resolver, proxy: &TrustedProxy) -> Self {
        let connection = |name| Connection::new(resolver, name, proxy.clone());
        Self {
            auth: AuthClient::new(connection("auth")),
            tickets: TicketsClient::new(connection("tickets")),
            orders: OrdersClient::new(connection("orders")),
            payments: PaymentsClient::new(connection("payments")),
        }
    }
}

/// The address of the next page, from the `Link` header (RFC 8288): its `cursor`.
fn next_cursor(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(reqwest::header::LINK)?.to_str().ok()?;
    let (url, rest) = link.strip_prefix('<')?.split_once('>')?;
    if !rest.contains("rel=\"next\"") {
        return None;
    }
    let (_, query) = url.split_once('?')?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    pairs
        .into_iter()
        .find_map(|(name, value)| (name == "cursor").then_some(value))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderValue, LINK};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "</api/tickets?limit=50&cursor=abc&q=row+7>; rel=\"next\"",
        Some("abc")
    )]
    #[case("</api/tickets?cursor=abc>; rel=\"prev\"", None)]
    #[case("</api/tickets>; rel=\"next\"", None)]
    #[case("nonsense", None)]
    fn the_next_page(#[case] link: &str, #[case] expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, HeaderValue::from_str(link).unwrap());
        assert_eq!(next_cursor(&headers).as_deref(), expected);
    }
}
