//! Who listens, and what each is told.
//!
//! One lock over all of it, taken for microseconds: for an entry of a stream, for one who comes or goes.
//! A change is written once per language; who listens shares the bytes. Nobody is waited for: whose queue
//! is full is dropped, and comes back to where it was.

mod audience;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use ticketing_contracts::{
    api::auth::SessionUser,
    ids::{OrderId, TicketId},
};
use ticketing_messaging::tail::{Places, Seen};
use tokio::sync::mpsc;

use self::audience::Audience;
use super::{
    change::Change,
    coalesce::Coalesce,
    frame::{Frame, RenderStock},
    positions::Positions,
    recent::{Interest, Recent},
};
use crate::visit::Language;

/// A stock is told of at most so often.
const STOCK: TimeDelta = TimeDelta::milliseconds(500);

/// What is new on sale.
const OFFERS: TimeDelta = TimeDelta::seconds(1);

/// orders hears of a payment when we do, and the page is to show what orders knows of it.
const PAYMENT: TimeDelta = TimeDelta::milliseconds(500);

/// Between two signs of life.
const HEARTBEAT: TimeDelta = TimeDelta::seconds(15);

/// A page is made of what services know, and tickets hears of a stock when we do, or a little later. So a
/// page listens from a little before its time on: what it shows already it knows by its version or its id.
const BEFORE_A_PAGE: TimeDelta = TimeDelta::seconds(5);

/// Between two notes of where the streams stood.
const NOTED: TimeDelta = TimeDelta::milliseconds(500);

/// Subjects in a generation of what was seen lately: some megabytes.
const REMEMBERED: usize = 20_000;

/// So many frames wait for a browser before it is dropped: all the tickets of a page may change at once.
pub const QUEUE: usize = 256;

/// All who listen at this instance.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    render: RenderStock,
    /// The most that may listen.
    limit: usize,
}

#[derive(Debug)]
struct State {
    /// Where the streams were read up to; `None` until Redis was reached for the first time.
    stream: Option<Stream>,
    audience: Audience,
    coalesce: Coalesce<Subject, Change>,
    heartbeat: Option<DateTime<Utc>>,
    /// Nobody is taken in any more.
    closed: bool,
}

#[derive(Debug)]
struct Stream {
    positions: Positions,
    recent: Recent,
    /// Where they stood, when: the first is as old as a page needs.
    history: VecDeque<(DateTime<Utc>, Positions)>,
}

/// Of what is not told at once each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Stock(TicketId),
    Offers,
    Payment(OrderId),
}

/// Who comes, and what for.
#[derive(Debug, Clone)]
pub struct Listener {
    /// What it wants to be told of.
    pub interest: Interest,
    /// In which language.
    pub language: Language,
    /// It goes on until this session ends.
    pub session: Option<SessionUser>,
    /// What it saw last.
    pub since: Place,
}

/// What somebody saw last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing: it begins now.
    Now,
    /// All that lies before this.
    At(Positions),
    /// That can't be told.
    Unknown,
}

/// What it missed, as far as is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// This, and then it is here.
    These(Vec<Change>, Positions),
    /// Redis is to be asked.
    Ask(Positions),
    /// That can't be told: it is to look at everything anew.
    Unknown,
    /// Nothing that could be told: there are no streams yet.
    Nothing,
}

/// Somebody who listens. When it is dropped, nobody does.
#[derive(Debug)]
pub struct Listening {
    /// What it is to be told first.
    pub missed: Missed,
    /// It ends when it is too slow, when its session does or the instance.
    frames: mpsc::Receiver<Bytes>,
    _place: Leaving,
}

#[derive(Debug)]
struct Leaving {
    hub: Arc<Hub>,
    number: u64,
}

/// As many listen as may, or the instance stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody more can listen")]
pub struct Full;

impl Listening {
    /// What it is told next.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.frames.poll_recv(context)
    }
}

impl Hub {
    /// Nobody listens yet. At most `limit` will.
    #[must_use]
    pub fn new(render: RenderStock, limit: usize) -> Self {
        Self {
            state: Mutex::new(State {
                stream: None,
                audience: Audience::default(),
                coalesce: Coalesce::joining(Change::join),
                heartbeat: None,
                closed: false,
            }),
            render,
            limit,
        }
    }

    /// Where the streams were read up to.
    #[must_use]
    pub fn positions(&self) -> Option<Positions> {
        let state = self.lock();
        state.stream.as_ref().map(|stream| stream.positions)
    }

    /// From where a page is to listen that is made from now on.
    #[must_use]
    pub fn for_a_page(&self) -> Option<Positions> {
        let state = self.lock();
        let stream = state.stream.as_ref()?;
        let (_, then) = stream.history.front()?;
        Some(then.max(stream.recent.reach()))
    }

    /// The streams are read from here on, and what lies before is not known: whoever listens is to look at
    /// everything anew.
    pub fn begin(&self, at: Places<3>, now: DateTime<Utc>) {
        let (mut state, at) = (self.lock(), Positions(at));
        state.coalesce = Coalesce::joining(Change::join);
        state.stream = Some(Stream {
            positions: at,
            recent: Recent::new(at, REMEMBERED),
            history: [(now, at)].into(),
        });
        let told = state.audience.tell_all(&reset().place(at).bytes());
        metrics::counter!("web_live_resets_total").increment(told);
    }

    /// An entry was read.
    pub fn hear(&self, seen: &Seen, now: DateTime<Utc>) {
        let change = Change::of(seen);
        let mut state = self.lock();
        let State {
            stream: Some(stream),
            ..
        } = &mut *state
        else {
            return;
        };
        let before = stream.positions;
        stream.positions = before.with(seen.stream, seen.stamp);
        if let Some(change) = change
            && stream.recent.note(&change, seen.stamp, before)
            && let Some(change) = state.now_or_later(change, before, now)
        {
            state.tell(&change, self.render);
        }
    }

    /// Everything up to here was read, whatever it was.
    pub fn heard(&self, upto: Places<3>) {
        if let Some(stream) = &mut self.lock().stream {
            stream.positions = Positions(upto);
        }
    }

    /// What the time has come for: changes that waited, sessions that end, signs of life.
    pub fn tick(&self, now: DateTime<Utc>) {
        let mut state = self.lock();
        for change in state.coalesce.due(now) {
            state.tell(&change, self.render);
        }
        state.audience.end_sessions(now, &signed_out());
        state.note(now);
        if is_due(state.heartbeat, HEARTBEAT, now) {
            state.heartbeat = Some(now);
            let frame = match state.settled() {
                Some(settled) => Frame::new().place(settled),
                None => Frame::new().comment(),
            };
            state.audience.tell_all(&frame.bytes());
        }
        state.audience.count();
    }

    /// Somebody comes.
    ///
    /// # Errors
    /// [`Full`].
    pub fn listen(self: &Arc<Self>, listener: &Listener) -> Result<Listening, Full> {
        let mut state = self.lock();
        if state.closed || state.audience.len() >= self.limit {
            return Err(Full);
        }
        // Under the same lock, so that nothing falls between what it missed and what it is told.
        let missed = state.missed(listener);
        let (number, frames) = state.audience.add(listener, QUEUE);
        let hub = Arc::clone(self);
        Ok(Listening {
            frames,
            missed,
            _place: Leaving { hub, number },
        })
    }

    /// The first that somebody is told.
    #[must_use]
    pub fn first(
        &self,
        retry: Duration,
        language: Language,
        changes: &[Change],
        at: Positions,
    ) -> Bytes {
        let tell = |frame: Frame, change| frame.change(change, language, self.render);
        let frame = changes.iter().fold(Frame::new().retry(retry), tell);
        frame.place(at).bytes()
    }

    /// The first that somebody is told who is to look at everything anew, or has nothing to look at yet.
    #[must_use]
    pub fn first_of_all(&self, retry: Duration, reset_first: bool) -> Bytes {
        let mut frame = Frame::new().retry(retry);
        if reset_first {
            metrics::counter!("web_live_resets_total").increment(1);
            frame = frame.event("reset", "{}");
        }
        match self.settled() {
            Some(settled) => frame.place(settled),
            None => frame.comment(),
        }
        .bytes()
    }

    /// A session was ended: whoever listens with it does so no more.
    pub fn signed_out(&self, session: &SessionUser) {
        self.lock().audience.end_session(session, &signed_out());
    }

    /// Everybody is sent away, and nobody is taken in any more: another instance is there for them.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.audience = Audience::default();
        state.audience.count();
    }

    fn settled(&self) -> Option<Positions> {
        self.lock().settled()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The change, if it is to be told at once; what nobody is interested in is dropped.
    fn now_or_later(
        &mut self,
        change: Change,
        before: Positions,
        now: DateTime<Utc>,
    ) -> Option<Change> {
        if !self.audience.is_interested(&change) {
            return None;
        }
        match &change {
            Change::Stock(inventory) => {
                let subject = Subject::Stock(inventory.ticket_id);
                self.coalesce.pass(subject, change, before, STOCK, now)
            }
            Change::NewOffers(_) => {
                self.coalesce
                    .pass(Subject::Offers, change, before, OFFERS, now)
            }
            Change::Payment { id, .. } => {
                let subject = Subject::Payment(*id);
                self.coalesce.hold(subject, change, before, PAYMENT, now);
                None
            }
            Change::Offer { .. } | Change::Order { .. } => Some(change),
        }
    }

    fn tell(&mut self, change: &Change, render: RenderStock) {
        let Some(settled) = self.settled() else {
            return;
        };
        self.audience.tell(change, |language| {
            let frame = Frame::new().change(change, language, render);
            frame.place(settled).bytes()
        });
    }

    /// Who comes back to here is told of everything that it has not been told yet.
    fn settled(&self) -> Option<Positions> {
        let stream = self.stream.as_ref()?;
        Some(self.coalesce.settled().unwrap_or(stream.positions))
    }

    fn missed(&self, listener: &Listener) -> Missed {
        let Some(stream) = &self.stream else {
            return match listener.since {
                // When there are streams, whoever listens is told to look anew.
                Place::Now | Place::Unknown => Missed::Nothing,
                Place::At(_) => Missed::Unknown,
            };
        };
        match listener.since {
            Place::Now => Missed::These(Vec::new(), stream.positions),
            Place::Unknown => Missed::Unknown,
            // What lies ahead of us another instance may have read already, or Redis may have lost.
            Place::At(places)
                if places.covers(&stream.recent.reach()) && stream.positions.covers(&places) =>
            {
                let changes = stream.recent.since(places, &listener.interest);
                Missed::These(changes, stream.positions)
            }
            Place::At(places) => Missed::Ask(places),
        }
    }

    fn note(&mut self, now: DateTime<Utc>) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let last = stream.history.back().map(|(then, _)| *then);
        if is_due(last, NOTED, now) {
            stream.history.push_back((now, stream.positions));
        }
        // The last that is old enough stays.
        let old = |at: Option<&(DateTime<Utc>, Positions)>| {
            at.is_some_and(|(then, _)| *then > now || now - *then >= BEFORE_A_PAGE)
        };
        while old(stream.history.get(1)) {
            stream.history.pop_front();
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.hub.lock().audience.remove(self.number);
    }
}

fn reset() -> Frame {
    Frame::new().event("reset", "{}")
}

fn signed_out() -> Bytes {
    Frame::new().event("signed-out", "{}").bytes()
}

/// Also when the clock was set back.
fn is_due(last: Option<DateTime<Utc>>, every: TimeDelta, now: DateTime<Utc>) -> bool {
    last.is_none_or(|last| now < last || now - last >= every)
}

#[cfg(test)]
mod tests;
