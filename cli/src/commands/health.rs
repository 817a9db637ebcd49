//! Asks a server or worker whether it is ready: the health check of a container that holds nothing but this program.

use crate::{
    exit::{Exit, Failure},
    node::HealthArguments,
    terminal::Terminal,
};
use bus_core::msg;
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
const MOST: u64 = 64 << 10;

pub(crate) fn run(asked: &HealthArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let answer = ask(&asked.address).map_err(|error| Failure::file(&asked.address, &error))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split_whitespace().nth(1) == Some("200") {
        return Ok(Exit::Done);
    }
    terminal.say(&msg!("{address} is not ready: {reason}", address = &asked.address, reason = body.trim()));
    Ok(Exit::Failed)
}

fn ask(address: &str) -> io::Result<String> {
    let place = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&place, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(
        format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
