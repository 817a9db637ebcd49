//! Whoever listens is killed, or stands still, in the middle of a stream of messages: another goes on, and no message
//! is lost.
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
use rustix::process::{Pid, Signal, kill_process};
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
use test_servers::{MongoServer, Mosquitto, RabbitMq, There, amqp, mongodb};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, SystemClock};

const KILLS: usize = 4;
/// Messages of a run: of the one that was just accepted the acknowledgement may not have been sent.
const BATCH: u64 = 50;
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

/// Two workers, one of which listens, and somebody who watches.
struct Scene {
    places: Places,
    watcher: Bus,
    id: String,
    workers: BTreeMap<String, Child>,
    source: Mosquitto,
    folder: tempfile::TempDir,
    _servers: (There<RabbitMq>, There<MongoServer>),
}

impl Scene {
    async fn begin(name: &str) -> Self {
        let (queue, store) = (amqp().expect("a broker"), mongodb().expect("a store"));
        let source = Mosquitto::start().expect("a broker of messages");
        let folder = tempfile::tempdir().expect("a folder");
        let database = format!("{name}_{}", std::process::id());
        let places = Places { amqp: queue.uri.clone(), mongodb: store.uri.clone(), database };
        let watcher = places.bus("watcher", folder.path(), 0).await;
        let id = watcher.workflows().create(document(&source), "me").await.expect("saved").id;
        let (workers, servers) = (BTreeMap::new(), (queue, store));
        let mut scene = Self { places, watcher, id, workers, source, folder, _servers: servers };
        for node in ["one", "two"] {
            scene.start(node);
        }
        scene.holder("").await;
        scene
    }

    fn start(&mut self, node: &str) {
        self.workers.insert(node.to_owned(), self.places.worker(node, self.folder.path()));
    }

    async fn holder(&self, not: &str) -> String {
        holder(&self.watcher, &self.id, not).await
    }

    /// All that were sent come out before time is up, and of those that `breaks` interrupted at most a batch again.
    async fn all_come_out(&self, sent: u64, breaks: u64) -> String {
        let start = Instant::now();
        let counts = loop {
            let counts = numbers(&self.watcher, &self.id).await;
            if counts.len() as u64 == sent || start.elapsed() > Duration::from_secs(90) {
                break counts;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        let missing: Vec<u64> = (0..sent).filter(|n| !counts.contains_key(n)).collect();
        let again: u64 = counts.values().map(|count| count - 1).sum();
        assert!(missing.is_empty(), "lost: {missing:?}");
        assert!(again <= breaks * BATCH, "{again} came again");
        format!("{breaks} breaks: {sent} messages sent, {again} of them came again")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for worker in self.workers.values_mut() {
            // one that is gone already is as good
            let _gone = worker.kill();
            let _gone = worker.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_killed_loses_no_message() {
    let mut scene = Scene::begin("live").await;
    let stop = CancellationToken::new();
    let sending = send_numbers(&scene.source, &stop);
    let mut moved = Vec::new();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let held = scene.holder("").await;
        let mut killed = scene.workers.remove(&held).expect("one of ours");
        killed.kill().expect("killed");
        killed.wait().expect("ended");
        let start = Instant::now();
        scene.start(&format!("next-{kill}"));
        let other = scene.holder(&held).await;
        moved.push(format!("{held} to {other} in {:.1} s", start.elapsed().as_secs_f64()));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    let sent = sending.join().expect("sent all");
    println!("moved {}", moved.join(", "));
    println!("{}", scene.all_come_out(sent, KILLS as u64).await);
}

/// A node that stood still believes that it listens still: its token is old, and nothing it has is done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_was_frozen_does_nothing_late() {
    let scene = Scene::begin("frozen").await;
    let stop = CancellationToken::new();
    let sending = send_numbers(&scene.source, &stop);
    let mut before = scene.holder("").await;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let frozen = Pid::from_child(scene.workers.get(&before).expect("one of ours"));
        kill_process(frozen, Signal::STOP).expect("frozen");
        let other = scene.holder(&before).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        kill_process(frozen, Signal::CONT).expect("thawed");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(scene.holder("").await, other, "who was frozen takes nothing back");
        before = other;
    }
    stop.cancel();
    let sent = sending.join().expect("sent all");
    println!("{}", scene.all_come_out(sent, 2).await);
}

fn document(source: &Mosquitto) -> Workflow {
    serde_json::from_value(json!({
        "version": 1,
        "triggers": [{ "live": { "messages": BATCH } }],
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
