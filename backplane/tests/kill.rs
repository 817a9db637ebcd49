//! The process is killed at random moments under load: what was promised is kept.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed; the child tells its parent")]

use backplane::{Broker, Collection, Expect, Message, Priority, Store, embedded::Embedded};
use serde_json::json;
use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const DONE: Collection = Collection { name: "done", indexes: &[] };
const KILLS: usize = 100;

fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, Arc::new(|| 0)).expect("the folder opens after every kill")
}

/// Not a test: what the killed process does. It publishes, works and says what was confirmed to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below"]
async fn child() {
    let folder = env::var_os("BACKPLANE_FOLDER").expect("a folder");
    let round = env::var_os("BACKPLANE_ROUND").expect("a round").into_string().expect("text");
    let node = Arc::new(open(folder.as_ref()));
    let mut tasks = JoinSet::new();
    for producer in 0..3 {
        let (node, round) = (Arc::clone(&node), round.clone());
        tasks.spawn(async move {
            for n in 0_u64.. {
                let id = format!("{round}-{producer}-{n}");
                let message =
                    Message { id: id.clone(), version: 1, priority: Priority::Batch, body: vec![1; 100] };
                node.publish("work", message, Duration::ZERO).await.expect("published");
                say(&id);
            }
        });
    }
    for _ in 0..2 {
        let node = Arc::clone(&node);
        tasks.spawn(async move {
            let mut consumer = node.consume("work", 8).await.expect("consuming");
            while let Some(delivery) = consumer.next().await {
                // the result first, the acknowledgement after it
                node.save(
                    DONE,
                    &delivery.message.id,
                    json!({ "attempt": delivery.attempt }).into(),
                    Expect::Anything,
                )
                .await
                .expect("saved");
                delivery.ack().await.expect("acknowledged");
            }
        });
    }
    tasks.join_all().await;
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "confirmed {line}").and_then(|()| out.flush()).expect("the parent listens");
}

#[tokio::test]
async fn a_killed_process_keeps_its_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut confirmed = BTreeSet::new();
    // a simple generator is random enough for moments, and repeats
    let mut seed = 20_261_123_u64;
    for round in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(30 + (seed >> 33) % 90);
        confirmed.extend(run_and_kill(folder.path(), round, moment));
    }
    let node = open(folder.path());
    let mut waiting = BTreeSet::new();
    let mut consumer = node.consume("work", u16::MAX).await.expect("consuming");
    let mut held = Vec::new();
    while let Ok(Some(delivery)) = tokio::time::timeout(Duration::from_millis(500), consumer.next()).await {
        waiting.insert(delivery.message.id.clone());
        held.push(delivery);
    }
    let mut lost = Vec::new();
    for id in &confirmed {
        if !waiting.contains(id) && node.get(DONE, id).await.expect("read").is_none() {
            lost.push(id);
        }
    }
    println!(
        "{KILLS} kills: {} messages confirmed, {} wait, {} lost",
        confirmed.len(),
        waiting.len(),
        lost.len()
    );
    assert!(confirmed.len() > KILLS, "the child did too little: {}", confirmed.len());
    assert!(lost.is_empty(), "{lost:?}");
}

/// Runs the child, kills it (SIGKILL) some time after its first word, and gives what was confirmed to it.
fn run_and_kill(folder: &Path, round: usize, moment: Duration) -> Vec<String> {
    let mut child = Command::new(env::current_exe().expect("our own path"))
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env("BACKPLANE_FOLDER", folder)
        .env("BACKPLANE_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("started");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (mut confirmed, mut first) = (Vec::new(), None);
    for line in lines {
        // the last line may be cut
        let Ok(line) = line else { break };
        confirmed.extend(line.strip_prefix("confirmed ").map(str::to_owned));
        let start = *first.get_or_insert_with(Instant::now);
        if start.elapsed() >= moment {
            child.kill().expect("killed");
            break;
        }
    }
    child.wait().expect("ended");
    confirmed
}
