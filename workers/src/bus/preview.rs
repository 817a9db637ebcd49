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
    check::Problem,
    error::StepError,
    msg,
    record::Batch,
    run::RunState,
    workflow::{
        Link, Port, Step, Workflow,
        expand::{INSIDE, WORKFLOW},
    },
};
use connectors::contract::{Connector, Reading, Tap};
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
        account: &str,
        language: Language,
    ) -> Result<Preview, BusError> {
        let began = Instant::now();
        let records = asked.records.clamp(1, MOST);
        let owner = match &asked.workflow {
            Some(workflow) => Some(self.workflows().get(workflow).await?.owner),
            None => None,
        };
        let of = owner.as_deref().unwrap_or(account);
        let (document, watched) = match self.sampled(&asked, of, records).await? {
            Ok(sampled) => sampled,
            Err(error) => {
                let error = Some(failure(&error, language));
                return Ok(Preview { ports: BTreeMap::new(), milliseconds: since(began), error });
            }
        };
        let mut seams = Seams::default();
        if let Some(run) = &asked.sample_of {
            self.stand_in(run, &document, &asked.inputs, &mut seams).await?;
        }
        let replaced = |step: &str| seams.stand_ins.contains_key(step) || asked.inputs.contains_key(step);
        let parameters = document.bind(&asked.parameters, replaced).map_err(wrong_parameters)?;
        let (shown, cancel) = (Shown::new(records), CancellationToken::new());
        seams.taps = Some(shown.taps(watched, cancel.clone()));
        let run = NewRun {
            workflow: asked.workflow.unwrap_or_default(),
            revision: 0,
            owner: owner.unwrap_or_default(),
            document,
            parameters,
            inputs: BTreeMap::new(),
            given: Vec::new(),
            arrived: BTreeMap::new(),
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
            milliseconds: since(began),
            error: error.map(|error| failure(&error, language)),
        })
    }

    fn kind_of(&self, step: &Step) -> Option<Kind> {
        (self.parts().find)(&step.connector).map(Connector::kind)
    }

    /// The step and what it needs, as a run would have it, sources cut to a sample; and which of its ports are looked
    /// at. Or why there is nothing to look at.
    async fn sampled(
        &self,
        asked: &PreviewAsked,
        account: &str,
        records: usize,
    ) -> Result<Result<(Workflow, Watched), StepError>, BusError> {
        let looked_at = asked.document.step(&asked.step).ok_or(BusError::Missing)?.clone();
        if looked_at.disabled {
            return Ok(Err(StepError::settings(msg!("the step is switched off: it does nothing"))));
        }
        let kind = self.kind_of(&looked_at);
        let mut document = asked.document.clone();
        let needed = before(&document, &asked.step);
        document.steps.retain(|step| needed.contains(&step.id));
        document.links.retain(|link| needed.contains(&link.from.step) && needed.contains(&link.to.step));
        let mut watched = ports_of(&asked.step, kind);
        let workflows = self.workflows();
        let library = workflows.library(&document, account).await?;
        if looked_at.connector == WORKFLOW {
            let named = looked_at.settings.get("workflow").and_then(serde_json::Value::as_str);
            let gives = named.is_some_and(|name| library.gives(name));
            watched = listen(&mut document, &asked.step, gives);
        }
        if kind == Some(Kind::Sink) {
            look_before(&mut document, &asked.step);
        }
        let mut document = match workflows.runs(&document, &library) {
            Ok(document) => document,
            Err(problems) => {
                let problem = problems.into_iter().next().unwrap_or_else(|| Problem::error(msg!("?")));
                let step = problem.step.unwrap_or_default();
                return Ok(Err(StepError::settings(problem.problem).at(msg!("step `{step}`", step = step))));
            }
        };
        let ears = watched.keys().map(|(step, _)| step.as_str());
        if !ears.chain([asked.step.as_str()]).any(|step| document.step(step).is_some()) {
            return Ok(Err(StepError::settings(msg!("what leads to the step is switched off"))));
        }
        self.cut_sources(&mut document, records);
        Ok(Ok((document, watched)))
    }

    /// Lets no more than a sample out of each source.
    fn cut_sources(&self, document: &mut Workflow, records: usize) {
        let sources = document.steps.iter().filter(|step| self.kind_of(step) == Some(Kind::Source));
        let sources: Vec<String> = sources.map(|step| step.id.clone()).collect();
        for source in sources {
            let cut = cut_of(&source);
            for link in
                document.links.iter_mut().filter(|link| link.from.step == source && link.from.port == OUT)
            {
                link.from.step.clone_from(&cut);
            }
            document.links.push(Link::new(Port::new(&source, OUT), Port::new(&cut, IN)));
            document.steps.push(limit(&cut, records));
        }
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
            if self.kind_of(step) != Some(Kind::Source) {
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
    format!("{INSIDE}{source}")
}

/// A step that lets so many records through and writes nothing.
fn limit(id: &str, records: usize) -> Step {
    let settings = serde_json::Map::from_iter([("records".to_owned(), records.into())]);
    Step { id: id.to_owned(), connector: "limit".to_owned(), settings, ..Step::default() }
}

/// Puts a step that lets everything through in the place of a sink: what would reach it shows, nothing is written.
fn look_before(document: &mut Workflow, sink: &str) {
    for link in document.links.iter_mut().filter(|link| link.to.step == sink) {
        link.to.port = IN.to_owned();
    }
    for step in document.steps.iter_mut().filter(|step| step.id == sink) {
        *step = limit(sink, MOST);
    }
}

/// Puts a step behind each port of a workflow that is used as a step, which is not there itself when it runs.
fn listen(document: &mut Workflow, step: &str, gives: bool) -> Watched {
    let mut watched = Watched::new();
    for port in [OUT, ERRORS].into_iter().filter(|port| gives || *port == ERRORS) {
        let ear = format!("{INSIDE}{port}{INSIDE}{step}");
        document.links.push(Link::new(Port::new(step, port), Port::new(&ear, IN)));
        document.steps.push(limit(&ear, MOST));
        watched.insert((ear, OUT.to_owned()), port.to_owned());
    }
    watched
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
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

/// Which ports are shown, as what: step and port (of any name if it is empty) to the name it is shown by.
type Watched = BTreeMap<(String, String), String>;

fn ports_of(step: &str, kind: Option<Kind>) -> Watched {
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

    fn taps(&self, ports: Watched, cancel: CancellationToken) -> Taps {
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
    ports: Arc<Watched>,
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
