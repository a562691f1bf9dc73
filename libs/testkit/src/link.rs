//! The network between a client and a server, to be broken at will.
//!
//! The failure that a retry has to be right about is the lost answer: the server has done what it was
//! asked, and the client is told nothing but that the connection is gone. [`Link::cut_after`] makes
//! exactly that; killing the server can't, since nobody knows how far it came.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

const BUFFER_BYTES: usize = 16 * 1024;

/// A TCP proxy on a port of its own before a server on this machine. It ends when dropped, with its
/// connections.
#[derive(Debug)]
pub struct Link {
    port: u16,
    wires: Arc<Wires>,
    accepting: AbortHandle,
}

#[derive(Debug, Default)]
struct Wires {
    /// None while the link is cut.
    connections: Mutex<Option<JoinSet<io::Result<()>>>>,
    trap: Mutex<Option<&'static [u8]>>,
    cuts: AtomicUsize,
}

impl Link {
    /// A link to the server on `port`, which need not be up.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("there is a free port");
        let own_port = listener.local_addr().expect("it is bound").port();
        let wires = Arc::new(Wires {
            connections: Mutex::new(Some(JoinSet::new())),
            ..Wires::default()
        });
        let accepting = tokio::spawn(accept(listener, port, Arc::clone(&wires)));
        Self {
            port: own_port,
            wires,
            accepting: accepting.abort_handle(),
        }
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections, whatever is on its way, and every new one until [`Link::mend`]. When it
    /// returns, no connection is left.
    pub async fn cut(&self) {
        let connections = lock(&self.wires.connections).take();
        if let Some(mut connections) = connections {
            connections.shutdown().await;
        }
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        lock(&self.wires.connections).get_or_insert_with(JoinSet::new);
    }

    /// Once, when a client next sends `pattern`: lets the server have it, waits until the server
    /// answers, and closes the connection instead of passing the answer on. Other connections, and
    /// new ones, are left alone.
    ///
    /// # Panics
    /// When the pattern is empty.
    pub fn cut_after(&self, pattern: &'static [u8]) {
        assert!(!pattern.is_empty(), "an empty pattern is in everything");
        *lock(&self.wires.trap) = Some(pattern);
    }

    /// How many answers have been lost by [`Link::cut_after`].
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.wires.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
        lock(&self.wires.connections).take();
    }
}

impl Wires {
    /// Whether these bytes, with those before them in `carried`, complete what is waited for. If so it
    /// is waited for no longer.
    fn trips(&self, carried: &mut Vec<u8>, bytes: &[u8]) -> bool {
        let mut trap = lock(&self.trap);
        let Some(pattern) = *trap else {
            // What was sent before the trap was set is no part of what springs it.
            carried.clear();
            return false;
        };
        carried.extend_from_slice(bytes);
        let found = carried
            .windows(pattern.len())
            .any(|window| window == pattern);
        if found {
            *trap = None;
        }
        let surplus = carried.len().saturating_sub(pattern.len() - 1);
        carried.drain(..surplus);
        found
    }
}

async fn accept(listener: TcpListener, port: u16, wires: Arc<Wires>) {
    while let Ok((client, _)) = listener.accept().await {
        if let Some(connections) = lock(&wires.connections).as_mut() {
            while connections.try_join_next().is_some() {}
            connections.spawn(carry(client, port, Arc::clone(&wires)));
        }
    }
}

/// Carries bytes both ways until either side is done. Dropping it closes both.
async fn carry(mut client: TcpStream, port: u16, wires: Arc<Wires>) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    // Set between two awaits of the one task: what the server says afterwards is an answer.
    let tripped = AtomicBool::new(false);
    let requests = async {
        let (mut buffer, mut carried) = (vec![0; BUFFER_BYTES], Vec::new());
        loop {
            let read = from_client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let trips = wires.trips(&mut carried, &buffer[..read]);
            to_server.write_all(&buffer[..read]).await?;
            if trips {
                tripped.store(true, Ordering::SeqCst);
                return std::future::pending().await;
            }
        }
    };
    let answers = async {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            if tripped.load(Ordering::SeqCst) {
                // Counted before the client can know.
                wires.cuts.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::select! {
        ended = requests => ended,
        ended = answers => ended,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips_on(pattern: &'static [u8], reads: &[&[u8]]) -> Vec<bool> {
        let wires = Wires::default();
        *lock(&wires.trap) = Some(pattern);
        let mut carried = Vec::new();
        reads
            .iter()
            .map(|read| wires.trips(&mut carried, read))
            .collect()
    }

    #[test]
    fn it_trips_once_wherever_the_reads_end() {
        assert_eq!(
            trips_on(b"COMMIT", &[b"BEGIN; COMMIT;", b"COMMIT"]),
            [true, false]
        );
        assert_eq!(
            trips_on(b"COMMIT", &[b"Q COM", b"MIT", b"COMMIT"]),
            [false, true, false]
        );
        assert_eq!(
            trips_on(b"COMMIT", &[b"C", b"OMM", b"I", b"T"]),
            [false, false, false, true]
        );
        assert_eq!(trips_on(b"X", &[b"", b"abc", b"X"]), [false, false, true]);
        assert_eq!(trips_on(b"COMMIT", &[b"COM", b"COM", b"MI"]), [false; 3]);
    }

    #[test]
    fn what_was_sent_before_does_not_count() {
        let wires = Wires::default();
        let mut carried = Vec::new();
        assert!(!wires.trips(&mut carried, b"COM"));
        *lock(&wires.trap) = Some(b"COMMIT");
        assert!(!wires.trips(&mut carried, b"MIT"));
    }
}
