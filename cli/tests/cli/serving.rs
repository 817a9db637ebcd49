//! The server as a process: its data folder, and what it does not let others do to it.

use crate::program::{Done, Folder};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
    time::Duration,
};

const SERVE: [&str; 5] = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];

/// A server that runs until it is stopped.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // it has ended already, unless the test has failed
        let _ended = self.child.kill();
    }
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut child = folder.start(&SERVE);
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let (mut said, mut address) = (Vec::new(), None);
        while let Some(Ok(line)) = lines.next() {
            if let Some(url) = line.strip_prefix("Semantic Bus is at http://localhost:") {
                address = Some(format!("127.0.0.1:{url}"));
            }
            said.push(line);
            if address.is_some() {
                break;
            }
        }
        // whatever else it says must find a reader
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap_or_else(|| panic!("it does not serve: {said:?}"));
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
        stream
    }

    /// Stops it as a person does, and waits for its end.
    fn stop(mut self) {
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("sent").success());
        let ended = self.child.wait().expect("ended");
        assert!(ended.success(), "{ended}");
    }
}

#[test]
fn a_folder_is_for_one_process() {
    let folder = Folder::with(&[]);
    let server = Server::start(&folder);
    let second = folder.run(&SERVE);
    assert_eq!(second.code, 5, "{}", second.err);
    let holder = format!("is in use by process {}: stop it, or choose another folder", server.child.id());
    assert!(second.err.contains(&holder), "{}", second.err);
    let mut french = vec!["--lang", "fr"];
    french.extend(SERVE);
    assert!(folder.run(&french).err.contains("est utilisé par le processus"), "the reason in French");
    // the first one goes on
    let mut stream = server.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.ends_with("ok\n"), "{answer}");
    server.stop();
    Server::start(&folder).stop();
}

/// Starts on a store that was damaged, and must leave it as it is.
fn refused(folder: &Folder, damaged: &[u8]) -> Done {
    let store = folder.path("data/store.redb");
    fs::write(&store, damaged).expect("written");
    let done = folder.run(&SERVE);
    assert_eq!(done.code, 4, "{}", done.err);
    assert!(fs::read(&store).expect("still there") == damaged, "the damaged store is as it was");
    done
}

#[test]
fn a_damaged_folder_is_told_and_nothing_of_it_is_deleted() {
    let folder = Folder::with(&[]);
    Server::start(&folder).stop();
    fs::create_dir_all(folder.path("data/files/w")).expect("made");
    folder.write("data/files/w/mine.csv", "a\n1\n");
    let sound = fs::read(folder.path("data/store.redb")).expect("a store");
    let mut flipped = sound.clone();
    flipped.iter_mut().take(4_096).for_each(|byte| *byte ^= 0x55);
    for damaged in [b"this is no store".to_vec(), flipped, sound[..sound.len() / 2].to_vec()] {
        let done = refused(&folder, &damaged);
        assert!(done.err.contains("store.redb cannot be read ("), "{}", done.err);
        let advice = "nothing was deleted: put a copy of it back, or move it away to start empty";
        assert!(done.err.contains(advice), "{}", done.err);
    }
    assert_eq!(fs::read_to_string(folder.path("data/files/w/mine.csv")).expect("there"), "a\n1\n");
    // the advice, followed
    fs::write(folder.path("data/store.redb"), sound).expect("written");
    Server::start(&folder).stop();
    fs::rename(folder.path("data/store.redb"), folder.path("data/away.redb")).expect("moved");
    Server::start(&folder).stop();
}

#[test]
fn a_body_without_end_is_cut() {
    let folder = Folder::with(&[]);
    let server = Server::start(&folder);
    let mut stream = server.connect();
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
    let mut sent = 0;
    while stream.write_all(chunk.as_bytes()).is_ok() {
        sent += 1 << 16;
        assert!(sent < 256 << 20, "it takes everything");
    }
    let mut answer = Vec::new();
    // the connection is closed although we have not read to its end
    let _closed = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");

    let mut stream = server.connect();
    let head = head.replace("Transfer-Encoding: chunked", "Content-Length: 99999999999");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("answered at once");
    assert_eq!(&first, b"HTTP/1.1 413");
    server.stop();
}
