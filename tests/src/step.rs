//! Runs one connector as a case says, and compares what came of it.

use crate::{
    records,
    server::{Exchange, Server},
};
use bus_core::{
    catalogue::ERRORS,
    record::{Batch, Timestamp},
};
use connectors::{
    contract::{Clock, Connector, Context, ContextParts, Finished, Inputs, Outputs, Secrets},
    kit::http::{Http, HttpOptions},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};
use test_servers::Mosquitto;
use tokio::sync::mpsc;

/// A case of a connector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in one line.
    pub about: String,
    #[serde(default)]
    settings: Json,
    context: Option<Json>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    params: serde_json::Map<String, Json>,
    #[serde(default)]
    confined: bool,
    #[serde(default)]
    inputs: BTreeMap<String, Vec<Json>>,
    #[serde(default)]
    http: Vec<Exchange>,
    /// What a broker of MQTT, `{broker}` in the settings, has kept for whoever subscribes.
    #[serde(default)]
    mqtt: Vec<Retained>,
    expect: Expected,
}

/// A message that a broker keeps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retained {
    topic: String,
    payload: String,
}

#[derive(Debug, Deserialize)]
struct Expected {
    context: Option<Json>,
    files: Option<BTreeMap<String, String>>,
    receipt: Option<Json>,
    fails: Option<String>,
    refuses: Option<String>,
    errors: Option<Vec<Json>>,
    #[serde(flatten)]
    ports: BTreeMap<String, Vec<Json>>,
}

/// What a step made: per port its batches, and how it ended.
struct Outcome {
    ports: BTreeMap<&'static str, Vec<Batch>>,
    ended: Result<Finished, bus_core::error::StepError>,
}

impl Case {
    /// Runs the case in a new folder.
    ///
    /// # Errors
    /// How what came of it differs from what is expected.
    pub fn run(&self, connector: &'static Connector) -> Result<(), String> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        for (name, text) in &self.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(|error| error.to_string())?;
            fs::write(path, text).map_err(|error| error.to_string())?;
        }
        runtime.block_on(async {
            let server = Server::start(self.http.clone()).await.map_err(|error| error.to_string())?;
            let broker = self.broker().map_err(|error| error.to_string())?;
            let mut settings = substitute(&self.settings, ("{server}", server.address()));
            if let Some(broker) = &broker {
                settings = substitute(&settings, ("{broker}", &broker.uri()));
            }
            let step = match (connector.start(&settings), &self.expect.refuses) {
                (Ok(step), None) => step,
                (Ok(_), Some(refusal)) => return Err(format!("settings accepted, expected: {refusal}")),
                (Err(problem), refusal) => {
                    let text = format!("{}: {}", problem.path, problem.message);
                    return contains(&text, refusal.as_deref());
                }
            };
            let context = self.context(folder.path());
            let outcome = self.drive(connector, step, context).await;
            self.compare(&outcome, folder.path(), &server)
        })
    }

    /// A broker with what it keeps, if the case has any.
    fn broker(&self) -> std::io::Result<Option<Mosquitto>> {
        if self.mqtt.is_empty() {
            return Ok(None);
        }
        let broker = Mosquitto::start()?;
        let mut sender = broker.sender()?;
        for Retained { topic, payload } in &self.mqtt {
            sender.send(topic, payload.as_bytes(), true)?;
        }
        Ok(Some(broker))
    }

    async fn drive(
        &self,
        connector: &'static Connector,
        step: connectors::contract::Step,
        context: Context,
    ) -> Outcome {
        let entry = connector.entry();
        let mut receivers = Vec::new();
        for port in entry.inputs {
            let records = self.inputs.get(port.name).map(Vec::as_slice).unwrap_or_default();
            let (sender, receiver) = mpsc::channel(records.len().max(1));
            // one record a batch: steps must not depend on how records are cut
            for record in records {
                let mut batch = records::batch(std::slice::from_ref(record));
                batch.set_context(self.context.clone().map(Arc::new));
                let _sent = sender.send(batch).await;
            }
            receivers.push((port.name, receiver));
        }
        let mut wiring = Vec::new();
        let mut results = Vec::new();
        for port in entry.outputs.iter().copied().chain([ERRORS]) {
            let (sender, receiver) = mpsc::channel(100_000);
            wiring.push((port, vec![sender]));
            results.push((port, receiver));
        }
        let inputs = Inputs::new(receivers, Arc::clone(context.meter()));
        let ended = step.run(inputs, Outputs::new(wiring, context.clone()), context).await;
        let mut ports = BTreeMap::new();
        for (port, mut receiver) in results {
            let batches: &mut Vec<Batch> = ports.entry(port).or_default();
            while let Some(batch) = receiver.recv().await {
                batches.push(batch);
            }
        }
        Outcome { ports, ended }
    }

    fn context(&self, folder: &Path) -> Context {
        Context::new(ContextParts {
            parameters: Arc::new(self.params.clone()),
            secrets: Arc::new(Known),
            // the servers of the cases run on this machine
            http: Http::new(HttpOptions { allow_private: true, ..HttpOptions::default() }),
            folder: folder.to_owned(),
            confined: self.confined,
            scratch: folder.join(".scratch"),
            ..ContextParts::new("step", Arc::new(Noon))
        })
    }

    fn compare(&self, outcome: &Outcome, folder: &Path, server: &Server) -> Result<(), String> {
        match (&outcome.ended, &self.expect.fails) {
            (Err(error), reason) => contains(&error.to_string(), reason.as_deref())?,
            (Ok(_), Some(reason)) => return Err(format!("succeeded, expected: {reason}")),
            (Ok(_), None) => {}
        }
        for (port, expected) in &self.expect.ports {
            let batches = outcome.ports.get(port.as_str()).ok_or_else(|| format!("no port {port}"))?;
            let actual: Vec<Json> =
                batches.iter().flat_map(|batch| batch.records().map(records::json)).collect();
            if !records::same(&Json::from(actual.clone()), &Json::from(expected.clone())) {
                return Err(format!(
                    "port {port}:\n  actual   {}\n  expected {}",
                    Json::from(actual),
                    json!(expected)
                ));
            }
        }
        self.compare_errors(outcome)?;
        if let Some(expected) = &self.expect.context {
            let found = outcome.ports.values().flatten().find_map(Batch::context);
            if found.map(AsRef::as_ref) != Some(expected) {
                return Err(format!("context is {found:?}, expected {expected}"));
            }
        }
        if let (Some(expected), Ok(Finished::Wrote(receipt))) = (&self.expect.receipt, &outcome.ended) {
            let receipt = json!(receipt);
            let differs = |(name, value): (&String, &Json)| receipt.get(name) != Some(value);
            if expected.as_object().is_some_and(|expected| expected.iter().any(differs)) {
                return Err(format!("receipt is {receipt}, expected {expected}"));
            }
        }
        for (name, expected) in self.expect.files.iter().flatten() {
            let actual = fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
            if actual.trim_end() != expected.trim_end() {
                return Err(format!("{name}:\n{actual}\nexpected:\n{expected}"));
            }
        }
        match server.complaints() {
            complaints if complaints.is_empty() => Ok(()),
            complaints => Err(complaints.join("; ")),
        }
    }

    fn compare_errors(&self, outcome: &Outcome) -> Result<(), String> {
        let rejected = outcome.ports.get(ERRORS).into_iter().flatten();
        let rejected: Vec<Json> = rejected.flat_map(|batch| batch.records().map(records::json)).collect();
        let expected = self.expect.errors.as_deref().unwrap_or_default();
        let fits = |actual: &Json, expected: &Json| {
            expected.as_object().is_some_and(|members| {
                members.iter().all(|(name, value)| match (name.as_str(), actual.get(name), value) {
                    ("reason", Some(Json::String(actual)), Json::String(part)) => {
                        actual.contains(part.as_str())
                    }
                    (_, Some(actual), value) => records::same(actual, value),
                    (_, None, _) => false,
                })
            })
        };
        if rejected.len() == expected.len()
            && rejected.iter().zip(expected).all(|(actual, expected)| fits(actual, expected))
        {
            return Ok(());
        }
        Err(format!("errors:\n  actual   {}\n  expected {}", Json::from(rejected), json!(expected)))
    }
}

fn contains(text: &str, part: Option<&str>) -> Result<(), String> {
    match part {
        Some(part) if text.contains(part) => Ok(()),
        Some(part) => Err(format!("it says: {text}\nexpected: {part}")),
        None => Err(text.to_owned()),
    }
}

/// The settings with a placeholder replaced in every text.
fn substitute(settings: &Json, (placeholder, value): (&str, &str)) -> Json {
    let inner = |item| substitute(item, (placeholder, value));
    match settings {
        Json::String(text) => text.replace(placeholder, value).into(),
        Json::Array(items) => items.iter().map(inner).collect(),
        Json::Object(members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), inner(member)));
            members.collect::<serde_json::Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// It is always noon on 2026-03-28, UTC.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-03-28T12:00:00Z")
            .unwrap_or(Timestamp::local(0, bus_core::record::Precision::Day))
    }
}

/// Every secret is `canary-` and its name.
struct Known;

impl Secrets for Known {
    fn get(&self, name: &str) -> Option<String> {
        (name != "missing").then(|| format!("canary-{name}"))
    }
}
