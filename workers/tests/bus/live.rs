//! Messages of a real broker start runs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::{
    faulty::Faulty,
    house::{House, gate, node, node_over, quick, start},
};
use bus_core::{
    Language,
    api::{LiveState, RunStatus, RunSummary, StartedBy},
    workflow::Workflow,
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use test_servers::Mosquitto;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusSettings};

/// A workflow that writes what it hears into a file of its own for each run.
fn document(broker: &Mosquitto, topics: &[&str], trigger: &Json) -> Workflow {
    serde_json::from_value(json!({
        "version": 1,
        "triggers": [{ "live": trigger }],
        "steps": [
            { "id": "in", "connector": "mqtt", "settings": { "address": broker.uri(), "topics": topics } },
            { "id": "out", "connector": "table", "settings": {} },
            { "id": "wrong", "connector": "discard" },
        ],
        "links": ["in -> out", "in.errors -> wrong"],
    }))
    .unwrap()
}

/// Waits until something holds.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn state(bus: &Bus, id: &str) -> LiveState {
    bus.listeners().state(id, Language::En).await.unwrap_or_default()
}

async fn connected(bus: &Bus, id: &str) {
    until("connected", || async {
        let state = state(bus, id).await;
        !state.steps.is_empty() && state.steps.values().all(|step| step.connected)
    })
    .await;
}

async fn not_listened_for(bus: &Bus, id: &str) {
    until("silence", || async { state(bus, id).await.node.is_none() }).await;
}

/// The runs of a workflow that have ended, earliest first.
async fn runs(bus: &Bus, id: &str) -> Vec<RunSummary> {
    let mut runs = bus.runs(id, None, 1_000).await.unwrap().items;
    runs.retain(|run| run.status.has_ended());
    runs.reverse();
    runs
}

/// The records that a port of a step has sent in a run.
async fn sent(bus: &Bus, run: &str, (step, port): (&str, &str)) -> Vec<Json> {
    let mut found = Vec::new();
    let Ok(mut records) = bus.records(run, step, port).await else { return found };
    while let Some(batch) = records.next().await.unwrap() {
        found.extend(batch.records().map(|record| record.to_json()));
    }
    found
}

/// The numbers that have come out of all runs, and how many came more than once.
async fn numbers(bus: &Bus, id: &str) -> (BTreeSet<i64>, usize) {
    let (mut numbers, mut again) = (BTreeSet::new(), 0);
    for run in runs(bus, id).await {
        for record in sent(bus, &run.id, ("in", "out")).await {
            again += usize::from(!numbers.insert(record["n"].as_i64().unwrap()));
        }
    }
    (numbers, again)
}

/// A further node over the same store.
struct Other {
    bus: Bus,
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Other {
    fn new(folder: &Path, name: &str, first: &House, settings: BusSettings) -> Self {
        let (store, broker) = (Arc::new(first.store.clone()), Arc::new(first.store.clone()));
        let bus = node_over(folder, (name, store, broker), settings, 4);
        let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
        let (worker, stopped) = (bus.clone(), stop.clone());
        work.spawn(async move { worker.work(stopped).await });
        Self { bus, stop, work }
    }

    async fn close(mut self) {
        self.stop.cancel();
        while self.work.join_next().await.is_some() {}
    }
}

fn settings() -> BusSettings {
    BusSettings { lease: Duration::from_secs(3), ..quick() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_any_format_arrive_and_what_cannot_be_read_is_refused() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let mut document =
        document(&broker, &["plant/+/power", "plant/state"], &json!({ "messages": 7, "seconds": 30 }));
    let meter: Workflow = serde_json::from_value(json!({
        "version": 1,
        "steps": [{ "id": "meter", "connector": "mqtt", "settings": {
            "address": broker.uri(), "topics": ["meter"], "format": "senml", "topic_field": "", "time_field": "heard",
        } }],
        "links": ["meter -> out"],
    }))
    .unwrap();
    document.steps.extend(meter.steps);
    document.links.extend(meter.links);
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    connected(&house.bus, &id).await;
    let mut sender = broker.sender().unwrap();
    for (topic, payload) in [
        ("plant/roof/power", br#"{"watts": 812}"#.as_slice()),
        ("plant/roof/power", b"{\"watts\": 3}\n{\"watts\": 4}\n"),
        ("meter", b"[{\"bn\":\"roof/\",\"n\":\"power\",\"u\":\"W\",\"v\":3,\"t\":1}]"),
        ("plant/hall/power", b"when,watts\n2026-11-25,5\n2026-11-26,7\n"),
        ("elsewhere", b"{}"),
        ("plant/hall/power", br#"{"watts": "#),
        ("plant/state", b"21.5"),
        ("plant/state", br#"{"topic": "its own", "watts": 1}"#),
    ] {
        sender.send(topic, payload, false).unwrap();
    }
    until("one run", || async { runs(&house.bus, &id).await.len() == 1 }).await;
    let run = runs(&house.bus, &id).await.remove(0);
    assert_eq!((run.status, &run.by), (RunStatus::Succeeded, &StartedBy::Live));
    let out = sent(&house.bus, &run.id, ("in", "out")).await;
    let topics: Vec<_> = out.iter().map(|record| record["topic"].as_str().unwrap()).collect();
    let (roof, hall, own) = ("plant/roof/power", "plant/hall/power", "plant/state");
    assert_eq!(topics, [roof, roof, roof, hall, hall, own, own], "{out:#?}");
    assert_eq!(out[0]["watts"], 812);
    assert_eq!((&out[2]["watts"], &out[4]["watts"], &out[5]["value"]), (&json!(4), &json!(7), &json!(21.5)));
    let meter = sent(&house.bus, &run.id, ("meter", "out")).await;
    assert_eq!((meter.len(), &meter[0]["name"]), (1, &json!("roof/power")), "{meter:#?}");
    assert!(meter[0]["heard"].is_string() && meter[0]["topic"].is_null(), "{meter:#?}");
    let errors = sent(&house.bus, &run.id, ("in", "errors")).await;
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0]["record"]["payload"], r#"{"watts": "#);
    assert!(
        errors[0]["reason"].as_str().unwrap().starts_with("message of `plant/hall/power`: "),
        "{errors:#?}"
    );
    let state = state(&house.bus, &id).await;
    assert_eq!((state.wanted, state.node.as_deref(), state.problem), (true, Some("here"), None));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_ends_by_its_count_or_by_its_time() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let document = document(&broker, &["n"], &json!({ "messages": 100, "seconds": 2 }));
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    connected(&house.bus, &id).await;
    let mut sender = broker.sender().unwrap();
    for n in 0..250 {
        sender.send("n", format!("{{\"n\":{n}}}").as_bytes(), false).unwrap();
    }
    until("three runs", || async { runs(&house.bus, &id).await.len() == 3 }).await;
    let mut sizes = Vec::new();
    for run in runs(&house.bus, &id).await {
        sizes.push(sent(&house.bus, &run.id, ("in", "out")).await.len());
    }
    assert_eq!(sizes, [100, 100, 50]);
    until("it is said", || async { state(&house.bus, &id).await.messages == 250 }).await;
    assert_eq!(state(&house.bus, &id).await.runs, 3);
    let (numbers, again) = numbers(&house.bus, &id).await;
    assert_eq!((numbers.len(), again), (250, 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_follows_its_workflow() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let workflows = house.bus.workflows();
    let trigger = json!({ "messages": 1 });
    let of = |topic: &str| document(&broker, &[topic], &trigger);
    let id = workflows.create(of("old"), "me").await.unwrap().id;
    connected(&house.bus, &id).await;
    let since = state(&house.bus, &id).await.since;
    workflows.save(&id, of("new"), "me", None).await.unwrap();
    until("begun anew", || async { state(&house.bus, &id).await.since > since }).await;
    connected(&house.bus, &id).await;
    broker.send("old", b"{\"n\":1}").unwrap();
    broker.send("new", b"{\"n\":2}").unwrap();
    until("a run", || async { !runs(&house.bus, &id).await.is_empty() }).await;
    let (found, _) = numbers(&house.bus, &id).await;
    assert_eq!(found, BTreeSet::from([2]), "what the subscription before has left does not count");
    // a draft is not listened for
    let mut draft = of("new");
    draft.steps[0].connector = "no-such".to_owned();
    assert!(workflows.save(&id, draft, "me", None).await.unwrap().draft);
    until("not wanted", || async { !state(&house.bus, &id).await.wanted }).await;
    until("let go", || async { house.bus.done().listeners == 0 }).await;
    broker.send("new", b"{\"n\":3}").unwrap();
    workflows.save(&id, of("new"), "me", None).await.unwrap();
    connected(&house.bus, &id).await;
    until("what came meanwhile", || async { numbers(&house.bus, &id).await.0.contains(&3) }).await;
    // without its trigger, and when it is deleted
    workflows.save(&id, Workflow { triggers: Vec::new(), ..of("new") }, "me", None).await.unwrap();
    until("let go", || async { house.bus.done().listeners == 0 }).await;
    workflows.save(&id, of("new"), "me", None).await.unwrap();
    connected(&house.bus, &id).await;
    workflows.delete(&id).await.unwrap();
    until("let go", || async { house.bus.done().listeners == 0 }).await;
    assert_eq!(state(&house.bus, &id).await, LiveState::default());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_hands_over_at_once_and_labels_count() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::with_slots(folder.path(), settings(), 0);
    let labelled = |labels: &[&str]| BusSettings {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        // what is handed over at once does not wait for the end of a lease
        lease: Duration::from_secs(600),
        ..settings()
    };
    let mut document = document(&broker, &["n"], &json!({ "messages": 1 }));
    document.steps[0].label = "plant".to_owned();
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    let plain = Other::new(folder.path(), "plain", &house, labelled(&[]));
    let first = Other::new(folder.path(), "first", &house, labelled(&["plant"]));
    connected(&house.bus, &id).await;
    assert_eq!(state(&house.bus, &id).await.node.as_deref(), Some("first"));
    first.close().await;
    not_listened_for(&house.bus, &id).await;
    broker.send("n", b"{\"n\":1}").unwrap();
    let second = Other::new(folder.path(), "second", &house, labelled(&["plant"]));
    connected(&house.bus, &id).await;
    assert_eq!(state(&house.bus, &id).await.node.as_deref(), Some("second"));
    until("what came meanwhile", || async { numbers(&house.bus, &id).await.0.contains(&1) }).await;
    assert_eq!((plain.bus.done().listeners, second.bus.done().listeners), (0, 1));
    plain.close().await;
    second.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_spread_over_the_nodes() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::with_slots(folder.path(), settings(), 0);
    let mut ids = Vec::new();
    for n in 0..6 {
        let document = document(&broker, &[&format!("n/{n}")], &json!({}));
        ids.push(house.bus.workflows().create(document, "me").await.unwrap().id);
    }
    let one = Other::new(folder.path(), "one", &house, settings());
    let other = Other::new(folder.path(), "other", &house, settings());
    for id in &ids {
        connected(&house.bus, id).await;
    }
    let counts = (one.bus.done().listeners, other.bus.done().listeners);
    assert_eq!(counts.0 + counts.1, 6);
    assert!(counts.0 >= 2 && counts.1 >= 2, "{counts:?}");
    one.close().await;
    other.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_loses_no_message() {
    let (folder, mut broker) = (tempfile::tempdir().unwrap(), Mosquitto::durable().unwrap());
    let (_, store) = node(folder.path(), settings(), 4);
    let faulty = Faulty::new(store.clone());
    let plane = ("here", Arc::new(faulty.clone()) as _, Arc::new(faulty.clone()) as _);
    let bus = node_over(folder.path(), plane, settings(), 4);
    let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
    let (worker, stopped) = (bus.clone(), stop.clone());
    work.spawn(async move { worker.work(stopped).await });
    let document = document(&broker, &["n"], &json!({ "messages": 20 }));
    let id = bus.workflows().create(document, "me").await.unwrap().id;
    connected(&bus, &id).await;
    let mut sender = broker.sender().unwrap();
    let mut n = 0;
    let mut send = |count: i64| {
        for _ in 0..count {
            sender.send("n", format!("{{\"n\":{n}}}").as_bytes(), false).unwrap();
            n += 1;
        }
    };
    send(50);
    faulty.store_away(true);
    send(50);
    tokio::time::sleep(Duration::from_secs(1)).await;
    send(50);
    // longer than a lease
    tokio::time::sleep(Duration::from_secs(4)).await;
    send(50);
    faulty.store_away(false);
    until("all", || async { numbers(&bus, &id).await.0.len() == 200 }).await;
    let (_, again) = numbers(&bus, &id).await;
    println!("the store was away for 5 s: 200 messages came out, {again} of them again");
    // and the broker of the messages, too
    connected(&bus, &id).await;
    broker.kill();
    until("trouble", || async {
        state(&bus, &id).await.steps.values().any(|step| step.problem.is_some() && step.again.is_some())
    })
    .await;
    broker.begin().unwrap();
    connected(&bus, &id).await;
    broker.send("n", b"{\"n\":777}").unwrap();
    until("after the broker came back", || async { numbers(&bus, &id).await.0.contains(&777) }).await;
    stop.cancel();
    while work.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_runs_are_not_finished_no_more_is_taken() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let mut document = document(&broker, &["n"], &json!({ "messages": 1 }));
    let held: Workflow = serde_json::from_value(json!({
        "version": 1,
        "steps": [{ "id": "gate", "connector": "gated", "settings": { "name": "held" } }],
    }))
    .unwrap();
    document.steps.extend(held.steps);
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    connected(&house.bus, &id).await;
    let mut sender = broker.sender().unwrap();
    for n in 0..30 {
        sender.send("n", format!("{{\"n\":{n}}}").as_bytes(), false).unwrap();
    }
    until("it is said", || async { state(&house.bus, &id).await.problem.is_some() }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = house.bus.runs(&id, None, 1_000).await.unwrap().items;
    assert_eq!(begun.len(), 8);
    let gate = gate("held", |gate| gate.open.clone()).unwrap();
    gate.add_permits(100);
    until("all", || async { numbers(&house.bus, &id).await.0.len() == 30 }).await;
    until("well again", || async { state(&house.bus, &id).await.problem.is_none() }).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_is_counted_and_stops_nothing() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let document = document(&broker, &["n"], &json!({}));
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    connected(&house.bus, &id).await;
    broker.send("n", &vec![b' '; 5 << 20]).unwrap();
    broker.send("n", b"{\"n\":1}").unwrap();
    until("the next", || async { numbers(&house.bus, &id).await.0.contains(&1) }).await;
    until("counted", || async { state(&house.bus, &id).await.too_large == 1 }).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_refuses_is_said() {
    let broker = Mosquitto::with_user("meter", "right").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), settings());
    let document = document(&broker, &["n"], &json!({}));
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    until("refused", || async {
        let state = state(&house.bus, &id).await;
        let problem = state.steps.get("in").and_then(|step| step.problem.clone());
        problem.is_some_and(|problem| problem.ends_with("the broker refuses this user name and password"))
    })
    .await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_by_hand_it_listens_for_a_while() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), Mosquitto::start().unwrap());
    let house = House::new(folder.path(), settings());
    let mut sender = broker.sender().unwrap();
    for n in 0..3 {
        sender.send(&format!("kept/{n}"), format!("{{\"n\":{n}}}").as_bytes(), true).unwrap();
    }
    let mut document = Workflow { triggers: Vec::new(), ..document(&broker, &["kept/#"], &json!({})) };
    document.steps[0].settings.insert("messages".to_owned(), json!(3));
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    let run = house.bus.start(start(&id)).await.unwrap();
    let ended = house.ended(&run.id).await;
    assert_eq!(ended.status, RunStatus::Succeeded);
    assert_eq!(numbers(&house.bus, &id).await.0, BTreeSet::from([0, 1, 2]));
    house.close().await;
}

/// Listens to the broker that the environment names, and says what comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, since which certificates are trusted stands in the environment"]
async fn over_tls() {
    let port = std::env::var_os("BROKER_PORT").unwrap().into_string().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), settings());
    let document: Workflow = serde_json::from_value(json!({
        "version": 1,
        "triggers": [{ "live": {} }],
        "steps": [{ "id": "in", "connector": "mqtt", "settings": {
            "address": format!("mqtts://localhost:{port}"), "topics": ["n"],
        } }],
    }))
    .unwrap();
    let id = house.bus.workflows().create(document, "me").await.unwrap().id;
    until("an answer", || async {
        let state = state(&house.bus, &id).await;
        state.steps.values().any(|step| step.connected || step.problem.is_some())
    })
    .await;
    println!("{:?}", state(&house.bus, &id).await.steps);
    house.close().await;
}

#[test]
fn tls_is_for_who_is_trusted() {
    let certificates = test_servers::Certificates::new().unwrap();
    let broker = Mosquitto::secured(&certificates).unwrap();
    let other = test_servers::Certificates::new().unwrap();
    for (trusted, says) in [
        (certificates.authority(), "connected: true"),
        (other.authority(), "the server's certificate is not trusted"),
    ] {
        let ran = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["live::over_tls", "--exact", "--ignored", "--nocapture"])
            .env("BROKER_PORT", broker.secured_port().unwrap().to_string())
            .env("SSL_CERT_FILE", trusted)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(said.contains(says), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    }
}
