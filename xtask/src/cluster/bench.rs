//! `cargo xtask bench-cluster`: how fast a cluster on this machine is, beside what is asked of it.

use super::{
    many,
    nodes::{self, Common, Node},
    process::{pause, until},
    release,
};
use crate::{bench::client::Client, tools::target};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::{Value, json};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};
use test_servers::{MongoServer, RabbitMq};

/// What to measure, on what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A RabbitMQ that is there already, instead of one of its own
    #[arg(long)]
    amqp: Option<String>,
    /// A MongoDB that is there already, instead of the small one in Python
    #[arg(long)]
    mongodb: Option<String>,
    /// Runs of one task for the figure of tasks a second; a run of many tasks for each five of them
    #[arg(long, default_value_t = 1_000)]
    tasks: usize,
    /// Rows of the run that one worker does, and then two
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Runs in the store when one is listed and opened
    #[arg(long, default_value_t = 100_000)]
    runs: usize,
    /// Only these figures, instead of all of them
    #[arg(long, value_delimiter = ',')]
    only: Vec<Figure>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Figure {
    Idle,
    Latency,
    Tasks,
    Parts,
    Two,
    Redelivery,
    Many,
    ManyAlone,
}

/// Those who start runs at once.
const CALLERS: usize = 8;
/// Tasks that a worker does at a time.
const SLOTS: usize = 4;
/// Bytes of a source that make a task, where there are to be many, and how many there are.
const PART: usize = 4 << 10;
const PARTS: usize = 192;
/// Workflows of such runs at once.
const WIDE: usize = 2;
/// Runs started one after the other, for the time until they begin.
const ALONE: usize = 500;

/// The cluster that is measured.
struct Bench {
    common: Common,
    gateway: Node,
    workers: Vec<Node>,
    headers: String,
    slots: usize,
    _servers: (Option<RabbitMq>, Option<MongoServer>),
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
pub(super) fn row(what: &str, measured: &str, asked: &str) {
    println!("{what:<52} {measured:>26}   {asked}");
}

/// Measures and prints the table.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let mut bench = Bench::start(options)?;
    row("cluster, one machine, loopback", "measured", "asked");
    for figure in Figure::value_variants() {
        if options.only.is_empty() || options.only.contains(figure) {
            bench.measure(*figure, options)?;
        }
    }
    Ok(())
}

impl Bench {
    fn start(options: &Options) -> Result<Self> {
        let program = release()?;
        let folder = target().join("bench-cluster");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder)?;
        let (rabbit, store) = (
            options.amqp.is_none().then(RabbitMq::start).transpose()?,
            options.mongodb.is_none().then(MongoServer::start).transpose()?,
        );
        let amqp = options.amqp.clone().or_else(|| rabbit.as_ref().map(RabbitMq::uri)).unwrap_or_default();
        let mongodb =
            options.mongodb.clone().or_else(|| store.as_ref().map(MongoServer::uri)).unwrap_or_default();
        let common = Common { program, folder, amqp, mongodb, settings: Vec::new() };
        let mut gateway = common.gateway("gateway", 18_280);
        gateway.process.start()?;
        gateway.ready(Duration::from_secs(60))?;
        let mut worker = common.worker("worker-1", 18_281, SLOTS)?;
        worker.process.start()?;
        worker.ready(Duration::from_secs(60))?;
        let token = nodes::first_link(gateway.process.log()).context("a link for the first account")?;
        let headers = Client::connect(&gateway.address(), "")?.first_account(&token)?;
        Ok(Self { common, gateway, workers: vec![worker], headers, slots: SLOTS, _servers: (rabbit, store) })
    }

    fn measure(&mut self, figure: Figure, options: &Options) -> Result<()> {
        match figure {
            Figure::Idle => self.idle(),
            Figure::Latency => self.latency(),
            Figure::Tasks => self.tasks(options.tasks),
            Figure::Parts => self.parts(options.tasks / 5),
            Figure::Two => self.two(options.rows),
            Figure::Redelivery => self.redelivery(),
            Figure::Many => many::measure((&self.common, &self.headers), &self.gateway, options.runs),
            Figure::ManyAlone => many::measure_alone(&self.common, options.runs),
        }
    }

    fn client(&self) -> Result<Client> {
        Client::connect(&self.gateway.address(), &self.headers)
    }

    fn workflow(&self, document: &Value) -> Result<String> {
        let made = self.client()?.post("/api/v1/workflows", &json!({ "document": document }))?.json()?;
        if made["summary"]["draft"] == true {
            bail!("{}", made["findings"]);
        }
        Ok(made["summary"]["id"].as_str().context("an id")?.to_owned())
    }

    fn another_worker(&mut self) -> Result<()> {
        let number = self.workers.len() + 1;
        let port = 18_280 + u16::try_from(number)?;
        let mut worker = self.common.worker(&format!("worker-{number}"), port, self.slots)?;
        worker.process.start()?;
        worker.ready(Duration::from_secs(60))?;
        self.workers.push(worker);
        Ok(())
    }

    fn stop_workers(&mut self) {
        for worker in &mut self.workers {
            worker.process.stop(Duration::from_secs(20));
        }
        self.workers.clear();
    }

    fn idle(&self) -> Result<()> {
        pause(Duration::from_secs(3));
        let worker = self.workers.first().context("a worker")?;
        row("idle worker, memory", &format!("{:.0} MiB", worker.process.memory()?), "< 40 MB");
        Ok(())
    }

    /// From the call that starts a run to its first record at a server.
    fn latency(&self) -> Result<()> {
        let (port, heard) = listen()?;
        let document = json!({ "version": 1, "name": "one", "steps": [
            generated(1, None),
            { "id": "send", "connector": "http-out", "settings": { "url": format!("http://127.0.0.1:{port}/") } },
        ], "links": ["rows -> send"] });
        let id = self.workflow(&document)?;
        let mut client = self.client()?;
        let mut times = Vec::new();
        for _ in 0..ALONE {
            let begun = Instant::now();
            client.post(&format!("/api/v1/workflows/{id}/runs"), &json!({}))?.json()?;
            let at = heard.recv_timeout(Duration::from_secs(30))?;
            times.push(at.duration_since(begun).as_secs_f64() * 1e3);
            pause(Duration::from_millis(20));
        }
        let (median, late) = quantiles(&mut times)?;
        let measured = format!("{median:.1} / {late:.1} ms");
        row("idle, trigger to first record out, p50 / p99", &measured, "< 8 / < 50 ms");
        Ok(())
    }

    /// Short runs, started by several callers: each is a task that is dispatched, done and recorded.
    fn tasks(&mut self, runs: usize) -> Result<()> {
        let document = json!({ "version": 1, "name": "short", "steps": [
            generated(10, None), { "id": "end", "connector": "discard" },
        ], "links": ["rows -> end"] });
        let ids = (0..CALLERS).map(|_| self.workflow(&document)).collect::<Result<Vec<_>>>()?;
        let (accepted, done, tasks) = self.all_done(&ids, runs / CALLERS, 1)?;
        row("runs of one task accepted", &format!("{:.0} /s", tasks / accepted), "");
        row("  their tasks dispatched, done and recorded", &format!("{:.0} /s", tasks / done), "");
        Ok(())
    }

    /// Runs of many tasks: of a file that is read in parts, each a task that is dispatched, done and recorded.
    fn parts(&mut self, runs: usize) -> Result<()> {
        let document = json!({ "version": 1, "name": "parts", "steps": [
            { "id": "rows", "connector": "file", "settings": { "path": "rows.ndjson" } },
            { "id": "none", "connector": "filter", "settings": { "expression": "id < 0" } },
            { "id": "end", "connector": "discard" },
        ], "links": ["rows -> none -> end"] });
        // 17 bytes each; a table would be looked at anew for each part, which pays for parts of the usual size
        let rows =
            (0..u32::try_from(PARTS * PART / 17)?).map(|row| format!("{{\"id\":{}}}\n", 100_000_000 + row));
        let rows: String = rows.collect();
        let mut ids = Vec::new();
        for _ in 0..WIDE {
            let id = self.workflow(&document)?;
            let files = self.common.folder.join("nodes/files").join(&id);
            fs::create_dir_all(&files)?;
            fs::write(files.join("rows.ndjson"), &rows)?;
            ids.push(id);
        }
        self.stop_workers();
        self.common.settings.push(("SEMANTIC_BUS_PART".to_owned(), PART.to_string()));
        self.slots = 64;
        self.another_worker()?;
        let (_, done, tasks) = self.all_done(&ids, runs.div_ceil(ids.len()), PARTS + 2)?;
        let measured = format!("{:.0} /s", tasks / done);
        row("tasks of large runs dispatched, done and recorded", &measured, ">= 2 000 /s");
        let saves = self.workers.first().context("a worker")?.metric("semantic_bus_run_saves_total")?;
        row("  of them recorded with one save", &format!("{:.1}", tasks / saves), "");
        self.slots = SLOTS;
        self.common.settings.pop();
        Ok(())
    }

    /// Starts so many runs of each workflow at once; gives the seconds until all are accepted, the seconds until
    /// all tasks are done, and how many tasks that is.
    fn all_done(&self, ids: &[String], each: usize, tasks: usize) -> Result<(f64, f64, f64)> {
        const DONE: &str = "semantic_bus_tasks_total{outcome=\"done\"}";
        let worker = self.workers.first().context("a worker")?;
        let before = worker.metric(DONE)?;
        let begun = Instant::now();
        thread::scope(|scope| {
            let call = |id: &String| {
                let path = format!("/api/v1/workflows/{id}/runs");
                scope.spawn(move || -> Result<()> {
                    let mut client = self.client()?;
                    (0..each).try_for_each(|_| client.post(&path, &json!({}))?.json().map(drop))
                })
            };
            let callers: Vec<_> = ids.iter().map(call).collect();
            callers.into_iter().try_for_each(|it| it.join().map_err(|_| anyhow::anyhow!("a caller died"))?)
        })?;
        let accepted = begun.elapsed().as_secs_f64();
        let wanted = count(each * ids.len() * tasks);
        until("all tasks are done", Duration::from_secs(300), || {
            // asking costs the store something, too
            pause(Duration::from_millis(300));
            worker.metric(DONE).is_ok_and(|done| done - before >= wanted)
        })?;
        Ok((accepted, begun.elapsed().as_secs_f64(), wanted))
    }

    /// The same large run on one worker and on two, each with one thread.
    fn two(&mut self, rows: u64) -> Result<()> {
        self.stop_workers();
        self.common.settings.push(("SEMANTIC_BUS_THREADS".to_owned(), "1".to_owned()));
        self.slots = 1;
        let document = json!({ "version": 1, "name": "large", "steps": [
            { "id": "rows", "connector": "file", "settings": { "path": "rows.csv" } },
            { "id": "some", "connector": "filter", "settings": {
                "expression": "id % 7 != 3 && left(sha256(sha256(sha256(sha256(sha256(sha256(sha256(sha256(remark + string(id)) + place) + remark) + place) + remark) + place) + remark) + place), 2) != \"00\"" } },
            { "id": "sum", "connector": "aggregate", "settings": {
                "by": ["value"], "compute": [{ "function": "count" }, { "function": "sum", "field": "id" }] } },
            { "id": "end", "connector": "file-out", "settings": { "path": "sums.ndjson" } },
        ], "links": ["rows -> some -> sum -> end"] });
        let id = self.workflow(&document)?;
        let files = self.common.folder.join("nodes/files").join(&id);
        fs::create_dir_all(&files)?;
        let mut file = std::io::BufWriter::new(fs::File::create(files.join("rows.csv"))?);
        writeln!(file, "id,value,place,remark")?;
        for number in 0..rows {
            // as wide as a real reading, so that the file is large enough to be read in parts
            writeln!(
                file,
                "{number},{},\"Commune {} de l’Est\",{:0>64}",
                number % 100,
                number % 997,
                number % 31
            )?;
        }
        file.flush()?;
        // by turns: what else the machine has to do changes, too
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            for times in [&mut alone, &mut together] {
                self.another_worker()?;
                for _ in 0..3 {
                    times.push(self.timed(&id)?);
                }
            }
            self.stop_workers();
        }
        self.common.settings.pop();
        self.slots = SLOTS;
        let ((one, _), (two, _)) = (quantiles(&mut alone)?, quantiles(&mut together)?);
        row("a CPU-bound run on one worker / on two", &format!("{one:.2} / {two:.2} s"), "");
        row("  two against one", &format!("{:.2}", one / two), ">= 1.8");
        let measured = format!("{:.2}", spun(2) / spun(1));
        row("  two threads that only compute, on this machine", &measured, "as much as there is");
        Ok(())
    }

    /// Seconds that a run takes, as somebody sees who watches it: asking for it costs the server some of what
    /// is measured.
    fn timed(&self, workflow: &str) -> Result<f64> {
        let (mut client, watcher) = (self.client()?, self.client()?);
        let begun = Instant::now();
        let run = client.post(&format!("/api/v1/workflows/{workflow}/runs"), &json!({}))?.json()?;
        let path = format!("/api/v1/runs/{}/events", run["id"].as_str().context("an id")?);
        let under_way = |said: &Value| matches!(said["status"].as_str(), Some("waiting" | "running"));
        let last = watcher.listen(&path, |said| !under_way(said))?;
        if last["status"] != "succeeded" {
            bail!("{last}");
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    /// From the death of a worker to another that does its task, with the settings as they come.
    fn redelivery(&mut self) -> Result<()> {
        while self.workers.len() < 2 {
            self.another_worker()?;
        }
        let document = json!({ "version": 1, "name": "slow", "steps": [
            generated(100_000, Some(50)), { "id": "end", "connector": "discard" },
        ], "links": ["rows -> end"] });
        let id = self.workflow(&document)?;
        let run = self.client()?.post(&format!("/api/v1/workflows/{id}/runs"), &json!({}))?.json()?;
        let busy = |node: &Node| node.metric("semantic_bus_slots_busy").is_ok_and(|busy| busy >= 1.0);
        until("a worker has the task", Duration::from_secs(20), || self.workers.iter().any(&busy))?;
        // it has said so, and its lease is fresh
        pause(Duration::from_secs(3));
        let place = self.workers.iter().position(&busy).context("a worker")?;
        let mut dead = self.workers.remove(place);
        dead.process.kill();
        let died = Instant::now();
        until("another has it", Duration::from_secs(90), || self.workers.iter().any(&busy))?;
        let measured = format!("{:.1} s", died.elapsed().as_secs_f64());
        row("redelivery after a killed worker, by default", &measured, "< 30 s");
        let path = format!("/api/v1/runs/{}/cancel", run["id"].as_str().context("an id")?);
        self.client()?.post(&path, &json!({}))?;
        Ok(())
    }
}

pub(super) fn generated(records: u64, per_second: Option<u32>) -> Value {
    let mut settings = json!({ "records": records, "fields": [
        { "name": "id", "values": { "sequence": {} } },
    ] });
    if let Some(pace) = per_second {
        settings["per_second"] = json!(pace);
    }
    json!({ "id": "rows", "connector": "generator", "settings": settings })
}

/// The middle, and what 99 of 100 stay below.
pub(super) fn quantiles(times: &mut [f64]) -> Result<(f64, f64)> {
    times.sort_by(f64::total_cmp);
    let at = |hundredths: usize| times.get((times.len() * hundredths / 100).min(times.len() - 1)).copied();
    at(50).zip(at(99)).context("times")
}

/// How far threads come that only compute, in two seconds: what the cores of this machine give.
#[expect(clippy::cast_precision_loss, reason = "millions")]
fn spun(threads: usize) -> f64 {
    let spin = || {
        let (end, mut rounds, mut text) = (Instant::now() + Duration::from_secs(2), 0_u64, [7_u8; 64]);
        while Instant::now() < end {
            for _ in 0..1_000 {
                let mut hasher = DefaultHasher::new();
                text.hash(&mut hasher);
                text.rotate_left(8);
                text[..8].copy_from_slice(&hasher.finish().to_le_bytes());
                rounds += 1;
            }
        }
        rounds
    };
    let all: u64 = thread::scope(|scope| {
        let spinning: Vec<_> = (0..threads).map(|_| scope.spawn(spin)).collect();
        spinning.into_iter().filter_map(|it| it.join().ok()).sum()
    });
    all as f64
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
const fn count(number: usize) -> f64 {
    number as f64
}

/// A server that says when it was called.
fn listen() -> Result<(u16, Receiver<Instant>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let (port, (told, heard)) = (listener.local_addr()?.port(), channel());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told: Sender<Instant> = told.clone();
            thread::spawn(move || -> std::io::Result<()> {
                let mut reader = BufReader::new(stream);
                loop {
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if reader.read_line(&mut head)? == 0 {
                            return Ok(());
                        }
                    }
                    // nobody may listen any more
                    let _told = told.send(Instant::now());
                    let length = head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                    });
                    let mut body = vec![0; length.unwrap_or(0)];
                    reader.read_exact(&mut body)?;
                    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
                }
            });
        }
    });
    Ok((port, heard))
}
