//! What is on its way, and what got stuck.

use std::time::Duration;

use ticketing_messaging::Stamp;

use super::{Fault, Finding};
use crate::{
    invariant::Invariant as I,
    store::{
        messaging::{DeadLetter, Outbox, Unhandled},
        streams::{GroupState, StreamState},
    },
};

/// What waits to be published for too long.
#[must_use]
pub fn outboxes(outboxes: &[Outbox]) -> Finding {
    let waiting = outboxes.iter().flat_map(|outbox| &outbox.unpublished);
    let faults = waiting.map(|row| {
        let text = format!("{} of {} is not published", row.kind, row.time);
        Fault::about(row.id, text)
    });
    Finding {
        invariant: I::Outbox,
        seen: outboxes.len(),
        faults: faults.collect(),
    }
}

/// Streams that do not end where their outbox says.
#[must_use]
pub fn streams(pairs: &[(&Outbox, &StreamState)]) -> Finding {
    Finding::of_each(I::Streams, pairs.len(), pairs, |(outbox, stream)| {
        let (published, last) = (outbox.highest, stream.last.unwrap_or(Stamp::ZERO));
        (published != last).then(|| {
            let text = format!("ends with {last}, {published} was published last");
            Fault::about(stream.name, text).while_at(last)
        })
    })
}

/// Groups that are missing, behind, or do not get on with what they were given.
#[must_use]
pub fn groups(streams: &[StreamState], bound: Duration) -> Finding {
    let groups = || {
        streams
            .iter()
            .flat_map(|stream| stream.groups.iter().map(move |group| (stream, group)))
    };
    Finding {
        invariant: I::Groups,
        seen: groups().count(),
        faults: groups()
            .filter_map(|(stream, group)| stuck(stream, group, bound))
            .collect(),
    }
}

fn stuck(stream: &StreamState, group: &GroupState, bound: Duration) -> Option<Fault> {
    let name = format!("{} of {}", group.name, stream.name);
    let Some(place) = group.place else {
        // Where nothing was ever published, nobody has to listen.
        return stream
            .last
            .map(|_| Fault::about(name, "the group is missing"));
    };
    let delivered = place.delivered;
    if let Some(end) = stream.last_entry.filter(|end| *end > delivered) {
        let lag = place
            .lag
            .map_or_else(|| "some".to_owned(), |lag| lag.to_string());
        let text = format!("has not been given {lag}: it is at {delivered}, the last is {end}");
        return Some(Fault::about(name, text).while_at(delivered));
    }
    let oldest = place.oldest_pending?;
    let age =
        Duration::from_millis(u64::try_from(stream.now_millis - oldest.millis()).unwrap_or(0));
    (age > bound).then(|| {
        let text = format!(
            "has not acknowledged {}, the first is {oldest}",
            place.pending
        );
        Fault::about(name, text).while_at(oldest)
    })
}

/// Events that were acknowledged and are not in their listener's inbox.
#[must_use]
pub fn inboxes(seen: usize, missing: &[Unhandled]) -> Finding {
    Finding::of_each(I::Inbox, seen, missing, |event| {
        let text = format!("{} is not in the inbox of {}", event.kind, event.listener);
        Some(Fault::about(event.id, text))
    })
}

/// Dead letters that are not among the `explained`, each `service/id`.
#[must_use]
pub fn dead_letters(services: usize, letters: &[DeadLetter], explained: &[String]) -> Finding {
    Finding::of_each(I::DeadLetters, services, letters, |letter| {
        let name = format!("{}/{}", letter.service, letter.id);
        let known = explained.contains(&name);
        (!known).then(|| Fault::about(name, format!("{}: {}", letter.kind, letter.error)))
    })
}
