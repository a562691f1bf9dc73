//! A Redis Stream: appending behind the fence, and reading it as one of a group.

use std::{borrow::Cow, collections::BTreeMap, future::Future, sync::LazyLock, time::Duration};

use anyhow::{Context, ensure};
use redis::{
    Cmd, FromRedisValue, RedisError, RedisResult, Script, Value, aio::MultiplexedConnection, cmd,
};

use crate::{
    envelope::{Envelope, FIELDS, Fields, Malformed, value_of},
    resp::Reply,
    stamp::Stamp,
    wire::{Wire, WireError},
};

/// Appends the entries if the stream's last id is the expected one, all or none; answers the last id
/// that it found.
///
/// `KEYS[1]` is the stream, `ARGV[1]` the expected id (`0-0`: none), `ARGV[2…]` per entry its id and
/// the values of the seven fields. With no entries, `ARGV[2]` is the id that the stream is to go on
/// from.
static APPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local key, last = KEYS[1], '0-0'
if redis.call('EXISTS', key) == 1 then
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
if last ~= ARGV[1] then return last end
if #ARGV == 2 then
  redis.call('XADD', key, ARGV[2], 'type', 'none')
  redis.call('XDEL', key, ARGV[2])
  return last
end
for i = 2, #ARGV, 8 do
  redis.call('XADD', key, ARGV[i], 'id', ARGV[i + 1], 'type', ARGV[i + 2], 'subject', ARGV[i + 3],
    'version', ARGV[i + 4], 'time', ARGV[i + 5], 'traceparent', ARGV[i + 6], 'data', ARGV[i + 7])
end
return last
",
    )
});

/// Removes the group's consumers, other than `ARGV[3]`, that have been idle for `ARGV[2]` ms and have
/// nothing pending. In one script: one that took something meanwhile would lose it with its name.
const FORGET_IDLE: &str = r"
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local facts = {}
  for i = 1, #consumer, 2 do facts[consumer[i]] = consumer[i + 1] end
  if facts.name ~= ARGV[3] and facts.pending == 0 and facts.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts.name)
    removed = removed + 1
  end
end
return removed
";

/// What came of an attempt to append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// All entries are there.
    All,
    /// The stream's last id was not the expected one; nothing was changed.
    Refused,
}

/// Where a relay writes. A trait so that a test can take the fence away and see what it was for.
pub trait Journal: Send {
    /// The id of the last entry there ever was; `None` when the stream is missing or has never had
    /// one.
    fn last(&mut self) -> impl Future<Output = anyhow::Result<Option<Stamp>>> + Send;

    /// Appends all of `entries`, or nothing when the last id is not `expected`.
    fn append(
        &mut self,
        expected: Stamp,
        entries: &[(Stamp, Envelope)],
    ) -> impl Future<Output = anyhow::Result<Appended>> + Send;

    /// Makes a stream, if need be, that goes on from `at`.
    fn go_on_from(
        &mut self,
        expected: Stamp,
        at: Stamp,
    ) -> impl Future<Output = anyhow::Result<Appended>> + Send;
}

/// A stream that only a relay with the right expectation can append to.
#[derive(Debug)]
pub struct Fenced {
    connection: MultiplexedConnection,
    key: String,
}

impl Fenced {
    /// The stream at `key`.
    #[must_use]
    pub fn new(connection: MultiplexedConnection, key: String) -> Self {
        Self { connection, key }
    }
}

impl Journal for Fenced {
    async fn last(&mut self) -> anyhow::Result<Option<Stamp>> {
        last_id(&mut self.connection, &self.key).await
    }

    async fn append(
        &mut self,
        expected: Stamp,
        entries: &[(Stamp, Envelope)],
    ) -> anyhow::Result<Appended> {
        if entries.is_empty() {
            return Ok(Appended::All);
        }
        let mut call = APPEND.key(&self.key);
        call.arg(expected.to_string());
        for (stamp, envelope) in entries {
            call.arg(stamp.to_string());
            for value in envelope.values() {
                call.arg(value.as_ref());
            }
        }
        let found: String = call.invoke_async(&mut self.connection).await?;
        Ok(outcome(&found, expected))
    }

    async fn go_on_from(&mut self, expected: Stamp, at: Stamp) -> anyhow::Result<Appended> {
        let found: String = APPEND
            .key(&self.key)
            .arg(expected.to_string())
            .arg(at.to_string())
            .invoke_async(&mut self.connection)
            .await?;
        Ok(outcome(&found, expected))
    }
}

fn outcome(found: &str, expected: Stamp) -> Appended {
    if found == expected.to_string() {
        Appended::All
    } else {
        Appended::Refused
    }
}

/// The last id that a stream ever had; `None` when it is missing or never had an entry.
///
/// # Errors
/// When Redis does not answer, or the id is none that we could have given.
pub async fn last_id(
    connection: &mut MultiplexedConnection,
    key: &str,
) -> anyhow::Result<Option<Stamp>> {
    let info: RedisResult<BTreeMap<String, Value>> = cmd("XINFO")
        .arg("STREAM")
        .arg(key)
        .query_async(connection)
        .await;
    let info = match info {
        Ok(info) => info,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let last = info.get("last-generated-id").cloned().unwrap_or(Value::Nil);
    let stamp: Stamp = String::from_redis_value(last)?.parse()?;
    Ok((stamp > Stamp::ZERO).then_some(stamp))
}

fn is_missing(error: &RedisError) -> bool {
    error
        .detail()
        .is_some_and(|detail| detail.contains("no such key"))
}

/// An entry as it was delivered.
#[derive(Debug)]
pub(crate) struct Entry {
    pub stamp: Stamp,
    pub content: Content,
}

/// What an entry holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// Nothing any more: it was trimmed or deleted after it had been delivered.
    Gone,
    /// Something of a type that is not listened to.
    Unheard,
    Event(Envelope),
    /// No event: why, and its fields as JSON.
    Malformed(Malformed, String),
}

/// A stream as a consumer of a group sees it.
#[derive(Debug)]
pub(crate) struct GroupReader {
    wire: Wire,
    pub key: String,
    pub group: String,
    pub consumer: String,
    /// Types that are passed over unread.
    pub unheard: Vec<&'static str>,
}

/// Which entries to read.
pub(crate) enum Which {
    /// Those that nobody of the group has been given. If there is none, one is waited for so long.
    New { block: Option<Duration> },
    /// Those that this consumer has been given and has not acknowledged.
    Pending,
}

impl GroupReader {
    pub fn new(
        wire: Wire,
        key: String,
        group: String,
        consumer: String,
        unheard: Vec<&'static str>,
    ) -> Self {
        Self {
            wire,
            key,
            group,
            consumer,
            unheard,
        }
    }

    /// Makes the group, and the stream. It begins with the first entry there is: what was published
    /// before the group was made is for it as well.
    pub async fn create_group(&mut self) -> Result<(), WireError> {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(&self.key).arg(&self.group);
        create.arg("0").arg("MKSTREAM");
        match self.wire.ask(&create).await {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }

    /// The next entries, none when there are none in time. A group that has gone is made again.
    pub async fn read(&mut self, which: Which, count: usize) -> anyhow::Result<Vec<Entry>> {
        self.acknowledge_and_read(&[], Some((which, count))).await
    }

    /// Takes over what consumers of the group were given `idle` ago or earlier and have not
    /// acknowledged; they are thought dead.
    pub async fn claim(&mut self, idle: Duration, count: usize) -> anyhow::Result<Vec<Entry>> {
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.key).arg(&self.group).arg(&self.consumer);
        claim.arg(u64::try_from(idle.as_millis())?);
        claim.arg("0").arg("COUNT").arg(count);
        match self.wire.ask(&claim).await {
            Ok(mut reply) => {
                // Where to go on comes first, and after the entries those that there are no more.
                reply.array()?;
                reply.text()?;
                entries(&mut reply, &self.unheard)
            }
            // The next read makes it again.
            Err(error) if error.code() == Some("NOGROUP") => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Acknowledges entries and, in the same round trip, reads others.
    pub async fn acknowledge_and_read(
        &mut self,
        stamps: &[Stamp],
        read: Option<(Which, usize)>,
    ) -> anyhow::Result<Vec<Entry>> {
        let acknowledge = (!stamps.is_empty()).then(|| self.acknowledging(stamps));
        let read = read
            .map(|(which, count)| self.reading(which, count))
            .transpose()?;
        let commands: Vec<_> = acknowledge.iter().chain(&read).collect();
        self.wire.send(&commands).await?;
        let acknowledged = match acknowledge {
            Some(_) => self.wire.answer().await.map(drop),
            None => Ok(()),
        };
        // Either answer is taken, whatever the other one is.
        let read = match read {
            Some(_) => self.delivered().await,
            None => Ok(Vec::new()),
        };
        acknowledged?;
        read
    }

    /// Acknowledges entries: the group will not be given them again.
    pub async fn acknowledge(&mut self, stamps: &[Stamp]) -> anyhow::Result<()> {
        self.acknowledge_and_read(stamps, None).await.map(drop)
    }

    fn acknowledging(&self, stamps: &[Stamp]) -> Cmd {
        let mut ack = cmd("XACK");
        ack.arg(&self.key).arg(&self.group);
        for stamp in stamps {
            ack.arg(stamp.to_string());
        }
        ack
    }

    fn reading(&self, which: Which, count: usize) -> anyhow::Result<Cmd> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.consumer);
        read.arg("COUNT").arg(count);
        let from = match which {
            Which::New { block } => {
                if let Some(block) = block {
                    read.arg("BLOCK").arg(u64::try_from(block.as_millis())?);
                }
                ">"
            }
            Which::Pending => "0",
        };
        read.arg("STREAMS").arg(&self.key).arg(from);
        Ok(read)
    }

    /// What a read is answered with.
    async fn delivered(&mut self) -> anyhow::Result<Vec<Entry>> {
        let error = match self.wire.answer().await {
            Ok(mut reply) => {
                let streams = reply.array()?.unwrap_or_default();
                ensure!(streams < 2, "Redis answered for other streams as well");
                if streams == 0 {
                    return Ok(Vec::new());
                }
                reply.array()?;
                reply.text()?;
                return entries(&mut reply, &self.unheard);
            }
            Err(error) => error,
        };
        if !matches!(error.code(), Some("NOGROUP" | "UNBLOCKED")) {
            return Err(error.into());
        }
        tracing::warn!(
            stream = self.key,
            group = self.group,
            "the group has gone; making it again"
        );
        self.create_group().await?;
        Ok(Vec::new())
    }

    /// Removes consumers that are long gone. Returns how many.
    pub async fn forget_idle(&mut self, idle: Duration) -> anyhow::Result<u64> {
        let mut forget = cmd("EVAL");
        forget.arg(FORGET_IDLE).arg(1).arg(&self.key);
        forget.arg(&self.group);
        forget.arg(u64::try_from(idle.as_millis())?);
        forget.arg(&self.consumer);
        let mut reply = self.wire.ask(&forget).await?;
        Ok(text(&mut reply)?.parse()?)
    }
}

/// Entries as they lie in an answer, `[[id, [name, value, …] or nil], …]`; those of the types in
/// `unheard` are passed over.
pub(crate) fn entries(reply: &mut Reply<'_>, unheard: &[&str]) -> anyhow::Result<Vec<Entry>> {
    let count = reply.array()?.unwrap_or_default();
    let mut entries = Vec::new();
    for _ in 0..count {
        reply.array()?;
        let stamp = text(reply)?.parse()?;
        let content = match reply.array()? {
            None => Content::Gone,
            Some(texts) => Content::of(&fields(reply, texts)?, unheard),
        };
        entries.push(Entry { stamp, content });
    }
    Ok(entries)
}

/// So many texts: names and values in turn.
fn fields<'a>(reply: &mut Reply<'a>, texts: usize) -> anyhow::Result<Fields<'a>> {
    let mut fields = Fields::with_capacity(FIELDS.len());
    for _ in 0..texts / 2 {
        fields.push((text(reply)?, text(reply)?));
    }
    Ok(fields)
}

/// What is no text becomes one in which something is replaced: it was no event anyway.
fn text<'a>(reply: &mut Reply<'a>) -> anyhow::Result<Cow<'a, str>> {
    let text = reply.text()?.context("Redis answered nothing for a text")?;
    Ok(String::from_utf8_lossy(text))
}

impl Content {
    /// What these fields are.
    pub fn of(fields: &Fields<'_>, unheard: &[&str]) -> Self {
        if value_of(fields, "type").is_some_and(|kind| unheard.contains(&kind)) {
            return Self::Unheard;
        }
        match Envelope::from_fields(fields) {
            Ok(envelope) => Self::Event(envelope),
            Err((malformed, raw)) => Self::Malformed(malformed, raw),
        }
    }
}

/// The script's layout and the envelope's must not drift apart.
const _: () = assert!(FIELDS.len() == 7);
