//! Streams as one sees them who is in no group: from a place on ([`Tail`]), and what was missed since
//! another ([`Past`]).
//!
//! Nothing waits for such a reader, so it has to find out by itself whether what it has not read is still
//! there. Places are compared, never counted: a stream that Redis lost is filled again under the ids that
//! it had ([`relay`](crate::relay)), so that a place stays one.

use std::{sync::LazyLock, time::Duration};

use anyhow::Context;
use redis::{FromRedisValue, Script, Value, aio::MultiplexedConnection, cmd};

use crate::{
    connection::RedisSettings,
    envelope::{Envelope, Fields},
    stamp::Stamp,
    stream::{self, Content, Entry},
    wire::Wire,
};

/// Per stream: what it holds, and up to `ARGV[1]` of its entries after a place. In one script, so that
/// nothing is trimmed between the two.
///
/// `KEYS` are the streams, `ARGV[2…]` the places in them.
static SINCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local answer = {}
for i, key in ipairs(KEYS) do
  local facts = {}
  if redis.call('EXISTS', key) == 1 then
    local info = redis.call('XINFO', 'STREAM', key)
    for j = 1, #info, 2 do facts[info[j]] = info[j + 1] end
  end
  local first, entries = facts['first-entry'], {}
  if tonumber(ARGV[1]) > 0 then
    entries = redis.call('XRANGE', key, '(' .. ARGV[i + 1], '+', 'COUNT', ARGV[1])
  end
  answer[i] = {
    facts['last-generated-id'] or '0-0', facts['max-deleted-entry-id'] or '0-0',
    first and first[1] or '', facts['entries-added'] or 0, facts['length'] or 0, entries
  }
end
return answer
",
    )
});

/// So many streams, followed by a connection of the reader's own.
#[derive(Debug)]
pub struct Tail<const N: usize> {
    wire: Wire,
    keys: [String; N],
    block: Duration,
}

/// What so many streams hold. Clones ask by the same connection.
#[derive(Debug, Clone)]
pub struct Past<const N: usize> {
    connection: MultiplexedConnection,
    keys: [String; N],
}

/// A place in each of the streams.
pub type Places<const N: usize> = [Stamp; N];

/// An entry, and which stream it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The stream's number among those that are read.
    pub stream: usize,
    /// Where in it.
    pub stamp: Stamp,
    /// What came. Not decoded.
    pub envelope: Envelope,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<const N: usize> {
    /// In each stream's own order. What is no event was passed over.
    pub entries: Vec<Seen>,
    /// Where to go on.
    pub upto: Places<N>,
}

/// What is known of the time since a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since<const N: usize> {
    /// All that there was.
    All(Read<N>),
    /// Some of it is not there any more, or it is more than was asked for.
    Lost,
}

impl<const N: usize> Tail<N> {
    /// Follows the streams at `keys`. When there is nothing, something is waited for up to `block`.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn open(
        redis: &RedisSettings,
        keys: [String; N],
        block: Duration,
    ) -> anyhow::Result<Self> {
        let wire = redis.wire(block).await?;
        Ok(Self { wire, keys, block })
    }

    /// What comes after `places`: up to `count` of each stream; nothing when nothing comes in time.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn next(&mut self, places: Places<N>, count: usize) -> anyhow::Result<Read<N>> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(count);
        // Zero would be: for ever.
        read.arg("BLOCK")
            .arg(u64::try_from(self.block.as_millis())?.max(1));
        read.arg("STREAMS").arg(&self.keys[..]);
        for place in places {
            read.arg(place.to_string());
        }
        let mut found = Read {
            entries: Vec::new(),
            upto: places,
        };
        let mut reply = self.wire.ask(&read).await?;
        for _ in 0..reply.array()?.unwrap_or_default() {
            reply.array()?;
            let key = reply.text()?.unwrap_or_default();
            let number = self.keys.iter().position(|known| known.as_bytes() == key);
            let number = number.context("Redis answered for another stream")?;
            found.take(number, stream::entries(&mut reply, &[])?);
        }
        Ok(found)
    }
}

impl<const N: usize> Past<N> {
    /// What the streams at `keys` hold.
    #[must_use]
    pub fn new(connection: MultiplexedConnection, keys: [String; N]) -> Self {
        Self { connection, keys }
    }

    /// Where the streams end. One that is missing, or never had an entry, ends at [`Stamp::ZERO`].
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn ends(&mut self) -> anyhow::Result<Places<N>> {
        let mut ends = [Stamp::ZERO; N];
        for (end, key) in ends.iter_mut().zip(&self.keys) {
            let last = stream::last_id(&mut self.connection, key).await?;
            *end = last.unwrap_or_default();
        }
        Ok(ends)
    }

    /// What came after `places`, if all of it is still there and it is not more than `limit` entries in
    /// one of the streams.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn since(&mut self, places: Places<N>, limit: usize) -> anyhow::Result<Since<N>> {
        let mut found = Read {
            entries: Vec::new(),
            upto: places,
        };
        let streams = self.ask(places, limit + 1).await?;
        for (number, (extent, entries)) in streams.into_iter().enumerate() {
            let before = found.entries.len();
            if !extent.has_all_after(places[number]) {
                return Ok(Since::Lost);
            }
            found.take(number, entries);
            if found.entries.len() - before > limit {
                return Ok(Since::Lost);
            }
        }
        Ok(Since::All(found))
    }

    /// Whether all that came after `places` is still there.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn has_all_since(&mut self, places: Places<N>) -> anyhow::Result<bool> {
        let streams = self.ask(places, 0).await?;
        let mut pairs = streams.iter().zip(places);
        Ok(pairs.all(|((extent, _), place)| extent.has_all_after(place)))
    }

    async fn ask(
        &mut self,
        places: Places<N>,
        count: usize,
    ) -> anyhow::Result<Vec<(Extent, Vec<Entry>)>> {
        let mut call = SINCE.prepare_invoke();
        for key in &self.keys {
            call.key(key);
        }
        call.arg(count);
        for place in places {
            call.arg(place.to_string());
        }
        let streams: Vec<Answer> = call.invoke_async(&mut self.connection).await?;
        streams
            .into_iter()
            .map(|(last, deleted, first, added, length, entries)| {
                let extent = Extent {
                    last: last.parse()?,
                    deleted: deleted.parse()?,
                    first: Some(first)
                        .filter(|first| !first.is_empty())
                        .map(|first| first.parse())
                        .transpose()?,
                    untouched: added == length,
                };
                let entries = entries.into_iter().map(|(id, fields)| entry(&id, fields));
                Ok((extent, entries.collect::<anyhow::Result<_>>()?))
            })
            .collect()
    }
}

/// Of one stream: the last stamp, the highest that was deleted, the first; how many entries were ever
/// added and how many there are; and those that were asked for.
type Answer = (String, String, String, u64, u64, Vec<(String, Value)>);

/// The script's answers are few, and the client library reads them.
fn entry(id: &str, fields: Value) -> anyhow::Result<Entry> {
    let texts: Vec<(Vec<u8>, Vec<u8>)> = Vec::from_redis_value(fields)?;
    let text = String::from_utf8_lossy;
    let fields = texts.iter().map(|(name, value)| (text(name), text(value)));
    let fields: Fields<'_> = fields.collect();
    Ok(Entry {
        stamp: id.parse()?,
        content: Content::of(&fields, &[]),
    })
}

impl<const N: usize> Read<N> {
    fn take(&mut self, number: usize, entries: Vec<Entry>) {
        for Entry { stamp, content } in entries {
            self.upto[number] = stamp;
            // What a listener makes a dead letter of is nothing to one that only looks.
            if let Content::Event(envelope) = content {
                self.entries.push(Seen {
                    stream: number,
                    stamp,
                    envelope,
                });
            }
        }
    }
}

/// What a stream holds.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// The id that was last given; there may be no such entry any more.
    last: Stamp,
    /// The highest that was deleted by itself. Trimming does not count for Redis.
    deleted: Stamp,
    first: Option<Stamp>,
    /// All entries that it was ever given, in this life of it, are there.
    untouched: bool,
}

impl Extent {
    /// Whether nothing after `place` has gone. In doubt it has: what lay right before the first entry
    /// nobody knows.
    fn has_all_after(&self, place: Stamp) -> bool {
        if place >= self.last {
            // Beyond the end: Redis lost what it was taken from.
            return place == self.last;
        }
        let within = self.first.is_some_and(|first| place >= first);
        // Before its first entry a stream had no other place than this one.
        let from_the_first = place == Stamp::ZERO && self.untouched;
        place >= self.deleted && (within || from_the_first)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn stamp(number: i64) -> Stamp {
        Stamp::from_number(number)
    }

    fn extent(last: i64, deleted: i64, first: Option<i64>, untouched: bool) -> Extent {
        Extent {
            last: stamp(last),
            deleted: stamp(deleted),
            first: first.map(stamp),
            untouched,
        }
    }

    #[rstest]
    #[case::all_that_ever_was(extent(9, 0, Some(3), true), &[0, 3, 4, 5, 6, 7, 8, 9])]
    #[case::trimmed(extent(9, 0, Some(3), false), &[3, 4, 5, 6, 7, 8, 9])]
    #[case::trimmed_to_nothing(extent(9, 0, None, false), &[9])]
    #[case::missing(extent(0, 0, None, true), &[0])]
    #[case::goes_on_from_where_it_was(extent(9, 9, None, false), &[9])]
    #[case::went_on_from_where_it_was(extent(11, 9, Some(10), false), &[10, 11])]
    #[case::one_was_deleted(extent(9, 5, Some(3), false), &[5, 6, 7, 8, 9])]
    fn places_that_nothing_is_lost_after(#[case] extent: Extent, #[case] good: &[i64]) {
        for place in 0..=12 {
            let expected = good.contains(&place);
            assert_eq!(extent.has_all_after(stamp(place)), expected, "{place}");
        }
    }
}
