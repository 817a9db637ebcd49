//! A proxy between the processes and a service, which can cut, slow down, hold up and refuse connections.

use anyhow::Result;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// What the proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Manner {
    /// It passes it on.
    Pass,
    /// It passes it on late.
    Slow,
    /// It holds it back, and keeps the connections.
    Hold,
    /// It closes every connection.
    Refuse,
}

/// A proxy on a port of its own.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    manner: AtomicU8,
    /// Connections of an earlier generation are cut.
    generation: AtomicU64,
}

/// How late a slow proxy is with each piece.
const LATE: Duration = Duration::from_millis(60);
/// How often a connection looks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);

impl Proxy {
    pub(super) fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let shared =
            Shared { target, manner: AtomicU8::new(Manner::Pass as u8), generation: AtomicU64::new(0) };
        let proxy = Self { port: listener.local_addr()?.port(), shared: Arc::new(shared) };
        let shared = Arc::clone(&proxy.shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || drop(shared.join(stream)));
            }
        });
        Ok(proxy)
    }

    pub(super) fn set(&self, manner: Manner) {
        self.shared.manner.store(manner as u8, SeqCst);
        if manner == Manner::Refuse {
            self.cut();
        }
    }

    /// Cuts all connections; new ones are taken.
    pub(super) fn cut(&self) {
        self.shared.generation.fetch_add(1, SeqCst);
    }
}

impl Shared {
    fn is(&self, manner: Manner) -> bool {
        self.manner.load(SeqCst) == manner as u8
    }

    fn join(self: &Arc<Self>, from: TcpStream) -> std::io::Result<()> {
        if self.is(Manner::Refuse) {
            return from.shutdown(Shutdown::Both);
        }
        let to = TcpStream::connect(("127.0.0.1", self.target))?;
        let generation = self.generation.load(SeqCst);
        let back = (to.try_clone()?, from.try_clone()?, Arc::clone(self));
        thread::spawn(move || {
            let (to, from, shared) = back;
            shared.pass(to, from, generation);
        });
        self.pass(from, to, generation);
        Ok(())
    }

    /// Passes on what comes until either side ends or the connection is cut.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream, generation: u64) {
        let mut bytes = vec![0; 64 << 10];
        // without them it would only be less quick
        drop((from.set_nodelay(true), to.set_nodelay(true), from.set_read_timeout(Some(LOOK))));
        while self.generation.load(SeqCst) == generation {
            if self.is(Manner::Hold) {
                wait(LOOK);
                continue;
            }
            match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => {
                    if self.is(Manner::Slow) {
                        wait(LATE);
                    }
                    while self.is(Manner::Hold) && self.generation.load(SeqCst) == generation {
                        wait(LOOK);
                    }
                    let cut = self.generation.load(SeqCst) != generation;
                    if cut || to.write_all(bytes.get(..count).unwrap_or_default()).is_err() {
                        break;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
    }
}

#[expect(clippy::disallowed_methods, reason = "each connection has threads of its own")]
fn wait(time: Duration) {
    thread::sleep(time);
}
