//! `GET /live`: somebody listens.

use std::{convert::Infallible, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use ticketing_contracts::ids::TicketId;
use ticketing_http::{Problem, Session};

use super::{
    Live,
    hub::{Listener, Listening, Missed, Place},
    recent::Interest,
};
use crate::visit::Language;

/// The most tickets that one page shows.
const TICKETS: usize = 100;

/// A browser waits so long before it comes back, each another time of it: an instance that ends sends
/// thousands away at once.
const RETRY: std::ops::Range<u64> = 500..2_500;

/// When as many listen as may.
const FULL: Duration = Duration::from_secs(5);

/// What a page asks for.
#[derive(Debug, Deserialize)]
pub struct Ask {
    /// Ids, with commas between.
    #[serde(default)]
    tickets: String,
    /// Whether it wants to know of new offers: `1`.
    #[serde(default)]
    offers: String,
    /// From where on. A `Last-Event-ID`, which a browser sends when it comes back, wins.
    since: Option<String>,
}

/// Answers with events until the browser goes, its session ends or the instance does.
///
/// # Errors
/// 400 for what is no list of at most 100 tickets' ids, 503 while sessions can't be verified or when as
/// many listen as may.
pub async fn handle(
    request: HttpRequest,
    session: Result<Session, Problem>,
    ask: Query<Ask>,
    live: Data<Live>,
) -> Result<HttpResponse, Problem> {
    let session = match session {
        Ok(session) => Some(session.user()),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => None,
        // Without it would be for nothing to listen for one's orders, and nobody would notice.
        Err(problem) => return Err(problem),
    };
    let listener = Listener {
        interest: Interest {
            tickets: tickets(&ask.tickets)?,
            offers: ask.offers == "1",
            owner: session.as_ref().map(|session| session.id),
        },
        language: Language::of(&request),
        session,
        since: place(&request, ask.since.as_deref()),
    };
    let mut listening = live
        .hub
        .listen(&listener)
        .map_err(|full| Problem::unavailable(FULL, full))?;
    let first = first(&live, &listener, &mut listening).await;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A proxy that gathers answers would keep events back.
        .insert_header(("x-accel-buffering", "no"))
        // When it ends nothing follows on the connection, and nobody has to wait for that.
        .force_close()
        .streaming(frames(first, listening)))
}

fn tickets(list: &str) -> Result<Box<[TicketId]>, Problem> {
    let ids = list.split(',').filter(|id| !id.is_empty());
    let mut tickets: Vec<TicketId> = ids
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::bad_request("tickets must be ids with commas between"))?;
    tickets.sort_unstable();
    tickets.dedup();
    if tickets.len() > TICKETS {
        let message = format!("At most {TICKETS} tickets can be listened to at once");
        return Err(Problem::bad_request(message));
    }
    Ok(tickets.into())
}

fn place(request: &HttpRequest, since: Option<&str>) -> Place {
    let last = request.headers().get("last-event-id");
    let last = last.map(|id| id.to_str().unwrap_or_default());
    match last.or(since) {
        None => Place::Now,
        Some(text) => text.parse().map_or(Place::Unknown, Place::At),
    }
}

/// What it missed, or that this can't be told; and where it is now.
async fn first(live: &Live, listener: &Listener, listening: &mut Listening) -> Bytes {
    let retry = Duration::from_millis(rand::random_range(RETRY));
    let known = match std::mem::replace(&mut listening.missed, Missed::Nothing) {
        Missed::These(changes, at) => Some((changes, at)),
        Missed::Ask(places) => live.history.since(places, &listener.interest).await,
        Missed::Unknown => None,
        Missed::Nothing => return live.hub.first_of_all(retry, false),
    };
    match known {
        Some((changes, at)) => live.hub.first(retry, listener.language, &changes, at),
        None => live.hub.first_of_all(retry, true),
    }
}

fn frames(first: Bytes, mut listening: Listening) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let later = stream::poll_fn(move |context| listening.poll_next(context));
    stream::iter([first]).chain(later).map(Ok)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::live::positions::Positions;

    #[test]
    fn a_list_of_tickets() {
        let id = |number: u128| TicketId(uuid::Uuid::from_u128(number));
        let list = |ids: std::ops::Range<u128>| {
            let ids: Vec<_> = ids.map(|number| id(number).to_string()).collect();
            ids.join(",")
        };
        assert_eq!(*tickets("").unwrap(), []);
        let twice = format!("{},{}", list(1..3), list(1..2));
        assert_eq!(*tickets(&twice).unwrap(), [id(1), id(2)]);
        assert_eq!(tickets(&list(0..100)).unwrap().len(), 100);
        for wrong in [list(0..101), "7".into(), format!("{};", list(1..2))] {
            assert!(tickets(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_seen_last_wins() {
        let (old, new) = (
            "tickets=1-0,orders=1-0,payments=1-0",
            "tickets=2-0,orders=2-0,payments=2-0",
        );
        let at = |text: &str| Place::At(text.parse::<Positions>().unwrap());
        let first = TestRequest::default().to_http_request();
        let again = TestRequest::default().insert_header(("last-event-id", new));
        let again = again.to_http_request();
        assert_eq!(place(&first, None), Place::Now);
        assert_eq!(place(&first, Some(old)), at(old));
        assert_eq!(place(&first, Some("")), Place::Unknown);
        assert_eq!(place(&again, Some(old)), at(new));
        let broken = TestRequest::default().insert_header(("last-event-id", "?"));
        assert_eq!(place(&broken.to_http_request(), Some(old)), Place::Unknown);
    }
}
