//! Over a real connection: cookies, headers that are too large, slow headers, the end.

use crate::place::{PASSWORD, Place, settings};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Serves a place until it is stopped.
pub(crate) async fn served(place: &Place, tasks: &mut JoinSet<io::Result<()>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tasks.spawn(gateway::serve(listener, place.app.clone()));
    address
}

/// Sends text as it is and reads all that comes back.
async fn exchanged(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // a server that has heard enough may close while we still write
    let _written = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let _read = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_browser_signs_in_and_comes_back_with_its_cookie() {
    let (place, mut tasks) = (Place::new().await, JoinSet::new());
    place.first().await;
    let address = served(&place, &mut tasks).await;
    let body = format!(r#"{{"email":"admin@example.org","password":"{PASSWORD}"}}"#);
    let answer = exchanged(
        address,
        &format!(
            "POST /api/v1/session HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let cookie =
        answer.split("set-cookie: ").nth(1).and_then(|rest| rest.split(';').next()).expect("a cookie");
    let answer = exchanged(
        address,
        &format!(
            "GET /api/v1/keys HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("[]"), "{answer}");
    place.stop.cancel();
    tasks.join_all().await;
}

#[tokio::test]
async fn headers_have_a_limit_in_size_and_time() {
    let settings = gateway::Settings { header_time: Duration::from_millis(200), ..settings() };
    let (place, mut tasks) = (Place::with(settings).await, JoinSet::new());
    let address = served(&place, &mut tasks).await;
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(exchanged(address, &large).await.starts_with("HTTP/1.1 431"));
    let many: String = (0..1_000).map(|n| format!("X-{n}: x\r\n")).collect();
    let answer = exchanged(address, &format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let slow = exchanged(address, "GET / HTTP/1.1\r\nHost:").await;
    assert!(!slow.contains("200"), "closed after a while: {slow}");
    place.stop.cancel();
    tasks.join_all().await;
}

#[tokio::test]
async fn stopping_ends_idle_connections_and_lets_calls_finish() {
    let (place, mut tasks) = (Place::new().await, JoinSet::new());
    let address = served(&place, &mut tasks).await;
    let mut idle = TcpStream::connect(address).await.expect("connected");
    idle.write_all(b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("answered");
    assert_eq!(&first, b"HTTP/1.1 200");

    let mut busy = TcpStream::connect(address).await.expect("connected");
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    busy.write_all(head.as_bytes()).await.expect("sent");
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).await.expect("the call is under way");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    place.stop.cancel();
    busy.write_all(b"{}").await.expect("sent");
    let mut rest = String::new();
    busy.read_to_string(&mut rest).await.expect("answered and closed");
    assert!(rest.starts_with("HTTP/1.1 422"), "{rest}");
    let ended = tokio::time::timeout(Duration::from_secs(5), tasks.join_all()).await;
    assert!(ended.is_ok(), "the idle connection does not keep the server");
}
