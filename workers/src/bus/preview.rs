//! What a step would send: everything it needs is run on a sample, nothing is written.

use super::{
    Bus, BusError,
    kept::TableOf,
    record::{NewRun, RunRecord},
    start::wrong_parameters,
};
use crate::{
    Outcome,
    run::run_part,
    seams::{Seams, Taps},
};
use backplane::Priority;
use bus_core::{
    Language,
    api::{Failure, Preview, PreviewAsked, StartedBy},
    catalogue::{ERRORS, IN, Kind, OUT},
    error::StepError,
    msg,
    record::Batch,
    run::RunState,
    workflow::{Link, Port, Step, Workflow},
};
use connectors::contract::{Connector, Reading, Tap};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Records of each port that a preview shows at most.
const MOST: usize = 10_000;

impl Bus {
    pub(super) async fn preview_of(
        &self,
        asked: PreviewAsked,
        language: Language,
    ) -> Result<Preview, BusError> {
        let began = Instant::now();
        let records = asked.records.clamp(1, MOST);
        let looked_at = asked.document.step(&asked.step).ok_or(BusError::Missing)?;
        let kind = (self.parts().find)(&looked_at.connector).map(Connector::kind);
        let parameters = asked.document.parameters.bind(&asked.parameters).map_err(wrong_parameters)?;
        let owner = match &asked.workflow {
            Some(workflow) => self.workflows().get(workflow).await?.owner,
            None => String::new(),
        };
        let mut seams = Seams::default();
        let document = self.sampled(&asked, kind == Some(Kind::Sink), records);
        if let Some(run) = &asked.sample_of {
            self.stand_in(run, &document, &asked.inputs, &mut seams).await?;
        }
        let shown = Shown::new(records);
        let (cancel, watched) = (CancellationToken::new(), ports_of(&asked.step, kind));
        seams.taps = Some(shown.taps(watched, cancel.clone()));
        let run = NewRun {
            workflow: asked.workflow.unwrap_or_default(),
            revision: 0,
            owner,
            document,
            parameters,
            inputs: BTreeMap::new(),
            given: Vec::new(),
            by: StartedBy::Call,
            language,
            priority: Priority::Interactive,
        };
        let run = RunRecord::new(run, Vec::new(), RunState::new(Vec::new()), self.now());
        let mut options = self.options(&run, cancel.clone(), None);
        options.secrets = self.secrets_of(&run).await?;
        for (step, upload) in asked.inputs.iter().filter(|(step, _)| run.document.step(step).is_some()) {
            let read = self.reading(&run, step, upload).await;
            seams.stand_ins.insert(step.clone(), read.map_err(|error| BusError::Refused(error.message))?);
        }
        let running = Box::pin(run_part(&run.document, self.parts().find, options, seams));
        let error = match tokio::time::timeout(self.settings().preview, running).await {
            Ok((report, _)) if report.outcome == Outcome::Failed => {
                let of_steps = report.steps.iter().filter_map(|step| step.error.as_ref());
                report.error.iter().chain(of_steps).next().map(|failure| failure.error.clone())
            }
            Ok(_) => None,
            Err(_) => Some(StepError::remote(msg!("the sample took too long: this is what came so far"))),
        };
        Ok(Preview {
            ports: shown.tables(),
            milliseconds: began.elapsed().as_secs_f64() * 1_000.0,
            error: error.map(|error| failure(&error, language)),
        })
    }

    /// The step and what it needs, sources cut to a sample. A sink is left out: what would reach it shows.
    fn sampled(&self, asked: &PreviewAsked, is_sink: bool, records: usize) -> Workflow {
        let mut document = asked.document.clone();
        let needed = before(&document, &asked.step);
        document.steps.retain(|step| needed.contains(&step.id) && !(is_sink && step.id == asked.step));
        document.links.retain(|link| needed.contains(&link.from.step) && needed.contains(&link.to.step));
        let is_source = |step: &Step| {
            (self.parts().find)(&step.connector).is_some_and(|connector| connector.kind() == Kind::Source)
        };
        let sources: Vec<String> =
            document.steps.iter().filter(|step| is_source(step)).map(|step| step.id.clone()).collect();
        for source in sources {
            let cut = cut_of(&source);
            for link in
                document.links.iter_mut().filter(|link| link.from.step == source && link.from.port == OUT)
            {
                link.from.step.clone_from(&cut);
            }
            document.links.push(Link::new(Port::new(&source, OUT), Port::new(&cut, IN)));
            document.steps.push(step(&cut, "limit", json!({ "records": records })));
        }
        if is_sink {
            for link in document.links.iter_mut().filter(|link| link.to.step == asked.step) {
                link.to.port = IN.to_owned();
            }
            // lets everything through and writes nothing
            document.steps.push(step(&asked.step, "limit", json!({ "records": MOST })));
        }
        document
    }

    /// Lets the kept records of a run stand for what the sources would read, other than those that are given.
    async fn stand_in(
        &self,
        run: &str,
        document: &Workflow,
        given: &BTreeMap<String, String>,
        seams: &mut Seams,
    ) -> Result<(), BusError> {
        let record = self.known(run).await?.record;
        for step in document.steps.iter().filter(|step| !given.contains_key(&step.id)) {
            let is_source = (self.parts().find)(&step.connector)
                .is_some_and(|connector| connector.kind() == Kind::Source);
            if !is_source {
                continue;
            }
            if record.document.step(&step.id).is_none() {
                return Err(BusError::Refused(msg!(
                    "the run has no records of the step `{step}`",
                    step = &step.id
                )));
            }
            let mut kept = self.kept_of(&record, &step.id, OUT).await?;
            let reading = connectors::contract::Step::reading(move |mut out, _| async move {
                loop {
                    let batch = kept.next().await.map_err(|error| StepError::remote(error.message()))?;
                    let Some(batch) = batch else { return Ok(Reading::Complete) };
                    out.send(batch).await?;
                }
            });
            seams.stand_ins.insert(step.id.clone(), reading);
        }
        Ok(())
    }
}

/// The step that cuts a source to a sample. No step of a document is called so: `~` is not allowed there.
fn cut_of(source: &str) -> String {
    format!("~{source}")
}

fn step(id: &str, connector: &str, settings: serde_json::Value) -> Step {
    let settings = match settings {
        serde_json::Value::Object(settings) => settings,
        _ => serde_json::Map::new(),
    };
    Step { id: id.to_owned(), connector: connector.to_owned(), settings, ..Step::default() }
}

/// A step and all that leads to it.
fn before(document: &Workflow, step: &str) -> BTreeSet<String> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![step.to_owned()]);
    while let Some(step) = waiting.pop() {
        let links = document.links.iter().filter(|link| link.to.step == step);
        waiting.extend(links.map(|link| link.from.step.clone()));
        if !found.insert(step) {
            continue;
        }
    }
    found
}

/// Which ports are shown, as what.
fn ports_of(step: &str, kind: Option<Kind>) -> BTreeMap<(String, String), String> {
    let port = |step: &str, port: &str| (step.to_owned(), port.to_owned());
    match kind {
        Some(Kind::Source) => BTreeMap::from([
            (port(&cut_of(step), OUT), OUT.to_owned()),
            (port(step, ERRORS), ERRORS.to_owned()),
        ]),
        Some(Kind::Sink) => BTreeMap::from([(port(step, OUT), IN.to_owned())]),
        Some(Kind::Transform) | None => BTreeMap::from([(port(step, ""), String::new())]),
    }
}

/// What is shown of the ports.
#[derive(Clone)]
struct Shown(Arc<Mutex<BTreeMap<String, (TableOf, u64)>>>, usize);

impl Shown {
    fn new(records: usize) -> Self {
        Self(Arc::default(), records)
    }

    fn taps(&self, ports: BTreeMap<(String, String), String>, cancel: CancellationToken) -> Taps {
        let shown = self.clone();
        let ports = Arc::new(ports);
        Arc::new(move |step: &str| -> Arc<dyn Tap> {
            Arc::new(Look {
                shown: shown.clone(),
                ports: Arc::clone(&ports),
                step: step.to_owned(),
                cancel: cancel.clone(),
            })
        })
    }

    fn tables(&self) -> BTreeMap<String, bus_core::api::Table> {
        let tables = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let table = |(table, total): (TableOf, u64)| {
            let kept = table.len() as u64;
            table.finish(0, kept, total)
        };
        tables.into_iter().map(|(port, shown)| (port, table(shown))).collect()
    }
}

struct Look {
    shown: Shown,
    ports: Arc<BTreeMap<(String, String), String>>,
    step: String,
    cancel: CancellationToken,
}

impl Tap for Look {
    fn sent(&self, port: &str, batch: &Batch) {
        let exactly = self.ports.get(&(self.step.clone(), port.to_owned())).map(String::as_str);
        let any = || self.ports.contains_key(&(self.step.clone(), String::new())).then_some(port);
        let Some(name) = exactly.or_else(any) else { return };
        let mut tables = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (table, total) = tables.entry(name.to_owned()).or_default();
        *total += batch.len() as u64;
        let room = self.shown.1.saturating_sub(table.len());
        batch.records().take(room).for_each(|record| table.add(record));
        if name != ERRORS && *total > self.shown.1 as u64 {
            // more than is shown: enough is seen
            self.cancel.cancel();
        }
    }
}

/// Why something failed, in a language.
pub(super) fn failure(error: &StepError, language: Language) -> Failure {
    Failure { fault: error.fault, retry: error.retry, text: error.text(language) }
}
