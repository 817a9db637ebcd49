//! Whoever watches a run and takes nothing of what it is told.

use crate::{
    place::{Person, settings},
    runs::events,
    working::{Working, text},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    task::JoinSet,
};

/// A run without end, of so many steps that what is told of it is large.
fn endless() -> Value {
    let fields = json!([{ "name": "id", "values": { "sequence": {} } }]);
    let settings = json!({ "records": 4_000_000_000_u64, "fields": fields });
    let mut steps = vec![json!({ "id": "many", "connector": "generator", "settings": settings })];
    let mut links = Vec::new();
    for number in 0..30 {
        steps.push(json!({ "id": format!("end-{number}"), "connector": "discard" }));
        links.push(format!("many -> end-{number}"));
    }
    json!({ "version": 1, "name": "Sans fin", "steps": steps, "links": links })
}

/// Waits until the server says this of itself.
async fn until(bus: &Working, line: &str) {
    let said = async {
        loop {
            let request = Person::nobody().request_at(&Method::GET, "/metrics").body(Body::empty());
            let metrics = bus.place.send(request.expect("a request")).await.text();
            if metrics.lines().any(|known| known == line) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), said).await.unwrap_or_else(|_| panic!("never: {line}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_takes_nothing_is_let_go_and_can_come_back() {
    let settings = gateway::Settings { write_time: Duration::from_millis(300), ..settings() };
    let bus = Working::with(settings).await;
    let id = bus.workflow(endless()).await;
    let run = bus.admin.post(&bus.place, &format!("/workflows/{id}/runs"), json!({})).await.json();
    let run = text(&run["id"]);
    let key = bus.admin.post(&bus.place, "/keys", json!({ "name": "x", "scope": "read" })).await.json();

    // the system holds little for either side, so that the server soon has to wait
    let (near, far) = (TcpSocket::new_v4().expect("a socket"), TcpSocket::new_v4().expect("a socket"));
    near.set_send_buffer_size(4_096).expect("set");
    near.bind("127.0.0.1:0".parse().expect("an address")).expect("bound");
    let (listener, mut serving) = (near.listen(8).expect("listening"), JoinSet::new());
    let address = listener.local_addr().expect("an address");
    serving.spawn(gateway::serve(listener, bus.place.app.clone()));
    far.set_recv_buffer_size(4_096).expect("set");
    let mut client = far.connect(address).await.expect("connected");
    let request = format!(
        "GET /api/v1/runs/{run}/events HTTP/1.1\r\nHost: bus.test\r\nAuthorization: Bearer {}\r\n\r\n",
        text(&key["key"])
    );
    client.write_all(request.as_bytes()).await.expect("sent");
    until(&bus, "semantic_bus_connections 1").await;
    until(&bus, "semantic_bus_connections 0").await;
    until(&bus, "semantic_bus_event_streams 0").await;

    let mut came = Vec::new();
    // cut, not ended
    let _cut = client.read_to_end(&mut came).await;
    let came = String::from_utf8_lossy(&came).into_owned();
    assert!(came.starts_with("HTTP/1.1 200 OK") && !came.ends_with("\r\n0\r\n\r\n"), "{came}");
    // the last line may be cut
    let whole = came.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let last = whole.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("an event").to_owned();

    let path = format!("/runs/{run}/events");
    let headers = [("last-event-id", last.as_str())];
    let (again, ended) = tokio::join!(bus.call(&bus.admin, (Method::GET, &path), &headers, ""), async {
        until(&bus, "semantic_bus_event_streams 1").await;
        bus.admin.post(&bus.place, &format!("/runs/{run}/cancel"), json!({})).await
    });
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let again = events(&again.text());
    let last: u64 = last.parse().expect("a number");
    let ((_, end), before) = again.split_last().expect("the end");
    assert!(before.iter().all(|(id, _)| *id > last), "nothing is told twice");
    assert_eq!(end["status"], "cancelled");
    bus.place.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), serving.join_all()).await;
    assert!(ended.is_ok(), "nothing keeps the server");
}
