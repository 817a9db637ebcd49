use super::{Http, HttpOptions, Names, Retry, guard, retry_after};
use crate::{
    contract::{Finished, Limits, Reading, Secrets},
    kit::probe::{Probe, Ran, context},
};
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A real server on this machine: `answer` gets head and body of each request and the connection.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, &str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&heads), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &seen, answer.as_ref()));
            }
        });
        Self { port, heads }
    }

    /// Answers by `table`: path → status line, headers and body.
    fn of(table: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |head, _, stream| {
            let path = head.split_whitespace().nth(1).unwrap_or_default();
            let found = table.iter().find(|(known, _)| *known == path);
            let (head, body) = found.map_or(("404 Not Found", ""), |(_, answer)| {
                answer.split_once("\n\n").unwrap_or((answer, ""))
            });
            reply(stream, head, body.as_bytes());
        })
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str, &str, &mut TcpStream)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    seen.lock().unwrap().push(head.clone());
    answer(&head, &String::from_utf8(body).unwrap(), &mut stream);
}

fn reply(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = head.replace('\n', "\r\n");
    let text = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    // a client that has broken off is part of some tests
    drop(stream.write_all(text.as_bytes()).and_then(|()| stream.write_all(body)));
}

fn private() -> Http {
    Http::new(HttpOptions { allow_private: true, ..HttpOptions::default() })
}

struct Vault;

impl Secrets for Vault {
    fn get(&self, name: &str) -> Option<String> {
        (name == "key").then(|| "s3cret".to_owned())
    }
}

fn read(settings: Json) -> Ran {
    read_with(settings, private())
}

fn read_with(settings: Json, http: Http) -> Ran {
    Probe::of(crate::connector("http").unwrap(), settings)
        .world(move |parts| {
            parts.http = http;
            parts.secrets = Arc::new(Vault);
        })
        .run()
}

fn failure(ran: &Ran) -> String {
    ran.end.as_ref().unwrap_err().to_string()
}

#[test]
fn private_addresses_are_refused_in_all_their_forms() {
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "localhost",
    ] {
        let ran =
            read_with(json!({ "url": format!("http://{host}:9/x.ndjson"), "retries": 0 }), Http::default());
        assert!(failure(&ran).contains("of a private network"), "{host}: {}", failure(&ran));
    }
    for address in
        ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
    {
        assert!(!guard::is_inside(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn a_redirect_into_the_private_network_is_refused() {
    let server = Server::of(&[
        ("/literal", "302 Found\nlocation: http://[::1]:9/latest"),
        ("/meta", "307 Temporary Redirect\nlocation: http://169.254.169.254/latest"),
        ("/name", "302 Found\nlocation: http://localhost:9/"),
        ("/file", "302 Found\nlocation: file:///etc/passwd"),
        ("/round", "302 Found\nlocation: /round"),
        ("/good", "302 Found\nlocation: /x.ndjson"),
        ("/x.ndjson", "200 OK\n\n{\"a\":1}\n"),
    ]);
    let options = HttpOptions { allowed_hosts: vec!["127.0.0.1".to_owned()], ..HttpOptions::default() };
    let read =
        |path: &str| read_with(json!({ "url": server.url(path), "retries": 0 }), Http::new(options.clone()));
    for path in ["/literal", "/meta", "/name"] {
        assert!(failure(&read(path)).contains("of a private network"), "{path}: {}", failure(&read(path)));
    }
    assert!(failure(&read("/file")).contains("`file:` addresses cannot be called"));
    assert!(failure(&read("/round")).contains("sent elsewhere more than 10 times"));
    assert_eq!(read("/good").out(), json!([{ "a": 1 }]));
}

#[tokio::test]
async fn other_connections_are_guarded_as_well() {
    let names = Rebinding(Mutex::new(vec!["127.0.0.1".parse().unwrap()]));
    let http = Http::with_names(HttpOptions::default(), Arc::new(names));
    for host in ["127.0.0.1", "[::1]", "broker.example.org"] {
        for secured in [false, true] {
            let refused = http.dial((host, 1_883), secured).await.err().expect("refused").to_string();
            assert!(refused.contains("is an address of this machine or of a private network"), "{refused}");
        }
    }
}

/// A name that points outside first and inside then.
struct Rebinding(Mutex<Vec<IpAddr>>);

impl Names for Rebinding {
    fn find(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        Box::pin(async move { Ok(vec![next]) })
    }
}

#[test]
fn a_name_that_comes_to_point_inside_is_refused() {
    // the first address is of a network for documentation, where nobody answers; refused as well
    for addresses in [["127.0.0.1", "127.0.0.1"], ["192.0.2.1", "127.0.0.1"], ["::ffff:10.0.0.1", "::1"]] {
        let names = Rebinding(Mutex::new(addresses.iter().map(|address| address.parse().unwrap()).collect()));
        let http = Http::with_names(HttpOptions::default(), Arc::new(names));
        for _ in 0..2 {
            let ran =
                read_with(json!({ "url": "http://rebind.example/x.ndjson", "retries": 0 }), http.clone());
            assert!(
                failure(&ran).contains("`rebind.example` is an address of this machine"),
                "{}",
                failure(&ran)
            );
        }
    }
}

#[test]
fn who_calls_is_not_told_to_others() {
    let other = Server::of(&[("/x.ndjson", "200 OK\n\n{\"a\":1}\n")]);
    let target = other.url("/x.ndjson");
    let server = Server::start(move |head, _, stream| {
        assert!(head.contains("x-api-key: s3cret"));
        reply(stream, &format!("302 Found\nlocation: {target}"), b"");
    });
    let auth = json!({ "api-key": { "name": "X-API-Key", "key": { "secret": "key" } } });
    assert_eq!(read(json!({ "url": server.url("/"), "auth": auth })).out(), json!([{ "a": 1 }]));
    assert!(!other.heads()[0].contains("s3cret"));
}

#[test]
fn callers_are_known_by_password_token_or_key() {
    let server = Server::of(&[("/x.ndjson", "200 OK\n\n{}\n"), ("/x.ndjson?k=s3cret", "200 OK\n\n{}\n")]);
    let secret = json!({ "secret": "key" });
    for (auth, sent) in [
        (json!({ "basic": { "user": "me", "password": secret } }), "authorization: Basic bWU6czNjcmV0\r\n"),
        (json!({ "bearer": { "token": secret } }), "authorization: Bearer s3cret\r\n"),
        (json!({ "api-key": { "name": "k", "key": secret, "place": "query" } }), "GET /x.ndjson?k=s3cret "),
    ] {
        assert_eq!(read(json!({ "url": server.url("/x.ndjson"), "auth": auth })).out(), json!([{}]));
        let head = server.heads().pop().unwrap();
        assert!(head.contains(sent), "{head}");
    }
    let auth = json!({ "bearer": { "token": { "secret": "other" } } });
    let ran = read(json!({ "url": server.url("/x.ndjson"), "auth": auth }));
    assert!(failure(&ran).starts_with("there is no secret `other`"), "{}", failure(&ran));
}

#[test]
fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let count = Mutex::new(0);
    let server = Server::start(move |head, body, stream| {
        if head.starts_with("POST /token") {
            assert!(head.contains("authorization: Basic bWU6czNjcmV0"), "{head}");
            assert_eq!(body, "grant_type=client_credentials&scope=read");
            let mut count = count.lock().unwrap();
            *count += 1;
            let token =
                format!("{{\"access_token\":\"t{count}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}");
            return reply(stream, "200 OK\ncontent-type: application/json", token.as_bytes());
        }
        if head.contains("authorization: Bearer t2") {
            return reply(stream, "200 OK", b"{\"a\":1}\n");
        }
        reply(stream, "401 Unauthorized", b"");
    });
    let auth = json!({ "oauth2": {
        "token_url": server.url("/token"), "client_id": "me", "client_secret": { "secret": "key" }, "scope": "read",
    } });
    let (http, settings) = (private(), json!({ "url": server.url("/x.ndjson"), "auth": auth }));
    for _ in 0..2 {
        assert_eq!(read_with(settings.clone(), http.clone()).out(), json!([{ "a": 1 }]));
    }
    let calls: Vec<_> =
        server.heads().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(calls, ["/token", "/x.ndjson", "/token", "/x.ndjson", "/x.ndjson"]);
}

#[test]
fn pages_are_followed_in_every_way() {
    let server = Server::of(&[
        ("/n?page=1", "200 OK\n\n{\"n\":1}\n{\"n\":2}\n"),
        ("/n?page=2", "200 OK\n\n{\"n\":3}\n"),
        ("/n?page=3", "200 OK\n\n"),
        ("/o?offset=0&limit=2", "200 OK\n\n{\"n\":1}\n{\"n\":2}\n"),
        ("/o?offset=2&limit=2", "200 OK\n\n{\"n\":3}\n"),
        ("/c", "200 OK\n\n{\"items\":[{\"n\":1},{\"n\":2}],\"meta\":{\"next\":\"a b\"}}"),
        ("/c?cursor=a+b", "200 OK\n\n{\"items\":[{\"n\":3}],\"meta\":{\"next\":null}}"),
        ("/l", "200 OK\n\n{\"items\":[{\"n\":1},{\"n\":2}],\"next\":\"/l2\"}"),
        ("/l2", "200 OK\n\n{\"items\":[{\"n\":3}]}"),
        ("/h", "200 OK\nlink: </h0>; rel=prev, </h2>; rel=\"next\"\n\n{\"n\":1}\n{\"n\":2}\n"),
        ("/h2", "200 OK\n\n{\"n\":3}\n"),
        ("/loop", "200 OK\nlink: </loop>; rel=next\n\n{\"n\":1}\n"),
    ]);
    let items = json!({ "json": { "items": "items" } });
    let read = |path: &str, pages: Json, format: &Json| {
        read(json!({ "url": server.url(path), "pages": pages, "format": format }))
    };
    let (ndjson, all) = (json!("ndjson"), json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }]));
    assert_eq!(read("/n", json!({ "page": {} }), &ndjson).out(), all);
    assert_eq!(read("/n", json!({ "page": { "records": 2 } }), &ndjson).out(), all);
    assert_eq!(read("/o", json!({ "offset": { "records": 2 } }), &ndjson).out(), all);
    assert_eq!(read("/c", json!({ "cursor": { "field": "meta.next" } }), &items).out(), all);
    assert_eq!(read("/l", json!({ "next-link": { "field": "next" } }), &items).out(), all);
    assert_eq!(read("/h", json!("link-header"), &ndjson).out(), all);
    assert!(failure(&read("/loop", json!("link-header"), &ndjson)).contains("the pages go in a circle"));
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let server = Server::start(|head, _, stream| {
        if head.contains("if-none-match: \"v1\"") {
            return reply(stream, "304 Not Modified", b"");
        }
        reply(stream, "200 OK\netag: \"v1\"", b"{\"a\":1}\n");
    });
    let settings = json!({ "url": server.url("/x.ndjson") });
    let first = read(settings.clone());
    assert_eq!(first.out(), json!([{ "a": 1 }]));
    let memory = first.memory.clone();
    let again = Probe::of(crate::connector("http").unwrap(), settings)
        .world(|parts| {
            parts.http = private();
            parts.memory = Mutex::new(memory);
        })
        .run();
    assert_eq!(again.end, Ok(Finished::Read(Reading::Unchanged)));
}

#[test]
fn a_busy_server_is_asked_again() {
    let count = Mutex::new(0);
    let server = Server::start(move |_, _, stream| {
        let mut count = count.lock().unwrap();
        *count += 1;
        match *count {
            1 => reply(stream, "503 Service Unavailable\nretry-after: 1", b""),
            2 => reply(stream, "500 Internal Server Error", b""),
            // the connection breaks before there is an answer
            3 => {}
            _ => reply(stream, "200 OK", b"{\"a\":1}\n"),
        }
    });
    let began = Instant::now();
    assert_eq!(read(json!({ "url": server.url("/x.ndjson") })).out(), json!([{ "a": 1 }]));
    assert!(began.elapsed() > Duration::from_secs(1));
    let ran = read(json!({ "url": Server::of(&[]).url("/x.ndjson") }));
    assert!(failure(&ran).ends_with("the server answered 404 Not Found"), "{}", failure(&ran));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let folder = tempfile::tempdir().unwrap();
    // the clock stands at 2026-03-28T12:00:00Z
    let context = context(Limits::default(), folder.path());
    for (text, seconds) in [
        ("120", Some(120)),
        ("Sat, 28 Mar 2026 12:01:30 GMT", Some(90)),
        ("Sat, 28 Mar 2026 11:00:00 GMT", Some(0)),
        ("soon", None),
    ] {
        assert_eq!(retry_after(text, &context), seconds.map(Duration::from_secs), "{text}");
    }
    assert_eq!(Retry::times(3).times, 3);
}

#[test]
fn slow_endless_and_oversized_answers_end() {
    let slow = Server::start(|_, _, stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":1}\n{"));
        drop(stream.read(&mut [0]));
    });
    let ran = read(json!({ "url": slow.url("/x.ndjson"), "timeout": 1, "retries": 0 }));
    assert!(failure(&ran).contains("the answer stopped for 1 seconds"), "{}", failure(&ran));
    assert_eq!(ran.json("out"), json!([{ "a": 1 }]), "what came before goes on");

    let silent = Server::start(|_, _, stream| drop(stream.read(&mut [0])));
    let ran = read(json!({ "url": silent.url("/x.ndjson"), "timeout": 1, "retries": 0 }));
    assert!(failure(&ran).contains("no answer within 1 seconds"), "{}", failure(&ran));

    let endless = Server::start(|_, _, stream| {
        let mut fine = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_ok();
        while fine {
            fine = stream.write_all(&b"{\"a\":1}\n".repeat(1_000)).is_ok();
        }
    });
    let ran = read(json!({ "url": endless.url("/x.ndjson"), "most_bytes": 100_000 }));
    assert!(failure(&ran).contains("larger than 100000 bytes"), "{}", failure(&ran));
}

#[test]
fn packed_answers_are_opened() {
    let server = Server::start(|head, _, stream| {
        assert!(head.contains("accept-encoding: gzip"));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(b"{\"a\":1}\n").unwrap();
        let encoding = if head.contains("GET /x.ndjson") { "gzip" } else { "br" };
        reply(stream, &format!("200 OK\ncontent-encoding: {encoding}"), &packed.finish().unwrap());
    });
    assert_eq!(read(json!({ "url": server.url("/x.ndjson") })).out(), json!([{ "a": 1 }]));
    let ran = read(json!({ "url": server.url("/y.ndjson") }));
    assert!(failure(&ran).contains("packed as `br`"), "{}", failure(&ran));
}

#[test]
fn records_are_sent_and_refused_ones_come_back() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (seen, once) = (Arc::clone(&bodies), Mutex::new(true));
    let server = Server::start(move |head, body, stream| {
        assert!(head.contains("content-type: application/json"), "{head}");
        let key = head.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap().to_owned();
        seen.lock().unwrap().push((head.lines().next().unwrap().to_owned(), body.to_owned(), key));
        if body.contains('3') && std::mem::take(&mut *once.lock().unwrap()) {
            return reply(stream, "503 Busy\nretry-after: 0", b"");
        }
        if body.contains('2') {
            return reply(stream, "422 Unprocessable Entity", b"two is\nnot taken");
        }
        reply(stream, "201 Created", b"");
    });
    let ran = Probe::of(crate::connector("http-out").unwrap(), json!({ "url": server.url("/items/{id}") }))
        .input("in", &json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }]))
        .world(|parts| parts.http = private())
        .run();
    let Ok(Finished::Wrote(receipt)) = &ran.end else { panic!("{:?}", ran.end) };
    assert_eq!((receipt.written, receipt.refused), (2, 1));
    let errors = ran.json("errors");
    assert_eq!(errors[0]["record"], json!({ "id": 2 }));
    assert_eq!(errors[0]["reason"], "the server answered 422 Unprocessable Entity: two is not taken");
    let seen = bodies.lock().unwrap();
    assert_eq!((seen[0].0.as_str(), seen[0].1.as_str()), ("POST /items/1 HTTP/1.1", "{\"id\":1}"));
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[2].2, seen[3].2, "a repeated call has the same key");
    assert_ne!(seen[0].2, seen[2].2);
}
