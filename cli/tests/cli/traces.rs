//! Traces reach a collector, and say nothing they should not.

use crate::{program::Folder, serving::Server};
use sha2::{Digest, Sha256};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

/// A collector: gives the bodies that are sent to it, behind their heads.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, bodies) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
            let mut writer = stream;
            let sender = sender.clone();
            std::thread::spawn(move || {
                while let Some(got) = one(&mut reader) {
                    let _gone = writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    if sender.send(got).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, bodies)
}

fn one(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// The parts of a message of protobuf that hold bytes, by field.
fn parts(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    fn varint(message: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (byte, rest) = message.split_first().expect("more bytes");
            *message = rest;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        match key & 7 {
            0 => drop(varint(&mut message)),
            1 => message = &message[8..],
            kind => {
                assert_eq!(kind, 2, "no other kind is written");
                let length = usize::try_from(varint(&mut message)).expect("short");
                let (value, rest) = message.split_at(length);
                found.push((key >> 3, value));
                message = rest;
            }
        }
    }
    found
}

fn all(message: &[u8], field: u64) -> Vec<&[u8]> {
    parts(message).into_iter().filter(|(known, _)| *known == field).map(|(_, value)| value).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The texts among attributes.
fn attribute(message: &[u8], field: u64, name: &str) -> Option<String> {
    all(message, field).into_iter().find_map(|attribute| {
        let known = text(all(attribute, 1)[0]) == name;
        known.then(|| all(all(attribute, 2)[0], 1).first().map(|value| text(value))).flatten()
    })
}

#[test]
fn calls_and_tasks_are_spans() {
    let (address, bodies) = collector();
    let folder = Folder::with(&[]);
    let server = Server::start_with(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]);
    let run = server.short_run();
    server.stop();
    let (mut calls, mut tasks, mut all_bytes) = (0, Vec::new(), Vec::new());
    while let Ok((head, body)) = bodies.recv_timeout(Duration::from_millis(500)) {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/x-protobuf"), "{head}");
        for of_resource in all(&body, 1) {
            let service = attribute(all(of_resource, 1)[0], 1, "service.name");
            assert_eq!(service.as_deref(), Some("semantic-bus"));
            for span in all(of_resource, 2).into_iter().flat_map(|scope| all(scope, 2)) {
                match text(all(span, 5)[0]).as_str() {
                    "call" => {
                        calls += 1;
                        assert!(attribute(span, 9, "request").is_some());
                        assert!(attribute(span, 9, "http.request.method").is_some());
                    }
                    "task" => tasks.push((all(span, 1)[0].to_vec(), attribute(span, 9, "run"))),
                    _ => {}
                }
            }
        }
        all_bytes.extend(body);
    }
    assert!(calls >= 3, "{calls}");
    let trace = Sha256::digest(run.as_bytes())[..16].to_vec();
    assert!(tasks.contains(&(trace, Some(run))), "{tasks:?}");
    let seen = String::from_utf8_lossy(&all_bytes);
    assert!(!seen.contains("canary"), "no passwords, no data");
}

#[test]
fn an_endpoint_that_is_none_is_said() {
    let folder = Folder::with(&[]);
    let done = folder.run_with(&["serve", "--data", "data"], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("`collector` in OTEL_EXPORTER_OTLP_ENDPOINT is no address"), "{}", done.err);
}
