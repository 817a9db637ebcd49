//! `cargo xtask bench --server`: how fast and how small the server is.

use super::{
    client::Client,
    measure::{self, median},
};
use crate::browser::installed;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server of its own, in a folder that goes with it.
struct Server {
    child: Child,
    address: String,
    token: String,
    /// From its start to the first page.
    start: Duration,
}

/// Kernel ticks a second, as `/proc` counts them on every Linux of today.
const TICKS: f64 = 100.0;

impl Server {
    fn start(ours: &Path, data: &Path) -> Result<Self> {
        let address = "127.0.0.1:18080";
        let begun = Instant::now();
        let mut child = Command::new(ours)
            .args(["--lang", "en", "serve", "--log-level", "warn", "--listen", address, "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("its words")?).lines();
        let link = lines.by_ref().map_while(Result::ok).find(|line| line.contains('#'));
        let token = link.as_deref().and_then(|line| line.rsplit('#').next()).context("a link")?.to_owned();
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let page = Client::connect(address, "")?.get("/")?;
        if page.status != 200 {
            bail!("the first page: {}", page.status);
        }
        Ok(Self { child, address: address.to_owned(), token, start: begun.elapsed() })
    }

    /// Seconds of CPU so far.
    fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok());
        Ok((ticks(11).context("user time")? + ticks(12).context("system time")?) / TICKS)
    }

    /// MiB of memory it holds now.
    fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("memory")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
fn row(what: &str, measured: &str, asked: &str) {
    println!("{what:<44} {measured:>22}   {asked}");
}

/// Measures the server and prints its table.
pub(super) fn bench(ours: &Path, data: &Path) -> Result<()> {
    let folder = data.join("server");
    drop(fs::remove_dir_all(&folder));
    let server = Server::start(ours, &folder)?;
    row("server", "measured", "asked");
    row("start to first page", &format!("{:.0} ms", server.start.as_secs_f64() * 1e3), "< 500 ms");
    idle(&server)?;
    let mut client = Client::connect(&server.address, "")?;
    let headers = client.first_account(&server.token)?;
    preview(&mut client)?;
    short_runs(&server, &mut client, &headers)?;
    published(&server, &mut client)?;
    large(&server, &mut client, (ours, data))?;
    row("memory after all that", &format!("{:.0} MiB", server.memory()?), "");
    Ok(())
}

/// A benchmark measures over time, and asks now and then whether something has ended.
#[expect(clippy::disallowed_methods, reason = "nothing else runs on the thread of a benchmark")]
fn pause(time: Duration) {
    thread::sleep(time);
}

fn idle(server: &Server) -> Result<()> {
    pause(Duration::from_secs(2));
    let (before, time) = (server.cpu()?, 20.0);
    pause(Duration::from_secs_f64(time));
    let share = (server.cpu()? - before) / time * 100.0;
    row("idle: memory", &format!("{:.0} MiB", server.memory()?), "< 50 MiB");
    row("idle: CPU", &format!("{share:.2} %"), "< 0.5 %");
    Ok(())
}

fn generated(records: u64) -> Value {
    json!({ "id": "rows", "connector": "generator", "settings": { "records": records, "fields": [
        { "name": "id", "values": { "sequence": {} } },
        { "name": "value", "values": { "integer": { "least": 0, "most": 99 } } },
    ] } })
}

fn workflow(client: &mut Client, document: &Value) -> Result<String> {
    let made = client.post("/api/v1/workflows", &json!({ "document": document }))?.json()?;
    if made["summary"]["draft"] == true {
        bail!("{}", made["findings"]);
    }
    Ok(made["summary"]["id"].as_str().context("an id")?.to_owned())
}

fn preview(client: &mut Client) -> Result<()> {
    let document = json!({ "version": 1, "name": "preview", "steps": [
        generated(1_000),
        { "id": "keep", "connector": "filter", "settings": { "expression": "value > 10" } },
        { "id": "end", "connector": "discard" },
    ], "links": ["rows -> keep -> end"] });
    let asked = json!({ "document": document, "step": "keep" });
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        client.post("/api/v1/preview", &asked)?.json()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times.get(10).context("times")?, times.last().context("times")?);
    row("preview of 1 000 records, median / worst", &format!("{median:.0} / {worst:.0} ms"), "< 300 ms");
    Ok(())
}

/// Runs started by several callers at once.
const CALLERS: usize = 8;
const RUNS: usize = 1_600;

fn short_runs(server: &Server, client: &mut Client, headers: &str) -> Result<()> {
    let document = json!({ "version": 1, "name": "short", "steps": [
        generated(100),
        { "id": "keep", "connector": "filter", "settings": { "expression": "value > 10" } },
        { "id": "end", "connector": "discard" },
    ], "links": ["rows -> keep -> end"] });
    let mut ids = Vec::new();
    for _ in 0..CALLERS {
        ids.push(workflow(client, &document)?);
    }
    let (begun, cpu) = (Instant::now(), server.cpu()?);
    thread::scope(|scope| {
        let started: Vec<_> =
            ids.iter().map(|id| scope.spawn(|| started(&server.address, headers, id))).collect();
        started.into_iter().try_for_each(|it| it.join().map_err(|_| anyhow::anyhow!("a caller died"))?)
    })?;
    let taken = begun.elapsed().as_secs_f64();
    let ended = loop {
        let metrics = client.get("/metrics")?;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        let count = |status: &str| {
            let line = format!("semantic_bus_runs{{status=\"{status}\"}} ");
            text.lines().find_map(|text| text.strip_prefix(&line)?.parse::<f64>().ok()).unwrap_or(0.0)
        };
        if count("failed") > 0.0 {
            bail!("a run failed");
        }
        if count("waiting") + count("running") < 1.0 {
            break begun.elapsed().as_secs_f64();
        }
        pause(Duration::from_millis(20));
    };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let runs = RUNS as f64;
    row("short runs accepted", &format!("{:.0} /s", runs / taken), "");
    row("short runs done", &format!("{:.0} /s", runs / ended), ">= 200 /s");
    row("short runs, CPU of each", &format!("{:.1} ms", (server.cpu()? - cpu) / runs * 1e3), "");
    Ok(())
}

fn started(address: &str, headers: &str, workflow: &str) -> Result<()> {
    let mut client = Client::connect(address, headers)?;
    for _ in 0..RUNS / CALLERS {
        client.post(&format!("/api/v1/workflows/{workflow}/runs"), &json!({}))?.json()?;
    }
    Ok(())
}

/// Runs a workflow and waits for its end.
fn run(client: &mut Client, workflow: &str) -> Result<()> {
    let started = client.post(&format!("/api/v1/workflows/{workflow}/runs"), &json!({}))?.json()?;
    let path = format!("/api/v1/runs/{}", started["id"].as_str().context("an id")?);
    loop {
        let detail = client.get(&path)?.json()?;
        match detail["summary"]["status"].as_str() {
            Some("waiting" | "running") => pause(Duration::from_millis(20)),
            Some("succeeded") => return Ok(()),
            _ => bail!("{detail}"),
        }
    }
}

fn published(server: &Server, client: &mut Client) -> Result<()> {
    if Command::new("wrk").arg("-v").output().is_err() {
        installed(&["wrk"])?;
    }
    let document = json!({ "version": 1, "name": "published", "steps": [
        generated(100),
        { "id": "show", "connector": "publish", "settings": { "slug": "bench" } },
    ], "links": ["rows -> show"] });
    let id = workflow(client, &document)?;
    run(client, &id)?;
    for path in ["/data/bench.json", "/data/bench.csv"] {
        client.get(path)?;
        let done = Command::new("wrk")
            .args(["-t1", "-c64", "-d8s", "--latency"])
            .arg(format!("http://{}{path}", server.address))
            .output()
            .context("wrk")?;
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let after = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or("?").trim().to_owned()
        };
        let measured = format!("{} /s, p99 {}", after("Requests/sec:"), after("99%"));
        row(&format!("{path}, 64 connections"), &measured, ">= 20 000 /s, p99 < 5 ms");
        if text.contains("Non-2xx") {
            bail!("{text}");
        }
    }
    Ok(())
}

/// Five steps over the meter readings.
const LARGE: &str = include_str!("server.json");

fn large(server: &Server, client: &mut Client, (ours, data): (&Path, &Path)) -> Result<()> {
    let folder = data.join("large");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("large.json"), LARGE)?;
    link(&data.join("meters.csv"), &folder)?;
    let id = workflow(client, &serde_json::from_str(LARGE)?)?;
    let files = data.join("server/files").join(&id);
    fs::create_dir_all(&files)?;
    link(&data.join("meters.csv"), &files)?;
    let (mut server_costs, mut own_costs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (begun, cpu) = (Instant::now(), server.cpu()?);
        run(client, &id)?;
        let wall = begun.elapsed().as_secs_f64();
        server_costs.push(measure::Cost { cpu: server.cpu()? - cpu, wall, memory: server.memory()? });
        own_costs.push(measure::run(&format!("{} run --quiet large.json", ours.display()), &folder)?);
    }
    let (by_server, alone) = (median(server_costs).context("no run")?, median(own_costs).context("no run")?);
    let measured = format!("{:.2} / {:.2} CPU s", by_server.cpu, alone.cpu);
    row("1 M rows, 5 steps: server / `run`", &measured, "");
    row("  ratio of CPU", &format!("{:.2}", by_server.cpu / alone.cpu), "<= 1.3");
    row("  ratio of time", &format!("{:.2}", by_server.wall / alone.wall), "<= 1.3");
    Ok(())
}

fn link(file: &Path, folder: &Path) -> Result<()> {
    let place = folder.join("meters.csv");
    if !place.exists() {
        fs::hard_link(file, &place)?;
    }
    drop(File::open(place)?);
    Ok(())
}
