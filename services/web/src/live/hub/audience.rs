//! Those who listen, by what they are interested in.

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use ticketing_contracts::{
    api::auth::SessionUser,
    ids::{TicketId, UserId},
};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::Listener;
use crate::{
    live::{change::Change, recent::Interest},
    visit::Language,
};

/// All of them. They have numbers.
#[derive(Debug, Default)]
pub struct Audience {
    members: HashMap<u64, Member>,
    by_ticket: HashMap<TicketId, HashSet<u64>>,
    by_owner: HashMap<UserId, HashSet<u64>>,
    of_offers: HashSet<u64>,
    /// By when the session ends.
    sessions: BTreeSet<(i64, u64)>,
    next: u64,
}

#[derive(Debug)]
struct Member {
    queue: mpsc::Sender<Bytes>,
    language: Language,
    interest: Interest,
    /// When it was begun and when it ends, in seconds.
    session: Option<(i64, i64)>,
}

impl Audience {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Takes one in, for whom up to `waiting` frames may wait.
    pub fn add(&mut self, listener: &Listener, waiting: usize) -> (u64, mpsc::Receiver<Bytes>) {
        let (queue, frames) = mpsc::channel(waiting);
        let (number, interest) = (self.next, listener.interest.clone());
        self.next += 1;
        for ticket in &interest.tickets {
            self.by_ticket.entry(*ticket).or_default().insert(number);
        }
        if let Some(owner) = interest.owner {
            self.by_owner.entry(owner).or_default().insert(number);
        }
        if interest.offers {
            self.of_offers.insert(number);
        }
        let session = listener.session.as_ref();
        let session = session.map(|session| (session.iat, session.exp));
        if let Some((_, ends)) = session {
            self.sessions.insert((ends, number));
        }
        let member = Member {
            queue,
            language: listener.language,
            interest,
            session,
        };
        self.members.insert(number, member);
        (number, frames)
    }

    /// It is told nothing any more. What waits for it is still read.
    pub fn remove(&mut self, number: u64) {
        let Some(member) = self.members.remove(&number) else {
            return;
        };
        for ticket in &member.interest.tickets {
            leave(&mut self.by_ticket, ticket, number);
        }
        if let Some(owner) = &member.interest.owner {
            leave(&mut self.by_owner, owner, number);
        }
        self.of_offers.remove(&number);
        if let Some((_, ends)) = member.session {
            self.sessions.remove(&(ends, number));
        }
    }

    /// Whether anybody is to be told of this.
    pub fn is_interested(&self, change: &Change) -> bool {
        self.interested(change)
            .is_some_and(|members| !members.is_empty())
    }

    /// Tells those who are interested, in their languages.
    pub fn tell(&mut self, change: &Change, write: impl Fn(Language) -> Bytes) {
        let mut written: [Option<Bytes>; Language::ALL.len()] = Default::default();
        let mut gone = Vec::new();
        for number in self.interested(change).into_iter().flatten() {
            let Some(member) = self.members.get(number) else {
                continue;
            };
            let frame =
                written[member.language as usize].get_or_insert_with(|| write(member.language));
            if let Err(error) = member.queue.try_send(frame.clone()) {
                gone.push((*number, error));
            }
        }
        self.drop_all(gone);
    }

    /// Tells everybody; returns how many.
    pub fn tell_all(&mut self, frame: &Bytes) -> u64 {
        let told = self.members.len() as u64;
        let failed = |(number, member): (&u64, &Member)| {
            let sent = member.queue.try_send(frame.clone());
            Some((*number, sent.err()?))
        };
        let gone = self.members.iter().filter_map(failed).collect();
        self.drop_all(gone);
        told
    }

    /// Those whose session is over are told so, and nothing any more.
    pub fn end_sessions(&mut self, now: DateTime<Utc>, last: &Bytes) {
        while let Some((ends, number)) = self.sessions.first().copied()
            && ends <= now.timestamp()
        {
            self.end(number, last);
        }
    }

    /// The same for those who have this one.
    pub fn end_session(&mut self, session: &SessionUser, last: &Bytes) {
        let of_user = self.by_owner.get(&session.id).into_iter().flatten();
        let same = of_user.filter(|number| {
            let member = self.members.get(number);
            member.and_then(|member| member.session) == Some((session.iat, session.exp))
        });
        for number in same.copied().collect::<Vec<_>>() {
            self.end(number, last);
        }
    }

    /// For the metrics.
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    pub fn count(&self) {
        metrics::gauge!("web_live_clients").set(self.members.len() as f64);
    }

    fn end(&mut self, number: u64, last: &Bytes) {
        if let Some(member) = self.members.get(&number) {
            // For whom too much waits it ends without a word.
            _ = member.queue.try_send(last.clone());
        }
        self.remove(number);
    }

    fn interested(&self, change: &Change) -> Option<&HashSet<u64>> {
        match change {
            Change::Stock(inventory) => self.by_ticket.get(&inventory.ticket_id),
            Change::NewOffers(_) => Some(&self.of_offers),
            Change::Offer { ticket, .. } => self.by_ticket.get(ticket),
            Change::Order { owner, .. } | Change::Payment { owner, .. } => self.by_owner.get(owner),
        }
    }

    fn drop_all(&mut self, gone: Vec<(u64, TrySendError<Bytes>)>) {
        for (number, error) in gone {
            // Else it has left by itself.
            if matches!(error, TrySendError::Full(_)) {
                metrics::counter!("web_live_dropped_total").increment(1);
            }
            self.remove(number);
        }
    }
}

fn leave<K: std::hash::Hash + Eq>(groups: &mut HashMap<K, HashSet<u64>>, key: &K, number: u64) {
    if let Some(group) = groups.get_mut(key) {
        group.remove(&number);
        if group.is_empty() {
            groups.remove(key);
        }
    }
}
