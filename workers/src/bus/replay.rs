//! Refused records, mended or as they were, are given to the step that refused them again.

use super::{
    Bus, BusError, Records,
    chunk::Packer,
    record::{Given, NewRun, RunRecord, kept_for},
    start::priority_of,
};
use crate::new_id;
use bus_core::{
    api::{Replay, RunSummary, StartedBy},
    catalogue::{ERRORS, IN, Kind, OUT},
    msg,
    record::BatchBuilder,
    run::{Chunk, Chunks},
    workflow::{Link, Port, Step, Workflow},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Bus {
    pub(super) async fn replay_of(
        &self,
        run: &str,
        step: &str,
        replay: Replay,
        by: StartedBy,
    ) -> Result<RunSummary, BusError> {
        let record = Arc::unwrap_or_clone(self.known(run).await?.record);
        let known = record.document.step(step).ok_or(BusError::Missing)?;
        let connector = (self.parts().find)(&known.connector).ok_or(BusError::Missing)?;
        let is_source = connector.kind() == Kind::Source;
        if is_source && replay.records.is_none() {
            return Err(BusError::Refused(msg!(
                "`{step}` reads data and takes none: mend the records first",
                step = step
            )));
        }
        let id = new_id(&*self.parts().clock);
        let chunks = match replay.records {
            Some(records) => self.given_records(&id, &record, &records).await?,
            None => self.given_refused(&id, &record, step).await?,
        };
        if chunks.is_empty() {
            return Err(BusError::Refused(msg!(
                "`{step}` has refused no records that are kept",
                step = step
            )));
        }
        let mut document = from(&record.document, step);
        let to = if is_source {
            stand_in_for(&mut document, step);
            IN
        } else {
            connector.inputs().first().map_or(IN, |input| input.name)
        };
        let given = Given { step: step.to_owned(), port: to.to_owned(), chunks };
        let new = NewRun {
            workflow: record.workflow,
            revision: record.revision,
            owner: record.owner,
            document,
            parameters: record.parameters,
            inputs: BTreeMap::new(),
            given: vec![given],
            arrived: BTreeMap::new(),
            priority: priority_of(&by),
            by,
            language: record.language,
        };
        self.accept(id, new).await
    }

    async fn given_records(&self, id: &str, run: &RunRecord, records: &[Value]) -> Result<Chunks, BusError> {
        let mut shelf = Shelf::new(self, id, run);
        for record in records {
            let built = shelf.builder.json(record);
            built.map_err(|error| BusError::Refused(msg!("{problem}", problem = error.to_string())))?;
            shelf.step(false).await?;
        }
        shelf.step(true).await?;
        Ok(shelf.chunks)
    }

    /// The records inside what the `errors` port sent.
    async fn given_refused(&self, id: &str, run: &RunRecord, step: &str) -> Result<Chunks, BusError> {
        let mut refused: Records = self.kept_of(run, step, ERRORS).await?;
        let mut shelf = Shelf::new(self, id, run);
        while let Some(batch) = refused.next().await? {
            for reject in batch.records() {
                let record = reject.as_object().and_then(|reject| reject.get("record"));
                if let Some(record) = record.filter(|record| !record.is_null()) {
                    shelf.builder.copy(record);
                    shelf.step(false).await?;
                }
            }
        }
        shelf.step(true).await?;
        Ok(shelf.chunks)
    }
}

/// Writes what a replay gives as chunks of the new run.
struct Shelf<'a> {
    bus: &'a Bus,
    id: &'a str,
    run: &'a RunRecord,
    builder: BatchBuilder,
    packer: Packer,
    chunks: Chunks,
}

impl<'a> Shelf<'a> {
    fn new(bus: &'a Bus, id: &'a str, run: &'a RunRecord) -> Self {
        Self { bus, id, run, builder: BatchBuilder::new(), packer: Packer::default(), chunks: Chunks::new() }
    }

    async fn step(&mut self, is_end: bool) -> Result<(), BusError> {
        if !self.builder.is_empty() && (is_end || self.builder.is_full()) {
            self.packer.push(&self.builder.take());
        }
        let settings = self.bus.settings();
        let full =
            self.packer.records() >= settings.chunk_records || self.packer.size() >= settings.chunk_bytes;
        if self.packer.records() == 0 || !(is_end || full) {
            return Ok(());
        }
        let packer = std::mem::take(&mut self.packer);
        let name = format!("run/{}/given/{:06}", self.id, self.chunks.len());
        let chunk = Chunk {
            digest: packer.digest(),
            records: packer.records(),
            port: String::new(),
            place: Vec::new(),
        };
        let time = kept_for(&self.run.document);
        let owner = format!("run/{}", self.id);
        self.bus.store().put_chunk(&name, &owner, packer.finish(), time).await?;
        self.chunks.insert(name, chunk);
        Ok(())
    }
}

/// The part of a workflow that begins with a step: the step and all it leads to.
fn from(document: &Workflow, step: &str) -> Workflow {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![step.to_owned()]);
    while let Some(step) = waiting.pop() {
        let links = document.links.iter().filter(|link| link.from.step == step);
        waiting.extend(links.filter(|link| !found.contains(&link.to.step)).map(|link| link.to.step.clone()));
        found.insert(step);
    }
    let mut part = document.clone();
    part.steps.retain(|step| found.contains(&step.id));
    part.links.retain(|link| found.contains(&link.from.step) && found.contains(&link.to.step));
    part
}

/// In place of a source: a step that lets what it is given through.
fn stand_in_for(document: &mut Workflow, source: &str) {
    for step in document.steps.iter_mut().filter(|step| step.id == source) {
        let settings = json!({ "records": u32::MAX });
        *step = Step {
            id: step.id.clone(),
            name: step.name.clone(),
            connector: "limit".to_owned(),
            settings: settings.as_object().cloned().unwrap_or_default(),
            position: step.position,
            ..Step::default()
        };
    }
    let own = |link: &Link| link.from.step == source && link.from.port != OUT;
    document.links.retain(|link| !own(link) && link.to != Port::new(source, IN));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_runs_the_step_and_what_follows() {
        let step = |id: &str| json!({ "id": id, "connector": "filter" });
        let document: Workflow = serde_json::from_value(json!({
            "version": 1,
            "steps": [step("a"), step("b"), step("c"), step("d"), step("e")],
            "links": ["a -> b -> c", "a -> d", "b.errors -> e"],
        }))
        .unwrap();
        let part = from(&document, "b");
        let ids: Vec<_> = part.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "e"]);
        assert_eq!(part.links.len(), 2);
    }
}
