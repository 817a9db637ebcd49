//! The server that workflows send records to: it knows repeated calls by their key and counts what it has heard.

use anyhow::Result;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
};

/// What was heard.
#[derive(Default)]
pub(super) struct Heard {
    /// How often each key was heard.
    calls: HashMap<String, u64>,
    /// The keys under which each number came.
    numbers: BTreeMap<i64, BTreeSet<String>>,
}

/// A server for records.
#[derive(Clone)]
pub(super) struct Sink {
    pub(super) port: u16,
    heard: Arc<Mutex<Heard>>,
    trouble: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
}

impl Sink {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let sink = Self {
            port: listener.local_addr()?.port(),
            heard: Arc::default(),
            trouble: Arc::default(),
            asked: Arc::default(),
        };
        let own = sink.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sink = own.clone();
                thread::spawn(move || drop(sink.serve(stream)));
            }
        });
        Ok(sink)
    }

    /// Whether it fails every other call: after it has taken the records, so that nobody knows.
    pub(super) fn set_trouble(&self, trouble: bool) {
        self.trouble.store(trouble, SeqCst);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under how many keys a number came.
    pub(super) fn times(&self, number: i64) -> usize {
        self.heard().numbers.get(&number).map_or(0, BTreeSet::len)
    }

    /// Calls, and how many of them were repeated.
    pub(super) fn calls(&self) -> (u64, u64) {
        let heard = self.heard();
        let all: u64 = heard.calls.values().sum();
        (all, all - heard.calls.len() as u64)
    }

    /// Forgets what need not be known any more.
    pub(super) fn forget(&self, from: i64, until: i64) {
        self.heard().numbers.retain(|number, _| !(from..until).contains(number));
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head)? == 0 {
                    return Ok(());
                }
            }
            let header = |name: &str| {
                head.lines().find_map(|line| {
                    let (known, value) = line.split_once(':')?;
                    known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                })
            };
            let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            self.hear(&header("idempotency-key").unwrap_or_default(), &body);
            let number = self.asked.fetch_add(1, SeqCst);
            let answer: &[u8] = if self.trouble.load(SeqCst) {
                match number % 3 {
                    0 => return Ok(()),
                    1 => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n",
                    _ => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                }
            } else {
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            };
            reader.get_mut().write_all(answer)?;
        }
    }

    fn hear(&self, key: &str, body: &[u8]) {
        let records: Vec<Value> = serde_json::from_slice(body).unwrap_or_default();
        let mut heard = self.heard();
        *heard.calls.entry(key.to_owned()).or_default() += 1;
        for number in records.iter().filter_map(|record| record.get("number")?.as_i64()) {
            heard.numbers.entry(number).or_default().insert(key.to_owned());
        }
    }
}
