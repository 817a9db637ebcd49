//! Measures large runs that keep their workers busy, as one task and in parts, with one slot (and one core) and with
//! two: a table of a million rows is computed with and filtered, then grouped, or written as it is. Prints one line of
//! JSON; `gain` is what the second slot gains when the rows are grouped.
//!
//! `cargo run --release -p workers --example two_slots [rows]`
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use backplane::{Collection, Expect, Priority, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{RunStatus, StartedBy},
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, Split, Start, SystemClock};

const WORKFLOWS: Collection = Collection { name: "workflows", indexes: &[] };
/// Longer than any run of this.
const LONG: Duration = Duration::from_secs(600);

fn main() -> Result<(), Box<dyn Error>> {
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir()?;
    let bytes = write(&folder.path().join("readings.csv"), rows)?;
    let grouped = compare(folder.path(), &document(true))?;
    let streamed = compare(folder.path(), &document(false))?;
    let gain = grouped["gain"].clone();
    println!(
        "{}",
        json!({ "rows": rows, "bytes": bytes, "gain": gain, "grouped": grouped, "streamed": streamed })
    );
    Ok(())
}

/// Runs a workflow as one task and in parts, with one slot and with two.
fn compare(data: &Path, document: &Value) -> Result<Value, Box<dyn Error>> {
    let measured = |split, slots| measure((data, document), split, slots);
    let whole = (measured(Split::Never, 1)?, measured(Split::Never, 2)?);
    let parts = (measured(Split::Auto, 1)?, measured(Split::Auto, 2)?);
    if [&whole.1, &parts.0, &parts.1].into_iter().any(|run| run.made != whole.0.made) {
        return Err("parts have made something else than the whole".into());
    }
    Ok(json!({
        "whole": [whole.0.figures(), whole.1.figures()],
        "parts": [parts.0.figures(), parts.1.figures()],
        "gain": parts.0.seconds / parts.1.seconds,
    }))
}

/// Readings of meters: the same on every machine.
fn write(path: &Path, rows: u64) -> Result<u64, Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "meter,town,kind,time,watt,index_wh,label")?;
    let mut chance = 20_261_122_u64;
    for n in 0..rows {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (meter, watt) = (n % 5_000, chance >> 50);
        let kind = if meter % 3 == 0 { "production" } else { "consumption" };
        let (day, hour, minute) = (1 + n / 480_000 % 28, n / 20_000 % 24, n / 5_000 % 4 * 15);
        writeln!(
            file,
            "{:014},Saint-Étienne {},{kind},2026-03-{day:02}T{hour:02}:{minute:02}:00Z,{watt},{},\"Mairie, salle \"\"{}\"\"\"",
            24_000_000_000_000 + meter * 7_919,
            meter % 700,
            n * 13 % 9_000_000,
            meter % 40,
        )?;
    }
    file.flush()?;
    Ok(fs::metadata(path)?.len())
}

/// Words and numbers are computed with; then they are grouped, or written as they are.
fn document(grouped: bool) -> Value {
    let field = |name: &str, expression: &str| json!({ "name": name, "value": { "expression": expression } });
    let mut steps = vec![
        json!({ "id": "in", "connector": "file", "settings": { "path": "readings.csv" } }),
        json!({ "id": "words", "connector": "map", "settings": { "fields": [
            field("place", "town.lowerAscii().replace('-', ' ').split(' ').map(part, part.trim()).join('_')"),
            field("room", "label.matches('.*salle.*') ? label.upperAscii() : 'NONE'"),
        ] } }),
        json!({ "id": "numbers", "connector": "map", "settings": { "fields": [
            field("kilowatt", "double(watt) / 1000.0"),
            field("level", "watt > 12000 ? 'high' : watt > 4000 ? 'middle' : 'low'"),
            field("day", "string(time).substring(0, 10)"),
        ] } }),
        json!({ "id": "some", "connector": "filter", "settings": { "expression": "index_wh % 7 != 0" } }),
    ];
    if grouped {
        steps.push(json!({ "id": "groups", "connector": "aggregate", "settings": {
            "by": ["place", "day", "level"],
            "compute": [
                { "function": "count" }, { "function": "sum", "field": "watt" },
                { "function": "max", "field": "kilowatt" },
                { "function": "count-distinct", "field": "room", "name": "rooms" },
            ],
        } }));
    }
    steps.push(json!({ "id": "out", "connector": "file-out", "settings": { "path": "made.csv" } }));
    let ids: Vec<&str> = steps.iter().filter_map(|step| step["id"].as_str()).collect();
    json!({ "version": 1, "steps": steps, "links": [ids.join(" -> ")] })
}

/// What a run took and made.
struct Run {
    seconds: f64,
    cpu_seconds: f64,
    made: String,
}

impl Run {
    fn figures(&self) -> Value {
        json!({ "seconds": self.seconds, "cpu_seconds": self.cpu_seconds })
    }
}

/// Runs it on a node of so many slots, each with a core.
fn measure((data, document): (&Path, &Value), split: Split, slots: usize) -> Result<Run, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("files/w");
    fs::create_dir_all(&home)?;
    fs::hard_link(data.join("readings.csv"), home.join("readings.csv"))?;
    workers::runtime(Some(slots))?.block_on(async {
        let store = Embedded::open(&folder.path().join("data"), Arc::new(|| workers::now(&SystemClock)))?;
        let bus = node(folder.path(), &store, (split, slots));
        let body = json!({
            "form": 1, "document": document, "owner": "bench", "shares": [], "draft": false,
            "changed": "2026-11-25T00:00:00Z", "by": "bench", "revision": 1,
        });
        store.save(WORKFLOWS, "w", body, Expect::Anything).await?;
        let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
        let (worker, stopped) = (bus.clone(), stop.clone());
        work.spawn(async move { worker.work(stopped).await });
        let (began, cpu) = (Instant::now(), workers::cpu_seconds());
        let asked = Start {
            workflow: "w".to_owned(),
            parameters: Map::new(),
            inputs: BTreeMap::new(),
            by: StartedBy::Call,
            language: Language::En,
            priority: Priority::Interactive,
        };
        let run = bus.start(asked).await?;
        let ended = bus.wait(&run.id, LONG).await?;
        let (seconds, cpu_seconds) = (began.elapsed().as_secs_f64(), workers::cpu_seconds() - cpu);
        if ended.status != RunStatus::Succeeded {
            return Err(format!("{:#?}", bus.run(&run.id, Language::En).await?).into());
        }
        stop.cancel();
        while work.join_next().await.is_some() {}
        Ok(Run { seconds, cpu_seconds, made: fs::read_to_string(home.join("made.csv"))? })
    })
}

fn node(folder: &Path, store: &Embedded, (split, slots): (Split, usize)) -> Bus {
    Bus::new(BusParts {
        node: "bench".to_owned(),
        broker: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        find: connectors::connector,
        catalogue: Arc::new(connectors::Connectors),
        http: connectors::kit::http::Http::default(),
        limits: connectors::contract::Limits::default(),
        folder: folder.join("files"),
        scratch: folder.join("scratch"),
        slots,
        settings: BusSettings { split, ..BusSettings::default() },
    })
}
