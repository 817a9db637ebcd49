//! A list of runs and one of them, when the store holds many.

use super::{
    bench::{generated, quantiles, row},
    nodes::{Common, Node, first_link},
    process::{pause, until},
};
use crate::{bench::client::Client, tools};
use anyhow::{Context, Result};
use serde_json::json;
use std::{
    fs,
    time::{Duration, Instant},
};

/// How often each is asked for.
const TIMES: usize = 20;

/// Over the store of a cluster.
pub(super) fn measure((common, headers): (&Common, &str), gateway: &Node, runs: usize) -> Result<()> {
    let (workflow, run) = first(&mut Client::connect(&gateway.address(), headers)?)?;
    fill([&common.mongodb, "semantic_bus", &run, &runs.to_string()])?;
    let what = format!("{runs} runs in the store: list 50 / open one");
    // filling takes longer than a server keeps a connection without a call
    look(&mut Client::connect(&gateway.address(), headers)?, &workflow, &what)
}

/// Over the embedded store of a server that is alone.
pub(super) fn measure_alone(common: &Common, runs: usize) -> Result<()> {
    let folder = common.folder.join("alone");
    fs::create_dir_all(&folder)?;
    let alone = Common {
        folder,
        amqp: String::new(),
        mongodb: String::new(),
        settings: Vec::new(),
        ..common.clone()
    };
    let mut server = alone.gateway("server", 18_290);
    server.process.start()?;
    server.ready(Duration::from_secs(60))?;
    let token = first_link(server.process.log()).context("a link for the first account")?;
    let headers = Client::connect(&server.address(), "")?.first_account(&token)?;
    let (workflow, run) = first(&mut Client::connect(&server.address(), &headers)?)?;
    server.process.stop(Duration::from_secs(20));
    let store = alone.folder.join("nodes").display().to_string();
    fill([&store, "", &run, &runs.to_string()])?;
    server.process.start()?;
    server.ready(Duration::from_secs(60))?;
    let what = format!("{runs} runs in the embedded store: the same");
    look(&mut Client::connect(&server.address(), &headers)?, &workflow, &what)
}

/// A workflow and a run of it that has ended.
fn first(client: &mut Client) -> Result<(String, String)> {
    let document = json!({ "version": 1, "name": "many", "steps": [
        generated(1, None), { "id": "end", "connector": "discard" },
    ], "links": ["rows -> end"] });
    let made = client.post("/api/v1/workflows", &json!({ "document": document }))?.json()?;
    let workflow = made["summary"]["id"].as_str().context("an id")?.to_owned();
    let run = client.post(&format!("/api/v1/workflows/{workflow}/runs"), &json!({}))?.json()?;
    let run = run["id"].as_str().context("a run")?.to_owned();
    until("the run has ended", Duration::from_secs(20), || {
        pause(Duration::from_millis(50));
        let detail = client.get(&format!("/api/v1/runs/{run}")).and_then(|answer| answer.json());
        detail.is_ok_and(|detail| detail["summary"]["status"] == "succeeded")
    })?;
    Ok((workflow, run))
}

/// Puts copies of a run into a store: where it is, its name, the run, how many.
fn fill(of: [&str; 4]) -> Result<()> {
    let filling =
        ["run", "--quiet", "--release", "--locked", "--package", "workers", "--example", "many_runs", "--"];
    tools::run("many runs", tools::cargo().args(filling).args(of))
}

fn look(client: &mut Client, workflow: &str, what: &str) -> Result<()> {
    let (mut lists, mut opens) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let page = client.get(&format!("/api/v1/workflows/{workflow}/runs?limit=50"))?.json()?;
        lists.push(begun.elapsed().as_secs_f64() * 1e3);
        let run = page["items"][0]["id"].as_str().context("a run")?.to_owned();
        let begun = Instant::now();
        client.get(&format!("/api/v1/runs/{run}"))?.json()?;
        opens.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let (list, open) = (quantiles(&mut lists)?.0, quantiles(&mut opens)?.0);
    row(what, &format!("{list:.1} / {open:.1} ms"), "< 50 ms");
    Ok(())
}
