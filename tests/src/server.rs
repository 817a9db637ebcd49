//! A small real HTTP server that answers as a case says and notes what it was asked wrongly.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// One answer of the server: to the first, second, … request of its method and path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The method asked for.
    #[serde(default = "get")]
    pub method: String,
    /// Path and query, exactly.
    pub path: String,
    /// Status to answer with.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers to answer with.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body to answer with.
    #[serde(default)]
    pub body: String,
    /// Headers the request must have.
    #[serde(default)]
    pub expect_headers: BTreeMap<String, String>,
    /// Text the request's body must be.
    pub expect_body: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

const fn ok() -> u16 {
    200
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct State {
    exchanges: Vec<Exchange>,
    asked: Vec<usize>,
    complaints: Vec<String>,
}

impl Server {
    /// Starts a server on a free port of the loopback address.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(exchanges: Vec<Exchange>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State {
            asked: vec![0; exchanges.len()],
            exchanges,
            complaints: Vec::new(),
        }));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        let base = address.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared), base.clone()));
            }
        });
        Ok(Self { address, state, _tasks: tasks })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What was asked that no exchange foresees, and what expected exchange was never asked for.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = state.exchanges.iter().zip(&state.asked).filter(|(_, asked)| **asked == 0);
        let idle = idle.map(|(exchange, _)| format!("never asked: {} {}", exchange.method, exchange.path));
        state.complaints.iter().cloned().chain(idle).collect()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, base: String) {
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut buffer).await {
        let answer = state.lock().unwrap_or_else(PoisonError::into_inner).answer(&head, &body, &base);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Reads one request; `None` when the client is gone.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        fill(stream, buffer).await?;
    };
    let head = String::from_utf8_lossy(buffer.get(..end)?).into_owned();
    buffer.drain(..end);
    if header(&head, "transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return Some((head, chunked(stream, buffer).await?));
    }
    let length: usize = header(&head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    let body = buffer.drain(..length).collect();
    Some((head, String::from_utf8(body).ok()?))
}

async fn chunked(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(2).position(|window| window == b"\r\n") {
                break end;
            }
            fill(stream, buffer).await?;
        };
        let size = usize::from_str_radix(std::str::from_utf8(buffer.get(..end)?).ok()?.trim(), 16).ok()?;
        while buffer.len() < end + 2 + size + 2 {
            fill(stream, buffer).await?;
        }
        body.extend_from_slice(buffer.get(end + 2..end + 2 + size)?);
        buffer.drain(..end + 2 + size + 2);
        if size == 0 {
            return String::from_utf8(body).ok();
        }
    }
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut block = [0; 8192];
    let count = stream.read(&mut block).await.ok()?;
    buffer.extend_from_slice(block.get(..count)?);
    (count > 0).then_some(())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

impl State {
    fn answer(&mut self, head: &str, body: &str, base: &str) -> Vec<u8> {
        let mut words = head.split_ascii_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let fits = |exchange: &Exchange| exchange.method == method && exchange.path == path;
        let mut places =
            self.exchanges.iter().enumerate().filter(|(_, exchange)| fits(exchange)).map(|(place, _)| place);
        let fresh = places.clone().find(|place| self.asked.get(*place) == Some(&0));
        let Some(place) = fresh.or_else(|| places.next_back()) else {
            self.complaints.push(format!("unexpected request: {method} {path}"));
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
        };
        let Some(exchange) = self.exchanges.get(place).cloned() else { return Vec::new() };
        if let Some(asked) = self.asked.get_mut(place) {
            *asked += 1;
        }
        for (name, value) in &exchange.expect_headers {
            if header(head, name) != Some(value) {
                self.complaints.push(format!(
                    "{method} {path}: header {name} is {:?}, expected {value:?}",
                    header(head, name)
                ));
            }
        }
        if let Some(expected) = &exchange.expect_body
            && expected.trim_end() != body.trim_end()
        {
            self.complaints.push(format!("{method} {path}: body is {body:?}, expected {expected:?}"));
        }
        exchange.bytes(base)
    }
}

impl Exchange {
    fn bytes(&self, base: &str) -> Vec<u8> {
        let body = self.body.replace("{server}", base);
        let mut answer = format!("HTTP/1.1 {} Answer\r\ncontent-length: {}\r\n", self.status, body.len());
        for (name, value) in &self.headers {
            answer += &format!("{name}: {}\r\n", value.replace("{server}", base));
        }
        answer += "\r\n";
        let mut answer = answer.into_bytes();
        if self.method != "HEAD" {
            answer.extend_from_slice(body.as_bytes());
        }
        answer
    }
}
