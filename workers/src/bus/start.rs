//! Runs begin: at once while their workflow has room, otherwise when one of it has ended.

use super::{
    Bus, BusError, Start,
    pinned::Pinned,
    record::{NewRun, RUNS, RunRecord},
    runs::Known,
    stages,
};
use backplane::{Expect, IndexValue, Priority, Query};
use bus_core::{
    api::{RunSummary, StartedBy},
    catalogue::Kind,
    msg,
    run::{Event, RunState, Status},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long whoever starts a run waits for a broker that is away. The run is saved by then, and the sweeper sends what
/// could not be sent.
const PROMPT: Duration = Duration::from_secs(1);

impl Bus {
    pub(super) async fn start_run(&self, id: String, asked: Start) -> Result<RunSummary, BusError> {
        let Pinned { revision, document, owner } = self.pinned(&asked.workflow, asked.language).await?;
        let replaced = |step: &str| asked.inputs.contains_key(step);
        let parameters = document.bind(&asked.parameters, replaced).map_err(wrong_parameters)?;
        for (step, upload) in &asked.inputs {
            let known = document.step(step).and_then(|step| (self.parts().find)(&step.connector));
            if known.is_none_or(|connector| connector.kind() != Kind::Source) {
                return Err(BusError::Refused(msg!("`{step}` is no step that reads data", step = step)));
            }
            if !self.has_upload(upload).await? {
                return Err(BusError::Refused(msg!("there is no upload `{id}`", id = upload)));
            }
        }
        let run = NewRun {
            workflow: asked.workflow,
            revision,
            owner,
            document,
            parameters,
            inputs: asked.inputs,
            given: Vec::new(),
            arrived: BTreeMap::new(),
            by: asked.by,
            language: asked.language,
            priority: asked.priority,
        };
        self.accept(id, run).await
    }

    /// Saves a new run: from here on it will be done.
    pub(super) async fn accept(&self, id: String, run: NewRun) -> Result<RunSummary, BusError> {
        // whoever takes it looks how large it is, and may cut it
        let stages = stages::first(&run.document, (&*self.parts().catalogue, &run.parameters));
        let state = RunState::new(stages::specs(&stages, 0));
        let now = self.now();
        let mut record = RunRecord::new(run, stages, state, now);
        let begins = self.is_working() && self.share().enter(&record.workflow, &id);
        let effects = if begins { record.state.on(Event::Begin, now) } else { Vec::new() };
        if record.state.has_ended() {
            record.ended = Some(now);
        }
        if let Err(error) = self.store().save(RUNS, &id, record.body()?, Expect::Absent).await {
            self.share().leave(&record.workflow, &id);
            return Err(error.into());
        }
        self.origins().note(&id, &record.workflow);
        if !begins {
            // room may have come up since it was looked for; a node that works hears of it, or finds it in its round
            self.admit(&record.workflow).await;
            let topic = format!("waiting.{}", record.workflow);
            let _heard = timeout(PROMPT, self.broker().announce(&topic, Vec::new())).await;
        } else if record.state.has_ended() {
            self.act(&id, &record, &effects).await;
        } else if timeout(PROMPT, self.act(&id, &record, &effects)).await.is_err() {
            // only messages were cut off: they are sent again
            self.unsent().note(&id);
        }
        Ok(record.summary(&id))
    }

    /// Begins runs of a workflow that wait, the most urgent first, as long as there is room.
    pub(super) async fn admit(&self, workflow: &str) {
        while self.is_working() && self.share().room(workflow) > 0 {
            match self.admit_one(workflow).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(workflow, %error, "runs that wait have to wait longer");
                    return;
                }
            }
        }
    }

    async fn admit_one(&self, workflow: &str) -> Result<bool, BusError> {
        let query =
            Query { limit: 8, ..Query::of("queue", vec![workflow.into(), IndexValue::from("waiting")]) };
        for waiting in self.store().find(RUNS, query).await? {
            if !self.share().enter(workflow, &waiting.id) {
                continue;
            }
            let Ok(record) = RunRecord::read(&waiting.body) else {
                self.share().leave(workflow, &waiting.id);
                continue;
            };
            let known = Known { record: Arc::new(record), revision: waiting.revision };
            let begun =
                self.change(&waiting.id, Some(known), |record, now| record.state.on(Event::Begin, now)).await;
            if !matches!(&begun, Ok(known) if known.record.state.status == Status::Running) {
                self.share().leave(workflow, &waiting.id);
            }
            begun?;
            return Ok(true);
        }
        Ok(false)
    }
}

pub(super) fn wrong_parameters(wrong: Vec<(String, bus_core::Message)>) -> BusError {
    let (name, problem) = wrong.into_iter().next().unwrap_or_else(|| (String::new(), msg!("?")));
    BusError::Refused(msg!("parameter `{name}`: {problem}", name = name, problem = problem))
}

/// How urgent a run is that something starts.
pub(super) const fn priority_of(by: &StartedBy) -> Priority {
    match by {
        StartedBy::Person(_) | StartedBy::Call | StartedBy::Upload | StartedBy::Replay(_) => {
            Priority::Interactive
        }
        // what a message brings is fresh and small; what a night brings can wait
        StartedBy::Live => Priority::Interactive,
        StartedBy::Schedule(_) => Priority::Batch,
    }
}
