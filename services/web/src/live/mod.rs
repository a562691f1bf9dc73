//! What happens, told to browsers by server-sent events.
//!
//! One [`reader`] per instance follows the streams; the [`hub`] tells those who listen ([`listen`]) what is
//! of interest to them. A browser comes back with the positions ([`positions`]) of what it saw last, to any
//! instance, and is told what it missed: from memory ([`recent`]) or from Redis ([`missed`]). When that can't
//! be told it gets `reset` and looks at everything anew.
//!
//! What a browser is told (the versions are the subject's own; a page ignores what is not newer, and an offer
//! that it lists already):
//!
//! | event | data | to whom |
//! |---|---|---|
//! | `stock-TICKET` | the fragment `part/stock.html` with its `data-version`; at most 2 a second | who asked for the ticket |
//! | `offer-TICKET` | `{version}`: its seller changed or withdrew it | who asked for the ticket |
//! | `offers` | `{ids}`: these tickets are new on sale, the last 50 of them; at most 1 a second | who asked for offers |
//! | `order-ORDER`, `orders` | `{id, version}`, or `{id, payment}` with the payment's version | the order's owner |
//! | `reset` | `{}` | who can't be told what it missed |
//! | `place` | nothing; its `id` is where to come back to. Every 15 s at least | all |
//! | `signed-out` | `{}`: the session has ended, and so does this | who has it |

mod capacity;
pub mod change;
pub mod coalesce;
pub mod frame;
pub mod hub;
pub mod listen;
pub mod missed;
pub mod positions;
mod reader;
pub mod recent;

use std::{fmt::Write, sync::Arc, time::Duration};

use ticketing_contracts::{api::auth::SessionUser, ids::TicketId};
use ticketing_messaging::connection::RedisSettings;
use ticketing_runtime::{Clock, Lifecycle};
use tokio_util::sync::CancellationToken;

use self::{hub::Hub, missed::History, reader::Reader};
use crate::pages::parts::Stock;

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_millis(50);

/// The reader of the streams, and whoever listens to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    hub: Arc<Hub>,
    history: History,
}

impl Live {
    /// Reads until the lifecycle's soft token. Then everybody is sent away.
    #[must_use]
    pub fn start(redis: RedisSettings, clock: Clock, lifecycle: &Lifecycle) -> Self {
        let hub = Arc::new(Hub::new(Stock::live, capacity::browsers()));
        let history = History::default();
        let reader = Reader::new(redis, Arc::clone(&hub), history.clone(), clock.clone());
        let soft = lifecycle.soft();
        lifecycle.spawn(soft.clone().run_until_cancelled_owned(reader.run()));
        lifecycle.spawn(tick(Arc::clone(&hub), clock, soft.clone()));
        Self { hub, history }
    }

    /// From where a page is to listen that is made from now on, for [`url`]. To be taken before anything
    /// is read for it. Empty while Redis has not been reached.
    #[must_use]
    pub fn positions(&self) -> String {
        let positions = self.hub.for_a_page();
        positions.map_or_else(String::new, |positions| positions.to_string())
    }

    /// A session was ended: at this instance nobody listens with it any more. Elsewhere it is the browser
    /// that stops, when its pages hear of it.
    pub fn signed_out(&self, session: &SessionUser) {
        self.hub.signed_out(session);
    }
}

/// Where a page listens that shows these tickets, and tells of new offers or not. Whoever has a session is
/// told of its own orders anywhere.
#[must_use]
pub fn url(since: &str, tickets: impl IntoIterator<Item = TicketId>, offers: bool) -> String {
    let mut url = format!("/live?since={since}");
    for (number, ticket) in tickets.into_iter().enumerate() {
        let before = if number == 0 { "&tickets=" } else { "," };
        _ = write!(url, "{before}{ticket}");
    }
    if offers {
        url.push_str("&offers=1");
    }
    url
}

async fn tick(hub: Arc<Hub>, clock: Clock, soft: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    while soft.run_until_cancelled(ticks.tick()).await.is_some() {
        hub.tick(clock.now());
    }
    hub.close();
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn where_a_page_listens() {
        let tickets = [1, 2].map(|number| TicketId(Uuid::from_u128(number)));
        let [a, b] = tickets;
        assert_eq!(url("x=1-0", [], false), "/live?since=x=1-0");
        assert_eq!(
            url("x=1-0", tickets, true),
            format!("/live?since=x=1-0&tickets={a},{b}&offers=1")
        );
    }
}
