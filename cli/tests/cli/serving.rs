//! The server as a process: its data folder, and what it does not let others do to it.

use crate::program::{Done, Folder};
use bus_core::api::CSRF_HEADER;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
    time::Duration,
};

const SERVE: [&str; 5] = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];

/// A server that runs until it is stopped.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// The token of the link to make the first account, if there was one.
    token: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // it has ended already, unless the test has failed
        let _ended = self.child.kill();
    }
}

impl Server {
    fn start(folder: &Folder) -> Self {
        Self::start_with(folder, &[])
    }

    pub(crate) fn start_with(folder: &Folder, environment: &[(&str, &str)]) -> Self {
        // an account is to be made as long as nothing is there
        let is_new = !folder.path("data/store.redb").exists();
        let mut child = folder.start_with(&SERVE, environment);
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let (mut said, mut address, mut token) = (Vec::new(), None, None);
        while (address.is_none() || (is_new && token.is_none()))
            && let Some(Ok(line)) = lines.next()
        {
            if let Some(url) = line.strip_prefix("Semantic Bus is at http://localhost:") {
                address = Some(format!("127.0.0.1:{url}"));
            }
            if line.starts_with("make the first account") {
                token = line.split_once('#').map(|(_, token)| token.to_owned());
            }
            said.push(line);
        }
        // whatever else it says must find a reader
        std::thread::spawn(move || lines.for_each(drop));
        assert!(address.is_some(), "it does not serve: {said:?}");
        let address = address.unwrap_or_default();
        Self { child, address, token }
    }

    /// Makes a call, with what a browser that is signed in sends along, and gives head and body of the answer.
    fn call(&self, (method, path): (&str, &str), session: &str, body: &str) -> (String, String) {
        let mut stream = self.connect();
        let address = &self.address;
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n{session}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
        (head.to_owned(), body.to_owned())
    }

    /// Makes the first account and a workflow, and runs that to its end; the run.
    pub(crate) fn short_run(&self) -> String {
        let token = self.token.as_deref().expect("a link");
        let account = format!(
            r#"{{"token":"{token}","name":"Ada","email":"ada@example.org","password":"canary-password-1"}}"#
        );
        let (head, session) = self.call(("POST", "/accounts/first"), "", &account);
        let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let cookie = head.split("set-cookie: ").nth(1).and_then(|rest| rest.split(';').next());
        let csrf = json(&session)["csrf"].as_str().expect("a token").to_owned();
        let session = format!("Cookie: {}\r\n{CSRF_HEADER}: {csrf}\r\n", cookie.expect("a cookie"));
        let document = r#"{"document":{"version":1,"name":"W","steps":[
            {"id":"in","connector":"records","settings":{"records":[{"n":"canary-data"}]}},
            {"id":"out","connector":"discard"}],"links":["in -> out"]}}"#;
        let (_, made) = self.call(("POST", "/workflows"), &session, document);
        let id = json(&made)["summary"]["id"].as_str().expect("an id").to_owned();
        let (_, run) = self.call(("POST", &format!("/workflows/{id}/runs")), &session, "{}");
        let run = json(&run)["id"].as_str().expect("an id").to_owned();
        // the stream ends when the run does
        let (_, events) = self.call(("GET", &format!("/runs/{run}/events")), &session, "");
        assert!(events.contains(r#""status":"succeeded""#), "{events}");
        run
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
        stream
    }

    /// Stops it as a person does, and waits for its end.
    pub(crate) fn stop(mut self) {
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
