//! A connection of a reader's own, for those who read streams all day long.
//!
//! The client library makes a value of each of an entry's seventeen parts, by a parser that could stop
//! and go on within any of them. That was about half of what a listener costs (the library knows:
//! <https://github.com/redis-rs/redis-rs/pull/2184>). Here an answer is waited for as a whole and read
//! where it lies; commands are sent together, and the task that asks is the one that waits for the
//! socket.

use std::{io, time::Duration};

use redis::{Cmd, ConnectionAddr, IntoConnectionInfo, cmd};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    connection::{CONNECTS_WITHIN, RedisSettings},
    resp::{Malformed, Reply, Scan},
};

/// What is read at once, at the most, if that much is there.
const READ: usize = 128 << 10;

/// A buffer that has grown beyond this is not kept.
const KEEP: usize = 2 << 20;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("Redis can't be reached: {0}")]
    Io(#[from] io::Error),
    #[error("Redis did not answer in time")]
    Late,
    #[error("an answer was not waited for: what comes next would be taken for another one")]
    OutOfStep,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its error, which begins with a word in capitals.
    #[error("Redis refused: {0}")]
    Refused(String),
    #[error("the streams can be read by TCP only")]
    Unsupported,
    #[error(transparent)]
    Settings(#[from] redis::RedisError),
}

impl WireError {
    /// What kind of refusal it is, by Redis' own word for it.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(words) => words.split(' ').next(),
            _ => None,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    /// What came; up to `read` it is done with.
    buffer: Vec<u8>,
    read: usize,
    /// So many answers are still to come.
    owed: usize,
    patience: Duration,
}

impl Wire {
    /// Connects, and waits for each answer as long as `patience`.
    pub async fn connect(settings: &RedisSettings, patience: Duration) -> Result<Self, WireError> {
        let info = settings.url.as_str().into_connection_info()?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(WireError::Unsupported);
        };
        let stream = timeout(CONNECTS_WITHIN, TcpStream::connect((host.as_str(), *port)));
        let stream = stream.await.map_err(|_| WireError::Late)??;
        stream.set_nodelay(true)?;
        let mut wire = Self {
            stream,
            buffer: Vec::new(),
            read: 0,
            owed: 0,
            patience,
        };
        let redis = info.redis_settings();
        let password = settings.password.as_ref().map(ExposeSecret::expose_secret);
        if let Some(password) = password.or(redis.password()) {
            let mut auth = cmd("AUTH");
            if let Some(user) = redis.username() {
                auth.arg(user);
            }
            wire.ask(auth.arg(password)).await?;
        }
        if redis.db() != 0 {
            wire.ask(cmd("SELECT").arg(redis.db())).await?;
        }
        Ok(wire)
    }

    /// Sends a command and waits for its answer.
    pub async fn ask(&mut self, command: &Cmd) -> Result<Reply<'_>, WireError> {
        self.send(&[command]).await?;
        self.answer().await
    }

    /// Sends commands together. Each has an [`answer`](Self::answer) to be waited for, in their order.
    pub async fn send(&mut self, commands: &[&Cmd]) -> Result<(), WireError> {
        // Whoever gave up waiting is not there to take what still comes.
        if self.owed > 0 {
            return Err(WireError::OutOfStep);
        }
        let mut bytes = Vec::new();
        for command in commands {
            command.write_packed_command(&mut bytes);
        }
        self.owed = commands.len();
        let sent = timeout(self.patience, self.stream.write_all(&bytes)).await;
        Ok(sent.map_err(|_| WireError::Late)??)
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Result<Reply<'_>, WireError> {
        let whole = timeout(self.patience, self.whole()).await;
        let length = whole.map_err(|_| WireError::Late)??;
        self.owed = self.owed.saturating_sub(1);
        let begin = self.read;
        self.read += length;
        let reply = Reply::new(&self.buffer[begin..self.read]);
        match reply.refusal() {
            Some(words) => Err(WireError::Refused(
                String::from_utf8_lossy(words).into_owned(),
            )),
            None => Ok(reply),
        }
    }

    /// Waits until an answer is there as a whole. Returns its length.
    async fn whole(&mut self) -> Result<usize, WireError> {
        if self.read == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEEP);
            self.read = 0;
        }
        let mut scan = Scan::new();
        loop {
            if let Some(length) = scan.end(&self.buffer[self.read..])? {
                return Ok(length);
            }
            self.buffer.reserve(READ);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A connection, and the other end of it.
    async fn connected(patience: Duration) -> (Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = RedisSettings {
            url: format!("redis://{}", listener.local_addr().unwrap()),
            password: None,
            prefix: String::new(),
        };
        let (wire, accepted) =
            futures::join!(Wire::connect(&settings, patience), listener.accept());
        (wire.unwrap(), accepted.unwrap().0)
    }

    fn text(reply: &mut Reply<'_>) -> String {
        let text = reply.text().unwrap().unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_commands_however_they_are_cut() {
        let (mut wire, mut redis) = connected(PATIENCE).await;
        wire.send(&[&cmd("ONE"), &cmd("TWO")]).await.unwrap();
        redis.write_all(b"+o").await.unwrap();
        assert!(wire.answer().now_or_never().is_none());
        redis.write_all(b"ne\r\n$3\r\ntw").await.unwrap();
        let mut one = wire.answer().await.unwrap();
        assert_eq!(text(&mut one), "one");
        redis.write_all(b"o\r\n").await.unwrap();
        let mut two = wire.answer().await.unwrap();
        assert_eq!(text(&mut two), "two");
    }

    #[tokio::test]
    async fn a_refusal_is_the_answer_of_its_command_alone() {
        let (mut wire, mut redis) = connected(PATIENCE).await;
        wire.send(&[&cmd("ONE"), &cmd("TWO")]).await.unwrap();
        redis.write_all(b"-NOGROUP none\r\n+two\r\n").await.unwrap();
        let refused = wire.answer().await.unwrap_err();
        assert_eq!(refused.code(), Some("NOGROUP"));
        assert_eq!(text(&mut wire.answer().await.unwrap()), "two");
    }

    /// Its answer would be taken for that of the next command.
    #[tokio::test]
    async fn after_an_answer_that_nobody_waited_for_there_are_none() {
        let (mut wire, mut redis) = connected(PATIENCE).await;
        assert!(wire.ask(&cmd("ONE")).now_or_never().is_none());
        redis.write_all(b"+one\r\n+two\r\n").await.unwrap();
        let refused = wire.ask(&cmd("TWO")).await.unwrap_err();
        assert!(matches!(refused, WireError::OutOfStep), "{refused}");
    }

    #[tokio::test]
    async fn a_redis_that_hangs_or_goes_away() {
        let (mut wire, _redis) = connected(Duration::from_millis(20)).await;
        let late = wire.ask(&cmd("ONE")).await.unwrap_err();
        assert!(matches!(late, WireError::Late), "{late}");
        let (mut wire, redis) = connected(PATIENCE).await;
        drop(redis);
        let gone = wire.ask(&cmd("ONE")).await.unwrap_err();
        assert!(matches!(gone, WireError::Io(_)), "{gone}");
    }

    #[tokio::test]
    async fn what_can_not_be_read() {
        let unix = RedisSettings {
            url: "unix:///nowhere".to_owned(),
            password: None,
            prefix: String::new(),
        };
        let refused = Wire::connect(&unix, PATIENCE).await.unwrap_err();
        assert!(matches!(refused, WireError::Unsupported), "{refused}");
        let (mut wire, mut redis) = connected(PATIENCE).await;
        redis.write_all(b"HTTP/1.1 400\r\n").await.unwrap();
        let odd = wire.ask(&cmd("ONE")).await.unwrap_err();
        assert!(matches!(odd, WireError::Malformed(_)), "{odd}");
    }
}
