//! The process is killed at random moments while it runs workflows: what was accepted is done, once.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed; the child tells its parent")]

use backplane::{Collection, Expect, Priority, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{RunStatus, StartedBy},
};
use connectors::contract::Limits;
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, Split, Start, SystemClock};

const WORKFLOWS: Collection = Collection { name: "workflows", indexes: &[] };
const RUNS: Collection = Collection { name: "runs", indexes: &[] };
const KILLS: usize = 100;
const RECORDS: i64 = 300;

/// Numbers from `n` on: all of them downwards, and the upper half as they come.
fn document() -> Json {
    json!({
        "version": 1,
        "parameters": { "n": { "type": "integer" } },
        "steps": [
            { "id": "in", "connector": "generator", "settings": {
                "records": RECORDS,
                "fields": [{ "name": "number", "values": { "sequence": { "start": "${n}" } } }],
            } },
            { "id": "down", "connector": "sort", "settings": {
                "by": [{ "field": "number", "direction": "descending" }],
            } },
            { "id": "out-down", "connector": "file-out", "settings": { "path": "down-${n}.ndjson" } },
            { "id": "upper", "connector": "filter", "settings": { "expression": "number >= params.n + 150" } },
            { "id": "out-upper", "connector": "file-out", "settings": { "path": "upper-${n}.ndjson" } },
            { "id": "own", "connector": "publish", "settings": { "slug": "run-${n}" } },
            { "id": "latest", "connector": "publish", "settings": { "slug": "latest" } },
        ],
        "links": [
            "in -> down -> out-down", "in -> upper -> out-upper", "down -> own", "in -> latest",
        ],
    })
}

fn lines(numbers: impl Iterator<Item = i64>) -> String {
    numbers.map(|number| format!("{{\"number\":{number}}}\n")).collect()
}

/// Two nodes on one folder: one whose runs are one task, one whose runs are cut into stages.
struct Nodes {
    store: Embedded,
    buses: Vec<Bus>,
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Nodes {
    async fn open(folder: &Path) -> Self {
        let store = Embedded::open(&folder.join("data"), Arc::new(|| workers::now(&SystemClock)))
            .expect("the folder opens after every kill");
        let body = json!({
            "form": 1, "document": document(), "owner": "me", "shares": [], "draft": false,
            "changed": "2026-11-25T00:00:00Z", "by": "me", "revision": 1,
        });
        store.save(WORKFLOWS, "w", body.into(), Expect::Anything).await.expect("saved");
        let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
        let node = |(name, split): (&str, Split)| {
            Bus::new(BusParts {
                node: name.to_owned(),
                broker: Arc::new(store.clone()),
                store: Arc::new(store.clone()),
                clock: Arc::new(SystemClock),
                find: connectors::connector,
                catalogue: Arc::new(connectors::Connectors),
                http: connectors::kit::http::Http::default(),
                limits: Limits::default(),
                folder: folder.join("files"),
                scratch: folder.join("scratch"),
                slots: 2,
                settings: BusSettings {
                    split,
                    chunk_records: 100,
                    kept_records: 20,
                    share: Some(4),
                    sweep: Duration::from_millis(500),
                    patience: Duration::from_secs(5),
                    ..BusSettings::default()
                },
            })
        };
        let buses: Vec<Bus> = [("whole", Split::Never), ("parts", Split::Always)].map(node).into();
        for bus in &buses {
            let (bus, stop) = (bus.clone(), stop.clone());
            work.spawn(async move { bus.work(stop).await });
        }
        Self { store, buses, stop, work }
    }
}

async fn start(bus: &Bus, n: i64) -> String {
    let asked = Start {
        workflow: "w".to_owned(),
        parameters: serde_json::Map::from_iter([("n".to_owned(), n.into())]),
        inputs: BTreeMap::new(),
        by: StartedBy::Call,
        language: Language::En,
        priority: Priority::Interactive,
    };
    bus.start(asked).await.expect("accepted").id
}

/// Not a test: what the killed process does. It starts runs and says which were accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below"]
async fn child() {
    let folder = env::var_os("WORKERS_FOLDER").expect("a folder");
    let round = env::var_os("WORKERS_ROUND").expect("a round").into_string().expect("text");
    let round: i64 = round.parse().expect("a number");
    let nodes = Nodes::open(folder.as_ref()).await;
    let mut producers = JoinSet::new();
    for (which, bus) in (0..).zip(nodes.buses.clone()) {
        producers.spawn(async move {
            for number in 0.. {
                let n = (round * 1_000 + number * 2 + which) * 1_000;
                let run = start(&bus, n).await;
                say(&format!("accepted {run} {n}"));
                // a few at a time: what is left when the process dies is done by the next
                if number % 2 == 1 {
                    let ended = bus.wait(&run, Duration::from_secs(60)).await.expect("read");
                    if ended.status == RunStatus::Succeeded {
                        say(&format!("done {run} {n}"));
                    }
                }
            }
        });
    }
    producers.join_all().await;
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_does_all_it_has_accepted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut accepted, mut done) = (BTreeMap::new(), 0);
    // a simple generator is random enough for moments, and repeats
    let mut seed = 20_261_125_u64;
    for round in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(10 + (seed >> 33) % 150);
        for line in run_and_kill(folder.path(), round, moment) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["accepted", run, n] => drop(accepted.insert(run.to_owned(), n.parse::<i64>().expect("n"))),
                ["done", ..] => done += 1,
                _ => {}
            }
        }
    }
    let mut nodes = Nodes::open(folder.path()).await;
    let bus = nodes.buses.first().expect("a node").clone();
    let mut wrong = Vec::new();
    for (run, n) in &accepted {
        let ended = bus.wait(run, Duration::from_secs(120)).await.expect("every accepted run is there");
        if ended.status != RunStatus::Succeeded {
            let stored = nodes.store.get(RUNS, run).await.expect("read").expect("there");
            wrong.push(format!("{run} {:?} {:#}", ended.status, stored.body.json()["state"]));
            continue;
        }
        assert_eq!((ended.written, ended.refused), (3 * RECORDS.unsigned_abs() + 150, 0), "{run}");
        let file = |name: &str| fs::read_to_string(folder.path().join("files/w").join(name));
        let down = file(&format!("down-{n}.ndjson")).expect("written");
        let upper = file(&format!("upper-{n}.ndjson")).expect("written");
        assert!(down == lines((*n..n + RECORDS).rev()), "{run}: down-{n}");
        assert!(upper == lines(n + 150..n + RECORDS), "{run}: upper-{n}");
        let own: Vec<i64> = (*n..n + RECORDS).rev().collect();
        assert!(published(&bus, &format!("run-{n}")).await == own, "{run}: published");
    }
    // whichever run was last: all of one run, once
    let latest = published(&bus, "latest").await;
    let first = latest.first().copied().expect("records");
    assert!(latest == (first..first + RECORDS).collect::<Vec<_>>(), "{latest:?}");
    assert!(accepted.values().any(|n| *n == first), "{first}");
    println!(
        "{KILLS} kills: {} runs accepted, {done} seen done before a kill, {} wrong",
        accepted.len(),
        wrong.len()
    );
    assert!(accepted.len() > KILLS, "the child did too little: {}", accepted.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bus.dead_letters(10).await.expect("read").is_empty());
    nodes.stop.cancel();
    while nodes.work.join_next().await.is_some() {}
    drop(nodes.store);
}

/// The numbers that are published under a name.
async fn published(bus: &Bus, slug: &str) -> Vec<i64> {
    let mut records = bus.publications().batches(slug).await.expect("published");
    let mut numbers = Vec::new();
    while let Some(batch) = records.next().await.expect("read") {
        numbers.extend(batch.records().filter_map(|record| record.to_json()["number"].as_i64()));
    }
    numbers
}

/// Runs the child, kills it (SIGKILL) some time after its first word, and gives what it said.
fn run_and_kill(folder: &Path, round: usize, moment: Duration) -> Vec<String> {
    let mut child = Command::new(env::current_exe().expect("our own path"))
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env("WORKERS_FOLDER", folder)
        .env("WORKERS_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("started");
    let reader = BufReader::new(child.stdout.take().expect("piped"));
    let (mut said, mut first) = (Vec::new(), None);
    for line in reader.lines() {
        // the last line may be cut
        let Ok(line) = line else { break };
        if line.starts_with("accepted") || line.starts_with("done") {
            said.push(line);
            first.get_or_insert_with(Instant::now);
        }
        if first.is_some_and(|first: Instant| first.elapsed() >= moment) {
            child.kill().expect("killed");
            break;
        }
    }
    child.wait().expect("ended");
    said
}
