//! Whoever listens is killed in the middle of a stream of messages: another goes on, and no message is lost.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on has failed; the children tell their parent"
)]

use backplane::{
    Broker, Store,
    amqp::{Amqp, AmqpSettings},
    mongo::{Mongo, MongoSettings},
};
use bus_core::{Language, workflow::Workflow};
use connectors::{
    contract::Limits,
    kit::http::{Http, HttpOptions},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    env,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use test_servers::{Mosquitto, amqp, mongodb};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, SystemClock};

const KILLS: usize = 4;
/// Messages are sent this often.
const PACE: Duration = Duration::from_millis(10);

/// The places that all processes share.
#[derive(Clone)]
struct Places {
    amqp: String,
    mongodb: String,
    database: String,
}

impl Places {
    async fn bus(&self, node: &str, folder: &Path, slots: usize) -> Bus {
        let mongo = MongoSettings { database: self.database.clone(), ..MongoSettings::new(&self.mongodb) };
        let store: Arc<dyn Store> = Mongo::connect(mongo).await.expect("the store");
        let amqp = AmqpSettings {
            prefix: self.database.clone(),
            ..AmqpSettings::new(&self.amqp, Arc::new(|| workers::now(&SystemClock)))
        };
        let broker: Arc<dyn Broker> = Amqp::connect(amqp).await.expect("the broker");
        Bus::new(BusParts {
            node: node.to_owned(),
            broker,
            store,
            clock: Arc::new(SystemClock),
            find: connectors::connector,
            catalogue: Arc::new(connectors::Connectors),
            http: Http::new(HttpOptions { allow_private: true, ..HttpOptions::default() }),
            limits: Limits::default(),
            folder: folder.join("files"),
            scratch: folder.join("scratch"),
            slots,
            settings: BusSettings { shared: true, ..BusSettings::default() }
                .redelivering_after(Duration::from_secs(5)),
        })
    }

    fn worker(&self, node: &str, folder: &Path) -> Child {
        Command::new(env::current_exe().expect("our own path"))
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env("WORKERS_NODE", node)
            .env("WORKERS_FOLDER", folder)
            .env("WORKERS_AMQP", &self.amqp)
            .env("WORKERS_MONGODB", &self.mongodb)
            .env("WORKERS_DATABASE", &self.database)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("started")
    }
}

/// Not a test: a worker that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below"]
async fn child() {
    let of = |name: &str| env::var_os(name).expect("given").into_string().expect("text");
    let places =
        Places { amqp: of("WORKERS_AMQP"), mongodb: of("WORKERS_MONGODB"), database: of("WORKERS_DATABASE") };
    let bus = places.bus(&of("WORKERS_NODE"), of("WORKERS_FOLDER").as_ref(), 4).await;
    bus.work(CancellationToken::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_killed_loses_no_message() {
    let (queue, store) = (amqp().expect("a broker"), mongodb().expect("a store"));
    let source = Mosquitto::start().expect("a broker of messages");
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("live_{}", std::process::id());
    let places = Places { amqp: queue.uri.clone(), mongodb: store.uri.clone(), database };
    let watcher = places.bus("watcher", folder.path(), 0).await;
    let id = watcher.workflows().create(document(&source), "me").await.expect("saved").id;
    let mut workers: BTreeMap<String, Child> = BTreeMap::new();
    for node in ["one", "two"] {
        workers.insert(node.to_owned(), places.worker(node, folder.path()));
    }
    holder(&watcher, &id, "").await;
    let stop = CancellationToken::new();
    let sending = send_numbers(&source, &stop);
    let mut moved = Vec::new();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let held = holder(&watcher, &id, "").await;
        let mut killed = workers.remove(&held).expect("one of ours");
        killed.kill().expect("killed");
        killed.wait().expect("ended");
        let (start, next) = (Instant::now(), format!("next-{kill}"));
        workers.insert(next.clone(), places.worker(&next, folder.path()));
        let other = holder(&watcher, &id, &held).await;
        moved.push(format!("{held} to {other} in {:.1} s", start.elapsed().as_secs_f64()));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    let sent = sending.join().expect("sent all");
    let start = Instant::now();
    let counts = loop {
        let counts = numbers(&watcher, &id).await;
        if counts.len() as u64 == sent || start.elapsed() > Duration::from_secs(90) {
            break counts;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let again: u64 = counts.values().map(|count| count - 1).sum();
    println!("{KILLS} kills: {sent} messages sent, {} came out, {again} of them again", counts.len());
    println!("moved {}", moved.join(", "));
    let missing: Vec<u64> = (0..sent).filter(|n| !counts.contains_key(n)).collect();
    for mut worker in workers.into_values() {
        worker.kill().expect("killed");
        worker.wait().expect("ended");
    }
    assert!(missing.is_empty(), "lost: {missing:?}");
}

fn document(source: &Mosquitto) -> Workflow {
    serde_json::from_value(json!({
        "version": 1,
        "triggers": [{ "live": { "messages": 50 } }],
        "steps": [
            { "id": "in", "connector": "mqtt", "settings": { "address": source.uri(), "topics": ["numbers"] } },
            { "id": "out", "connector": "discard" },
        ],
        "links": ["in -> out"],
    }))
    .expect("a document")
}

/// Sends numbers from 0 on until stopped; gives how many.
fn send_numbers(source: &Mosquitto, stop: &CancellationToken) -> thread::JoinHandle<u64> {
    let (stop, mut sender) = (stop.clone(), source.sender().expect("connected"));
    thread::spawn(move || {
        let mut n = 0_u64;
        while !stop.is_cancelled() {
            sender.send("numbers", format!("{{\"n\":{n}}}").as_bytes(), false).expect("sent");
            n += 1;
            thread::park_timeout(PACE);
        }
        n
    })
}

/// The node that listens and is connected, when it is another than `not`.
async fn holder(bus: &Bus, id: &str, not: &str) -> String {
    let start = Instant::now();
    loop {
        let state = bus.listeners().state(id, Language::En).await.expect("read");
        let connected = state.steps.values().any(|step| step.connected);
        if let Some(node) = state.node.filter(|node| node != not && connected) {
            return node;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "nobody listens");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How often each number has come out of the runs that are done.
async fn numbers(bus: &Bus, id: &str) -> BTreeMap<u64, u64> {
    let (mut counts, mut after) = (BTreeMap::new(), None);
    loop {
        let page = bus.runs(id, after.as_deref(), 200).await.expect("read");
        for run in page.items.iter().filter(|run| run.status.has_ended()) {
            let Ok(mut records) = bus.records(&run.id, "in", "out").await else { continue };
            while let Some(batch) = records.next().await.expect("read") {
                for record in batch.records() {
                    let n = record.to_json()["n"].as_u64().expect("a number");
                    *counts.entry(n).or_default() += 1;
                }
            }
        }
        after = page.next;
        if after.is_none() {
            return counts;
        }
    }
}
