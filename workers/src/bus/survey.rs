//! Looks how large a run is before it is done, and cuts it if that pays.

use super::{
    Bus, Split,
    memory::recall,
    record::RunRecord,
    stages::{self, Stage},
};
use crate::{
    RunSecrets,
    survey::{divisible, extents},
};
use bus_core::{
    Language,
    error::StepError,
    msg,
    plan::{Rules, choose, outline, plan},
    workflow::Workflow,
};
use connectors::contract::{Context, ContextParts, Secrets, Step};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

impl Bus {
    /// How a run of a document would be done, as a person reads it: its stages, and what would be done in
    /// parts and why. Sources look for their files in the folder of `workflow`; without one, how large they
    /// are is not known. Nobody outside is asked.
    pub async fn outline(&self, document: &Workflow, workflow: Option<&str>, language: Language) -> String {
        // a parameter without a value leaves open what depends on it
        let parameters = document.bind(&Map::new(), |_| false).unwrap_or_default();
        let catalogue = &*self.parts().catalogue;
        if self.settings().split == Split::Never && document.labels().len() < 2 {
            let one = msg!("a run is one task: one node does everything, on all its cores");
            return plan(document, catalogue).text(language) + &one.text(language) + "\n";
        }
        let cancel = CancellationToken::new();
        let extents = match workflow {
            Some(workflow) => {
                let secrets: Arc<dyn Secrets> = Arc::new(RunSecrets::default());
                let looking = |step: &bus_core::workflow::Step| {
                    self.looking((workflow, language, &parameters), (&step.id, None), (&secrets, &cancel))
                };
                extents(document, self.parts().find, &parameters, looking).await
            }
            None => BTreeMap::new(),
        };
        let choice = choose(document, (catalogue, &parameters), &extents, self.settings().parts);
        outline(document, (catalogue, &parameters), &choice, language)
    }

    /// The stages in which a run is better done that is one task so far; none if it is to stay that.
    pub(super) async fn cut(&self, record: &RunRecord, cancel: &CancellationToken) -> Vec<Stage> {
        let split = self.settings().split;
        if split == Split::Never || record.stages.len() != 1 || !record.given.is_empty() {
            return Vec::new();
        }
        let pieces = self.pieces(record, cancel, split).await;
        if pieces.is_empty() && split != Split::Always {
            return Vec::new();
        }
        let planned = (&*self.parts().catalogue as _, &record.parameters);
        let stages = stages::cut(&record.document, planned, &pieces, 1);
        if stages.len() > 1 { stages } else { Vec::new() }
    }

    /// The parts of the sources that are read in parts. What cannot be looked at is read whole: that says
    /// what is wrong with it.
    async fn pieces(
        &self,
        record: &RunRecord,
        cancel: &CancellationToken,
        split: Split,
    ) -> BTreeMap<String, Vec<Value>> {
        let memory = recall(self.store(), record).await.unwrap_or_default();
        let secrets = self.secrets_of(record).await.unwrap_or_else(|_| Arc::new(RunSecrets::default()));
        let sources = divisible(&record.document, self.parts().find, &record.parameters, |step, _| {
            let run = (record.workflow.as_str(), record.language, &record.parameters);
            let memory = memory.get(&step.id).cloned();
            let own = !record.inputs.contains_key(&step.id);
            own.then(|| self.looking(run, (&step.id, memory), (&secrets, cancel)))
        });
        let mut sources = sources.await;
        let extents = sources.iter().map(|(step, source)| (step.clone(), source.extent.clone())).collect();
        let rules = match split {
            Split::Always => Rules { from_bytes: 0, ..self.settings().parts },
            Split::Auto | Split::Never => self.settings().parts,
        };
        let planned = (&*self.parts().catalogue as _, &record.parameters);
        let choice = choose(&record.document, planned, &extents, rules);
        let mut pieces = BTreeMap::new();
        for (step, count) in choice.parts {
            let Some(source) = sources.remove(&step) else { continue };
            match source.division.divide(source.settings, (source.seen, count), source.context).await {
                Ok(parts) if parts.len() > 1 => drop(pieces.insert(step, parts)),
                Ok(_) => tracing::debug!(step, "a source turned out to be read from its beginning only"),
                Err(error) => tracing::debug!(step, %error, "a source cannot be divided"),
            }
        }
        pieces
    }

    /// What a source may use while it is only looked at.
    fn looking(
        &self,
        (workflow, language, parameters): (&str, Language, &Map<String, Value>),
        (step, memory): (&str, Option<Value>),
        (secrets, cancel): (&Arc<dyn Secrets>, &CancellationToken),
    ) -> Context {
        let parts = self.parts();
        Context::new(ContextParts {
            language,
            parameters: Arc::new(parameters.clone()),
            limits: parts.limits.clone(),
            http: parts.http.clone(),
            secrets: Arc::clone(secrets),
            cancel: cancel.clone(),
            folder: self.folder(workflow),
            confined: true,
            scratch: parts.scratch.clone(),
            memory: Mutex::new(memory),
            ..ContextParts::new(step, Arc::clone(&parts.clock))
        })
    }

    /// A step that reads a part of what a source would read.
    pub(super) fn part_of_source(
        &self,
        record: &RunRecord,
        source: &str,
        piece: &Value,
    ) -> Result<Step, StepError> {
        let step = record.document.step(source);
        let found = step.and_then(|step| (self.parts().find)(&step.connector)?.division().zip(Some(step)));
        let Some((division, step)) = found else {
            return Err(StepError::ours(msg!("the run has no such stage")));
        };
        let settings = Workflow::settings(step, &record.parameters);
        let started = division.start(&settings, piece.clone());
        started.map_err(|problem| StepError::settings(problem.message))
    }
}
