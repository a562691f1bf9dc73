//! Sees to it that every entry of a batch has its effect, or is put away, before it is acknowledged.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use ticketing_contracts::events::{DecodeError, Event};
use ticketing_runtime::telemetry::trace::{self, TraceContext};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, field::Empty};

use super::{Consumer, Effect, Failure, delays};
use crate::{
    dead_letter::Letter,
    envelope::Delivery,
    stream::{Content, Entry, GroupReader},
};

impl<E: Effect> Consumer<E> {
    /// Settles a batch and acknowledges it. Returns whether all is settled: `false` when it was told to
    /// stop before, and then nothing is acknowledged.
    pub(super) async fn settle(
        &self,
        reader: &mut GroupReader,
        entries: Vec<Entry>,
        soft: &CancellationToken,
    ) -> anyhow::Result<bool> {
        let stamps: Vec<_> = entries.iter().map(|entry| entry.stamp).collect();
        let settled = self.take_effect(entries, soft).await;
        if settled {
            reader.acknowledge(&stamps).await?;
        }
        Ok(settled)
    }

    /// Sees to it that every entry has had its effect, or is put away. Returns whether all have: `false`
    /// when it was told to stop before.
    pub(super) async fn take_effect(&self, entries: Vec<Entry>, soft: &CancellationToken) -> bool {
        let (batch, letters) = self.open(entries);
        for letter in letters {
            if !self.bury(letter, soft).await {
                return false;
            }
        }
        self.try_batch(&batch, soft).await
    }

    /// What can be handled, and what can't even be read. Unknown types are neither: they are for
    /// others, or for a later version of this service.
    fn open(&self, entries: Vec<Entry>) -> (Vec<Delivery<E::Event>>, Vec<Letter>) {
        let (mut batch, mut letters) = (Vec::with_capacity(entries.len()), Vec::new());
        for Entry { stamp, content } in entries {
            let envelope = match content {
                // Trimmed after it was delivered: it was acknowledged, in another life of the stream.
                Content::Gone | Content::Unheard => continue,
                Content::Event(envelope) => envelope,
                Content::Malformed(malformed, raw) => {
                    letters.push(self.letter(Letter::malformed(stamp, raw, malformed.to_string())));
                    continue;
                }
            };
            match E::Event::decode(&envelope.kind, &envelope.data) {
                Ok(event) => batch.push(Delivery {
                    stamp,
                    envelope,
                    event,
                }),
                Err(DecodeError::UnknownType(kind)) => {
                    tracing::debug!(kind, "skipped an event of an unknown type");
                    metrics::counter!("messaging_skipped_total", &self.labels()).increment(1);
                }
                Err(error) => {
                    letters.push(self.letter(Letter::of(stamp, envelope, error.to_string(), 1)));
                }
            }
        }
        (batch, letters)
    }

    /// Tries the batch as a whole; when an event of it is to blame, finds it by halves.
    async fn try_batch(&self, batch: &[Delivery<E::Event>], soft: &CancellationToken) -> bool {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.try_part(part, soft).await {
                Outcome::Done => {}
                Outcome::Stopped => return false,
                Outcome::Refused(_) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    // In their order, though nothing depends on it.
                    parts.extend([second, first]);
                }
                Outcome::Refused(error) => {
                    if !self.give_up(part, error, soft).await {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// One part of a batch, until it is clear what is to become of it: a single event is tried some
    /// times before it counts as refused.
    async fn try_part(&self, part: &[Delivery<E::Event>], soft: &CancellationToken) -> Outcome {
        if part.is_empty() {
            return Outcome::Done;
        }
        let (mut delays, mut refused) = (delays(), 0);
        loop {
            match self.try_once(part).await {
                Ok(()) => {
                    self.note_effect(part);
                    return Outcome::Done;
                }
                Err(error) if error.is_permanent() => {
                    refused += 1;
                    if part.len() > 1 || refused >= self.settings.attempts {
                        return Outcome::Refused(error);
                    }
                }
                Err(error) => tracing::warn!(
                    stream = E::Event::STREAM,
                    group = self.settings.group,
                    events = part.len(),
                    %error,
                    "events wait for what is away"
                ),
            }
            let delay = delays.next().unwrap_or_default();
            if soft
                .run_until_cancelled(tokio::time::sleep(delay))
                .await
                .is_none()
            {
                return Outcome::Stopped;
            }
        }
    }

    async fn try_once(&self, part: &[Delivery<E::Event>]) -> Result<(), Failure> {
        let span = tracing::info_span!(
            "events",
            stream = E::Event::STREAM,
            group = self.settings.group,
            events = part.len(),
            trace_id = Empty
        );
        // A trace can be that of one event only; batch handlers use `Envelope::caused_by`.
        let context = match part {
            [only] => TraceContext::adopt(&span, only.envelope.trace),
            _ => TraceContext::random(),
        };
        let applied = AssertUnwindSafe(self.effect.apply(part)).catch_unwind();
        context
            .scope(applied.instrument(span))
            .await
            .unwrap_or_else(|_| Err(Failure::panicked()))
    }

    fn note_effect(&self, part: &[Delivery<E::Event>]) {
        let labels = self.labels();
        metrics::counter!("messaging_handled_total", &labels).increment(part.len() as u64);
        let now = self.clock.now().timestamp_millis();
        let delays = metrics::histogram!("messaging_publish_to_handled_seconds", &labels);
        for delivery in part {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of some days")]
            delays.record((now - delivery.stamp.millis()).max(0) as f64 / 1e3);
        }
        if trace::is_exporting() && part.len() > 1 {
            for delivery in part {
                let span =
                    tracing::info_span!("event", kind = delivery.envelope.kind, trace_id = Empty);
                _ = TraceContext::adopt(&span, delivery.envelope.trace);
            }
        }
    }

    /// Puts away the one event of `part`.
    async fn give_up(
        &self,
        part: &[Delivery<E::Event>],
        error: Failure,
        soft: &CancellationToken,
    ) -> bool {
        for delivery in part {
            let envelope = delivery.envelope.clone();
            let letter = Letter::of(
                delivery.stamp,
                envelope,
                error.to_string(),
                self.settings.attempts,
            );
            if !self.bury(self.letter(letter), soft).await {
                return false;
            }
        }
        true
    }

    fn letter(&self, mut letter: Letter) -> Letter {
        letter.stream = E::Event::STREAM.to_owned();
        letter.group.clone_from(&self.settings.group);
        letter
    }

    /// Until it is put away, or this is told to stop.
    async fn bury(&self, letter: Letter, soft: &CancellationToken) -> bool {
        let mut delays = delays();
        loop {
            match self.effect.bury(&letter).await {
                Ok(()) => {
                    tracing::error!(
                        stream = letter.stream,
                        group = letter.group,
                        entry = %letter.stamp,
                        event = letter.envelope.as_ref().map(|e| tracing::field::display(e.id)),
                        error = letter.error,
                        "an event can't take effect; it is a dead letter now"
                    );
                    metrics::counter!("messaging_dead_letters_total", &self.labels()).increment(1);
                    return true;
                }
                Err(error) => tracing::warn!(%error, "a dead letter could not be put away yet"),
            }
            let delay = delays.next().unwrap_or_default();
            if soft
                .run_until_cancelled(tokio::time::sleep(delay))
                .await
                .is_none()
            {
                return false;
            }
        }
    }
}

/// What became of a part of a batch.
enum Outcome {
    Done,
    /// For a reason of its own.
    Refused(Failure),
    /// It was told to stop while it waited.
    Stopped,
}
