//! Deadlines in a Redis sorted set: what falls due is taken and published in one step.
//!
//! A member is `id|deadline`, its score the deadline. So an id can have several: a deadline that was
//! moved fires at its old time as well, and the listener sees by the deadline that it is stale.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use redis::{RedisResult, Script, aio::MultiplexedConnection, cmd};
use ticketing_contracts::ids::EventId;
use uuid::Uuid;

/// Publishes and removes what is due: the event first, so that a script that is cut short repeats it.
///
/// `KEYS` the set and the stream; `ARGV` now in ms, now in RFC 3339, the event's type, the names of
/// its data's two fields, then an event id for each that may be due. Answers the deadlines of those
/// that were, and the next one, if there is one; in ms.
static TAKE_DUE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
local due = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, #ARGV - 5, 'WITHSCORES')
local taken, deadlines = {}, {}
for i = 1, #due, 2 do
  local id, deadline = due[i]:sub(1, 36), due[i]:sub(38)
  redis.call('XADD', KEYS[2], '*', 'id', ARGV[5 + (i + 1) / 2], 'type', ARGV[3], 'subject', id,
    'version', string.format('%.0f', due[i + 1]), 'time', ARGV[2], 'traceparent', '',
    'data', '{"' .. ARGV[4] .. '":"' .. id .. '","' .. ARGV[5] .. '":"' .. deadline .. '"}')
  taken[#taken + 1] = due[i]
  deadlines[#deadlines + 1] = tonumber(due[i + 1])
end
for i = 1, #taken, 1000 do
  redis.call('ZREM', KEYS[1], unpack(taken, i, math.min(i + 999, #taken)))
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {deadlines, next[2] and tonumber(next[2]) or false}
"#,
    )
});

/// Something that is to happen at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// What it is about.
    pub id: Uuid,
    /// When. Whole milliseconds.
    pub at: DateTime<Utc>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The deadlines that were published, earliest first.
    pub published: Vec<DateTime<Utc>>,
    /// The earliest that is left.
    pub next: Option<DateTime<Utc>>,
}

/// Deadlines, and the stream and type of the event that tells of each.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The sorted set's key.
    pub key: String,
    /// The stream's key.
    pub stream: String,
    /// The event's type.
    pub kind: &'static str,
    /// What its data calls the id and the deadline.
    pub fields: [&'static str; 2],
}

impl Deadline {
    fn member(&self) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("{}|{at}", self.id)
    }
}

impl Schedule {
    /// Adds deadlines. One that is there already is left alone.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn add(
        &self,
        connection: &mut MultiplexedConnection,
        deadlines: &[Deadline],
    ) -> RedisResult<()> {
        if deadlines.is_empty() {
            return Ok(());
        }
        let mut add = cmd("ZADD");
        add.arg(&self.key);
        for deadline in deadlines {
            add.arg(deadline.at.timestamp_millis())
                .arg(deadline.member());
        }
        add.query_async(connection).await
    }

    /// Takes deadlines back. One that is not there is no error: it may have fired.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn cancel(
        &self,
        connection: &mut MultiplexedConnection,
        deadlines: &[Deadline],
    ) -> RedisResult<()> {
        if deadlines.is_empty() {
            return Ok(());
        }
        let mut remove = cmd("ZREM");
        remove.arg(&self.key);
        for deadline in deadlines {
            remove.arg(deadline.member());
        }
        remove.query_async(connection).await
    }

    /// Publishes what is due at `now`, earliest first, at most `limit`, and takes it out, in one step:
    /// with several that look, each deadline is published once.
    ///
    /// # Errors
    /// When Redis does not answer. What had been due may have been published then.
    pub async fn publish_due(
        &self,
        connection: &mut MultiplexedConnection,
        now: DateTime<Utc>,
        limit: usize,
    ) -> RedisResult<Due> {
        let mut call = TAKE_DUE.key(&self.key);
        call.key(&self.stream)
            .arg(now.timestamp_millis())
            .arg(now.to_rfc3339_opts(SecondsFormat::Millis, true))
            .arg(self.kind)
            .arg(self.fields[0])
            .arg(self.fields[1]);
        for _ in 0..limit {
            call.arg(EventId::new(now).to_string());
        }
        let (published, next): (Vec<i64>, Option<i64>) = call.invoke_async(connection).await?;
        let moments = published.into_iter().map(DateTime::from_timestamp_millis);
        Ok(Due {
            published: moments.map(Option::unwrap_or_default).collect(),
            next: next.and_then(DateTime::from_timestamp_millis),
        })
    }
}

/// How long to sleep before the next look: until the next deadline, at most `longest`.
#[must_use]
pub fn pause(now: DateTime<Utc>, next: Option<DateTime<Utc>>, longest: Duration) -> Duration {
    next.map_or(longest, |next| {
        (next - now).to_std().unwrap_or_default().min(longest)
    })
}
