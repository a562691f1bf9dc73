//! A Redis Stream: appending behind the fence, and reading it as one of a group.

use std::{collections::BTreeMap, future::Future, sync::LazyLock, time::Duration};

use redis::{
    FromRedisValue, RedisError, RedisResult, Script, Value, aio::MultiplexedConnection, cmd,
};

use crate::{
    envelope::{Envelope, FIELDS, Fields},
    stamp::{NotAStamp, Stamp},
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
static FORGET_IDLE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
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
",
    )
});

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
    /// `None`: it was trimmed or deleted after it had been delivered.
    pub fields: Option<Fields>,
}

/// A stream as a consumer of a group sees it.
#[derive(Debug, Clone)]
pub(crate) struct GroupReader {
    connection: MultiplexedConnection,
    pub key: String,
    pub group: String,
    pub consumer: String,
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
        connection: MultiplexedConnection,
        key: String,
        group: String,
        consumer: String,
    ) -> Self {
        Self {
            connection,
            key,
            group,
            consumer,
        }
    }

    /// Makes the group, and the stream. It begins with the first entry there is: what was published
    /// before the group was made is for it as well.
    pub async fn create_group(&mut self) -> RedisResult<()> {
        let made: RedisResult<()> = cmd("XGROUP")
            .arg("CREATE")
            .arg(&self.key)
            .arg(&self.group)
            .arg("0")
            .arg("MKSTREAM")
            .query_async(&mut self.connection)
            .await;
        match made {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }

    /// The next entries, none when there are none in time. A group that has gone is made again.
    pub async fn read(&mut self, which: Which, count: usize) -> anyhow::Result<Vec<Entry>> {
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
        match read.query_async(&mut self.connection).await {
            Ok(Value::Nil) => Ok(Vec::new()),
            Ok(reply) => {
                let [(_, entries)]: [(String, Value); 1] = pairs(reply)?;
                entries_of(entries)
            }
            Err(error) if error.code() == Some("NOGROUP") || error.code() == Some("UNBLOCKED") => {
                tracing::warn!(
                    stream = self.key,
                    group = self.group,
                    "the group has gone; making it again"
                );
                self.create_group().await?;
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes over what consumers of the group were given `idle` ago or earlier and have not
    /// acknowledged; they are thought dead.
    pub async fn claim(&mut self, idle: Duration, count: usize) -> anyhow::Result<Vec<Entry>> {
        let claimed: RedisResult<(String, Value, Value)> = cmd("XAUTOCLAIM")
            .arg(&self.key)
            .arg(&self.group)
            .arg(&self.consumer)
            .arg(u64::try_from(idle.as_millis())?)
            .arg("0")
            .arg("COUNT")
            .arg(count)
            .query_async(&mut self.connection)
            .await;
        match claimed {
            Ok((_, entries, _)) => entries_of(entries),
            // The next read makes it again.
            Err(error) if error.code() == Some("NOGROUP") => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Acknowledges entries and, in the same round trip, reads up to `count` new ones, without waiting
    /// for any.
    pub async fn acknowledge_and_read(
        &mut self,
        stamps: Vec<Stamp>,
        count: usize,
    ) -> anyhow::Result<Vec<Entry>> {
        let mut other = self.clone();
        let read = async {
            match count {
                0 => Ok(Vec::new()),
                count => other.read(Which::New { block: None }, count).await,
            }
        };
        let (acknowledged, read) = futures::join!(self.acknowledge(stamps), read);
        acknowledged?;
        read
    }

    /// Acknowledges entries: the group will not be given them again.
    pub async fn acknowledge(&mut self, stamps: Vec<Stamp>) -> RedisResult<()> {
        if stamps.is_empty() {
            return Ok(());
        }
        let mut ack = cmd("XACK");
        ack.arg(&self.key).arg(&self.group);
        for stamp in stamps {
            ack.arg(stamp.to_string());
        }
        ack.query_async(&mut self.connection).await
    }

    /// Removes consumers that are long gone. Returns how many.
    pub async fn forget_idle(&mut self, idle: Duration) -> anyhow::Result<u64> {
        let removed: RedisResult<u64> = FORGET_IDLE
            .key(&self.key)
            .arg(&self.group)
            .arg(u64::try_from(idle.as_millis())?)
            .arg(&self.consumer)
            .invoke_async(&mut self.connection)
            .await;
        Ok(removed?)
    }
}

fn pairs<const N: usize>(reply: Value) -> anyhow::Result<[(String, Value); N]> {
    by_stream(reply)?
        .try_into()
        .map_err(|_| anyhow::anyhow!("Redis answered for another number of streams"))
}

/// The entries of each stream that has some; none when it was waited in vain.
pub(crate) fn by_stream(reply: Value) -> Result<Vec<(String, Value)>, redis::ParsingError> {
    match reply {
        Value::Nil => Ok(Vec::new()),
        Value::Map(pairs) => pairs
            .into_iter()
            .map(|(name, value)| Ok((String::from_redis_value(name)?, value)))
            .collect(),
        other => Vec::from_redis_value(other),
    }
}

/// `[[id, [name, value, …] or nil], …]`
pub(crate) fn entries_of(reply: Value) -> anyhow::Result<Vec<Entry>> {
    let entries: Vec<(String, Value)> = Vec::from_redis_value(reply)?;
    entries
        .into_iter()
        .map(|(id, fields)| {
            let stamp = id
                .parse()
                .map_err(|error: NotAStamp| anyhow::anyhow!(error))?;
            let fields = match fields {
                Value::Nil => None,
                fields => Some(fields_of(fields)?),
            };
            Ok(Entry { stamp, fields })
        })
        .collect()
}

fn fields_of(reply: Value) -> anyhow::Result<Fields> {
    let values = match reply {
        Value::Array(values) => values,
        Value::Map(pairs) => pairs.into_iter().flat_map(<[_; 2]>::from).collect(),
        other => anyhow::bail!("Redis answered {other:?} for an entry's fields"),
    };
    let mut texts = values.into_iter().map(text);
    let mut fields = Fields::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        fields.push((name?, value?));
    }
    Ok(fields)
}

/// What is no text becomes one in which something is replaced: it was no event anyway.
fn text(value: Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::BulkString(bytes) => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        other => String::from_redis_value(other)?,
    })
}

/// The script's layout and the envelope's must not drift apart.
const _: () = assert!(FIELDS.len() == 7);
