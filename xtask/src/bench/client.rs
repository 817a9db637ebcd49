//! As much HTTP as a measurement needs: one connection, one call after the other.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Somebody who calls the server.
pub(crate) struct Client {
    address: String,
    stream: BufReader<TcpStream>,
    /// Sent with every call, each with its line end.
    headers: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        let said = || format!("{}: {}", self.status, String::from_utf8_lossy(&self.body));
        if !(200..300).contains(&self.status) {
            bail!("{}", said());
        }
        serde_json::from_slice(&self.body).with_context(said)
    }
}

impl Client {
    /// Connects, with the headers of `like`.
    pub(crate) fn connect(address: &str, headers: &str) -> Result<Self> {
        Self::patient(address, headers, Duration::from_secs(600))
    }

    /// The same, for somebody who waits for an answer so long at most.
    pub(crate) fn patient(address: &str, headers: &str, most: Duration) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(most))?;
        Ok(Self { address: address.to_owned(), stream: BufReader::new(stream), headers: headers.to_owned() })
    }

    /// The first account of a new server, signed in: the headers that say so.
    pub(crate) fn first_account(&mut self, token: &str) -> Result<String> {
        let body = serde_json::json!({
            "token": token, "name": "Bench", "email": "bench@example.org", "password": "correct horse battery",
        });
        let answer = self.post("/api/v1/accounts/first", &body)?;
        let csrf = answer.json()?["csrf"].as_str().context("a token")?.to_owned();
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|line| line.split(';').next()).context("a cookie")?;
        self.headers = format!("Cookie: {cookie}\r\nx-csrf-token: {csrf}\r\n");
        Ok(self.headers.clone())
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, &body.to_string())
    }

    /// Hears server-sent events until one says enough; the connection is used up then.
    pub(crate) fn listen(mut self, path: &str, enough: impl Fn(&Value) -> bool) -> Result<Value> {
        let text = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n", self.address, self.headers);
        self.stream.get_mut().write_all(text.as_bytes())?;
        let mut line = String::new();
        while self.stream.read_line(&mut line)? > 0 {
            let said: Option<Value> = line.strip_prefix("data:").map(serde_json::from_str).transpose()?;
            if let Some(said) = said.filter(|said| enough(said)) {
                return Ok(said);
            }
            line.clear();
        }
        bail!("{path}: the connection was closed")
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.headers,
            body.len()
        );
        self.stream.get_mut().write_all(text.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                bail!("{method} {path}: the connection was closed");
            }
        }
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        let status = head.get(9..12).and_then(|text| text.parse().ok()).context("a status")?;
        let mut body = vec![0; header("content-length:").unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, head: head.replace('\r', ""), body })
    }
}
