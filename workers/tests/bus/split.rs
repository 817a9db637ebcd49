//! A run that is cut gives what an uncut one gives, to the byte, in however many parts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::house::*;
use bus_core::{
    Language,
    api::{RunDetail, RunStatus, StartedBy, Time},
    plan::Rules,
    workflow::Workflow,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use workers::{BusSettings, Split};

/// Never cut, then in one part, two and seven.
const MANNERS: [u32; 4] = [0, 1, 2, 7];

/// Of a step: records in, out and refused, records by port, bytes read and written.
type Counts = (u64, u64, u64, BTreeMap<String, u64>, u64, u64);

/// What a run made.
#[derive(Debug, PartialEq)]
struct Made {
    files: BTreeMap<String, String>,
    counts: BTreeMap<String, Counts>,
    losses: String,
}

fn settings(parts: u32) -> BusSettings {
    let split = if parts == 0 { Split::Never } else { Split::Always };
    let rules = Rules { from_bytes: 0, part_bytes: 1, most_parts: parts };
    BusSettings { split, parts: rules, chunk_records: 37, ..quick() }
}

/// Runs a workflow over files, in so many parts; gives what it made and how many tasks it was.
async fn made(document: &Workflow, files: &[(&str, String)], parts: u32) -> (Made, usize) {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), settings(parts));
    house.keep("w", document).await;
    let home = folder.path().join("files/w");
    fs::create_dir_all(&home).unwrap();
    for (name, text) in files {
        fs::write(home.join(name), text).unwrap();
    }
    let run = house.succeeds("w").await.id;
    let detail = house.bus.run(&run, Language::En).await.unwrap();
    let tasks = tasks(&house, &run).await;
    let made = Made { files: outputs(&home), counts: counts(&detail), losses: losses(&detail) };
    house.close().await;
    (made, tasks)
}

/// How many tasks of a run were done.
async fn tasks(house: &House, run: &str) -> usize {
    let runs = backplane::Collection { name: "runs", indexes: &[] };
    let stored = backplane::Store::get(&house.store, runs, run).await.unwrap().unwrap();
    stored.body.json()["state"]["tasks"].as_object().unwrap().len()
}

fn outputs(home: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(home).unwrap().map(|entry| entry.unwrap());
    let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), text(&file.path()))).collect()
}

fn counts(detail: &RunDetail) -> BTreeMap<String, Counts> {
    let of = |counts: &bus_core::api::StepCounts| {
        let ports = counts.ports.iter().filter(|(_, count)| **count > 0);
        (
            counts.records_in,
            counts.records_out,
            counts.errors,
            ports.map(|(port, count)| (port.clone(), *count)).collect(),
            counts.bytes_in,
            counts.bytes_out,
        )
    };
    detail.steps.iter().map(|step| (step.id.clone(), of(&step.counts))).collect()
}

fn losses(detail: &RunDetail) -> String {
    let losses: Vec<_> = detail.steps.iter().map(|step| (&step.id, &step.losses)).collect();
    format!("{losses:?}")
}

async fn is_the_same(document: &Workflow, files: &[(&str, String)]) {
    let mut whole = None;
    for parts in MANNERS {
        let (made, _) = made(document, files, parts).await;
        match &whole {
            None => whole = Some(made),
            Some(whole) => assert_eq!(whole, &made, "in {parts} parts"),
        }
    }
}

/// A table with quoted line ends, empty and masked values, lines that are wrong.
fn table(rows: usize) -> String {
    let mut text = String::from("n,city,amount,note\n");
    for n in 0..rows {
        let city = ["Lyon", "Nice", "Orléans", "\"L\"\"Isle\""][n % 4];
        let amount = if n % 11 == 0 { String::new() } else { format!("{}.{}", n * 7 % 100, n % 10) };
        let note = if n % 5 == 0 { "\"two\nlines, and \"\"more\"\"\"" } else { "plain" };
        writeln!(text, "{n},{city},{amount},{note}").unwrap();
        if n % 13 == 0 {
            writeln!(text, "{n},too few").unwrap();
        }
    }
    text
}

fn chain() -> Workflow {
    let compute = json!([
        { "function": "count" }, { "function": "sum", "field": "amount" }, { "function": "mean", "field": "amount" },
        { "function": "min", "field": "note" }, { "function": "first", "field": "n" }, { "function": "last", "field": "n" },
        { "function": "count-distinct", "field": "amount", "name": "different" }, { "function": "list", "field": "n" },
        { "function": "count-empty", "field": "amount", "name": "empty" },
    ]);
    workflow(
        &[
            ("in", "file", json!({ "path": "in.csv" })),
            ("odd", "filter", json!({ "expression": "n % 3 != 0" })),
            (
                "sorted",
                "sort",
                json!({ "by": [{ "field": "city" }, { "field": "amount", "direction": "descending" }] }),
            ),
            ("out-sorted", "file-out", json!({ "path": "sorted.csv" })),
            ("groups", "aggregate", json!({ "by": ["city"], "compute": compute })),
            ("out-groups", "file-out", json!({ "path": "groups.json" })),
            ("once", "deduplicate", json!({ "fields": ["amount"], "keep": "last" })),
            ("out-once", "file-out", json!({ "path": "once.ndjson" })),
            ("rest", "file-out", json!({ "path": "rest.ndjson" })),
            ("towns", "file", json!({ "path": "towns.ndjson" })),
            ("joined", "join", json!({ "on": [{ "left": "city" }], "kind": "left" })),
            ("out-joined", "file-out", json!({ "path": "joined.ndjson" })),
            ("out-wrong", "file-out", json!({ "path": "wrong.ndjson" })),
        ],
        &[
            "in -> odd",
            "odd -> sorted -> out-sorted",
            "odd -> groups -> out-groups",
            "odd -> once -> out-once",
            "odd.else -> rest",
            "odd -> joined.left",
            "towns -> joined.right",
            "joined -> out-joined",
            "in.errors -> out-wrong",
        ],
    )
}

fn towns() -> String {
    "{\"city\":\"Lyon\",\"people\":522000}\n{\"city\":\"Orléans\",\"people\":116000}\n".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_give_what_the_whole_gives() {
    let files = [("in.csv", table(400)), ("towns.ndjson", towns())];
    is_the_same(&chain(), &files).await;
    let (whole, one) = made(&chain(), &files, 0).await;
    let (_, many) = made(&chain(), &files, 7).await;
    assert_eq!(one, 1);
    assert!(many > 14, "{many} tasks: both sources come in seven parts");
    assert_eq!(whole.counts["in"].2, 31, "lines that are wrong");
    assert!(whole.files["wrong.ndjson"].contains("\"line\":"), "{}", whole.files["wrong.ndjson"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_files_are_shared_out_in_the_order_of_their_names() {
    let text = table(60);
    let (head, rows) = text.split_once('\n').unwrap();
    let semicolons = "n;city;amount;note\n1000;Gap;1,5;x\n1001;Gap;2,5;y\n".to_owned();
    let files = [
        ("a.csv", text.clone()),
        ("b.csv", semicolons),
        ("c.csv", String::new()),
        ("d.csv", format!("\u{feff}{head}\r\n{}", rows.replace("plain\n", "plain\r\n"))),
    ];
    let document = workflow(
        &[
            ("in", "file", json!({ "path": "?.csv", "file_field": "file" })),
            ("all", "filter", json!({ "expression": "true" })),
            ("out", "file-out", json!({ "path": "out.ndjson" })),
            ("wrong", "file-out", json!({ "path": "wrong.ndjson" })),
        ],
        &["in -> all -> out", "in.errors -> wrong"],
    );
    is_the_same(&document, &files).await;
    let (_, tasks) = made(&document, &files, 7).await;
    assert!(tasks > 7, "{tasks} tasks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_cut_is_read_whole() {
    let document = workflow(
        &[
            ("in", "file", json!({ "path": "in.csv" })),
            ("all", "filter", json!({ "expression": "true" })),
            ("out", "file-out", json!({ "path": "out.ndjson" })),
            ("wrong", "file-out", json!({ "path": "wrong.ndjson" })),
        ],
        &["in -> all -> out", "in.errors -> wrong"],
    );
    let stray = format!("{}x,\"quote\" that is wrong,1,2\n{}", table(20), table(20));
    let latin = || (0..50).map(|n| format!("{n};caf\u{e9}\n")).collect::<String>();
    let latin: Vec<u8> = latin().chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    for parts in MANNERS {
        let (_, tasks) = made(&document, &[("in.csv", stray.clone())], parts).await;
        assert!(tasks < 7, "{tasks} tasks in {parts} parts");
    }
    is_the_same(&document, &[("in.csv", stray)]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for parts in MANNERS {
        let home = folder.path().join(parts.to_string());
        let house = House::new(&home, settings(parts));
        house.keep("w", &document).await;
        fs::create_dir_all(home.join("files/w")).unwrap();
        fs::write(home.join("files/w/in.csv"), &latin).unwrap();
        house.succeeds("w").await;
        written.push(house.file("w", "out.ndjson"));
        house.close().await;
    }
    assert!(written[0].contains("café"));
    assert!(written.iter().all(|text| *text == written[0]), "{written:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_runs_stay_one_task() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    house.keep("w", &chain()).await;
    let home = folder.path().join("files/w");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("towns.ndjson"), towns()).unwrap();
    fs::write(home.join("in.csv"), table(1_000)).unwrap();
    let run = house.succeeds("w").await.id;
    assert_eq!(tasks(&house, &run).await, 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_runs_are_cut_by_themselves_and_unchanged_ones_end_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules { from_bytes: 10_000, part_bytes: 5_000, most_parts: 100 };
    let house = House::new(folder.path(), BusSettings { parts: rules, ..quick() });
    house.keep("w", &chain()).await;
    let home = folder.path().join("files/w");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("towns.ndjson"), towns()).unwrap();
    fs::write(home.join("in.csv"), table(1_000)).unwrap();
    let run = async || {
        let by = StartedBy::Schedule(Time(0));
        let run = house.bus.start(workers::Start { by, ..start("w") }).await.unwrap().id;
        (house.ended(&run).await.status, tasks(&house, &run).await)
    };
    let (status, tasks) = run().await;
    assert_eq!(status, RunStatus::Succeeded);
    assert!(tasks > 6, "{tasks} tasks");
    let first = house.file("w", "sorted.csv");
    assert_eq!(run().await, (RunStatus::Unchanged, 1));
    fs::write(home.join("in.csv"), table(1_001)).unwrap();
    assert_eq!(run().await.0, RunStatus::Succeeded);
    assert_ne!(house.file("w", "sorted.csv"), first);
    house.close().await;
}

/// The files below a folder, by their path in it.
fn below(folder: &Path) -> BTreeMap<String, String> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// Runs a workflow of the gallery in parts, on copies of these folders; gives its results.
async fn of_gallery(name: &str, folders: &[(&Path, &str)], parts: u32) -> BTreeMap<String, String> {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workflows");
    let document = fs::read_to_string(gallery.join(format!("{name}.yaml"))).unwrap();
    let document = Workflow::load(&document).unwrap().workflow;
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), settings(parts));
    house.keep("w", &document).await;
    let home = folder.path().join("files/w");
    for (from, to) in folders {
        for (name, text) in below(from) {
            let copy = home.join(to).join(name);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::write(copy, text).unwrap();
        }
    }
    house.succeeds("w").await;
    house.close().await;
    below(&home.join("resultats"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gallery_gives_in_parts_what_is_expected_of_it() {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workflows");
    let (data, expected) = (gallery.join("donnees"), gallery.join("attendus"));
    for parts in MANNERS {
        for name in ["bornes-de-recharge", "production-solaire", "conversion"] {
            let made = of_gallery(name, &[(&data, "donnees")], parts).await;
            assert_eq!(made, below(&expected.join(name)), "{name} in {parts} parts");
        }
        let before = expected.join("conversion");
        let made = of_gallery("conversion-retour", &[(&before, "resultats")], parts).await;
        assert_eq!(made, below(&expected.join("conversion-retour")), "in {parts} parts");
    }
}

/// A chain of steps that stream, and one that needs all at the end.
fn random_chain(steps: &[u8], end: u8) -> Workflow {
    let streams = [
        ("filter", json!({ "expression": "n % 4 != 1" })),
        ("map", json!({ "fields": [{ "name": "double", "value": { "expression": "n * 2" } }] })),
        ("concatenate", json!({ "fields": ["city", "note"], "into": "both" })),
        ("split", json!({ "field": "city", "separator": "o" })),
        ("flatten", json!({})),
        ("replace", json!({ "fields": ["note"], "rules": [{ "find": "plain", "by": "fancy" }] })),
    ];
    let ends = [
        ("sort", json!({ "by": [{ "field": "amount" }] })),
        ("deduplicate", json!({ "fields": ["city"] })),
        (
            "aggregate",
            json!({ "by": ["city"], "compute": [{ "function": "count" }, { "function": "list", "field": "n" }] }),
        ),
        ("limit", json!({ "records": 20 })),
        ("statistics", json!({})),
        ("sample", json!({ "take": { "records": 5 }, "seed": 3 })),
    ];
    let mut chosen: Vec<(String, &str, Value)> = vec![("in".to_owned(), "file", json!({ "path": "in.csv" }))];
    for (place, kind) in steps.iter().enumerate() {
        let (connector, settings) = &streams[usize::from(*kind) % streams.len()];
        chosen.push((format!("s{place}"), connector, settings.clone()));
    }
    let (connector, settings) = &ends[usize::from(end) % ends.len()];
    chosen.push(("end".to_owned(), connector, settings.clone()));
    chosen.push(("out".to_owned(), "file-out", json!({ "path": "out.ndjson" })));
    let ids: Vec<&str> = chosen.iter().map(|(id, _, _)| id.as_str()).collect();
    let steps: Vec<(&str, &str, Value)> =
        chosen.iter().map(|(id, connector, settings)| (id.as_str(), *connector, settings.clone())).collect();
    workflow(&steps, &[&ids.join(" -> ")])
}

/// A limit stops those before it: how far they came is a matter of chance.
fn without_counts_of_chance(mut made: Made, document: &Workflow) -> Made {
    if document.steps.iter().any(|step| step.connector == "limit") {
        made.counts.clear();
    }
    made
}

#[test]
fn random_chains_give_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let runs = AtomicUsize::new(0);
    let cases = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |(steps in prop::collection::vec(any::<u8>(), 1..4), end in any::<u8>(), rows in 1..120_usize)| {
        let document = random_chain(&steps, end);
        let files = [("in.csv", table(rows))];
        runtime.block_on(async {
            let (whole, _) = made(&document, &files, 0).await;
            let whole = without_counts_of_chance(whole, &document);
            for parts in [2, 7] {
                let (cut, _) = made(&document, &files, parts).await;
                prop_assert_eq!(&whole, &without_counts_of_chance(cut, &document), "in {} parts", parts);
                runs.fetch_add(1, Relaxed);
            }
            Ok(())
        })?;
    });
    assert_eq!(runs.load(Relaxed), 24);
}

/// A server of readings, 50 on a page at most; notes what it was asked.
fn pages() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || answer(stream, &seen));
        }
    });
    (port, asked)
}

const READINGS: usize = 1_020;

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let path = head.split_whitespace().nth(1).unwrap().to_owned();
        let member = |name: &str| {
            let query = path.split_once('?').map_or("", |(_, query)| query);
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok())
        };
        let from = member("offset").or_else(|| Some((member("page")? - 1) * 50)).unwrap_or(0);
        asked.lock().unwrap().push(path.clone());
        // the last field is not always a number
        let reading =
            |n: usize| json!({ "id": n, "value": if n % 97 == 5 { json!("none") } else { json!(n * 2) } });
        let readings: Vec<_> = (from..READINGS.min(from + 50)).map(reading).collect();
        let body = json!({ "total_count": READINGS, "results": readings }).to_string();
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all((head + &body).as_bytes()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_read_in_parts_where_the_first_says_how_many_there_are() {
    let (port, asked) = pages();
    for way in [
        json!({ "offset": { "records": 50, "total": "total_count" } }),
        json!({ "page": { "records": 50, "total": "total_count" } }),
    ] {
        let source = json!({ "url": format!("http://127.0.0.1:{port}/readings"), "pages": way,
            "format": { "json": { "items": "results" } } });
        let document = workflow(
            &[
                ("in", "http", source),
                ("typed", "filter", json!({ "expression": "value >= 0" })),
                ("out", "file-out", json!({ "path": "out.ndjson" })),
                ("wrong", "file-out", json!({ "path": "wrong.ndjson" })),
            ],
            &["in -> typed -> out", "typed.errors -> wrong"],
        );
        let mut whole = None;
        for parts in MANNERS {
            asked.lock().unwrap().clear();
            let (made, tasks) = made(&document, &[], parts).await;
            assert_eq!(made.files["out.ndjson"].lines().count(), READINGS - 11);
            assert!(made.files["wrong.ndjson"].contains("\"number\":103"), "{}", made.files["wrong.ndjson"]);
            let (first, made) = (whole.get_or_insert_with(|| made.files.clone()).clone(), made.files);
            assert_eq!(made, first, "in {parts} parts");
            let calls = asked.lock().unwrap().len();
            // the first page is looked at before
            assert_eq!(calls, if parts < 2 { 21 + usize::from(parts == 1) } else { 22 });
            assert!(parts < 2 || tasks > usize::try_from(parts).unwrap(), "{tasks} tasks");
        }
    }
}
