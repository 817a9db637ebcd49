//! Records kept for the eye: the first of every output port, and what was refused.

use super::{
    Bus, BusError, BusSettings, Records,
    chunk::{self, Packer},
    record::RunRecord,
    report::{StepNote, TaskReport},
};
use bus_core::{
    api::{Column, Table},
    catalogue::{ERRORS, Go, OUT},
    error::StepError,
    msg,
    record::{Batch, Value},
};
use connectors::contract::Tap;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Where kept records stand: a part of a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section {
    pub(super) chunk: String,
    /// Its first byte.
    pub(super) from: usize,
    /// Bytes.
    pub(super) length: usize,
    pub(super) records: u64,
}

/// Records and bytes that may be kept.
#[derive(Debug, Clone, Copy)]
struct Room {
    records: u64,
    bytes: usize,
}

type Ports = BTreeMap<(String, String), (Room, Packer)>;

/// Keeps what the steps of a task send. Cheap to clone.
#[derive(Clone)]
pub(super) struct Keeper {
    ports: Arc<Mutex<Ports>>,
    settings: Arc<BusSettings>,
    /// What other tasks of the run have kept stands here.
    run: Arc<RunRecord>,
}

impl Keeper {
    pub(super) fn new(settings: &BusSettings, run: &Arc<RunRecord>) -> Self {
        Self { ports: Arc::default(), settings: Arc::new(settings.clone()), run: Arc::clone(run) }
    }

    /// What sees the records of a step.
    pub(super) fn tap(&self, step: &str, go: Go) -> Arc<dyn Tap> {
        Arc::new(StepTap { keeper: self.clone(), step: step.to_owned(), go })
    }

    fn room(&self, (step, port): &(String, String)) -> Room {
        let settings = &self.settings;
        let bytes = if port == ERRORS { settings.refused_bytes } else { settings.kept_bytes };
        Room { records: records_left(&self.run, (step, port), settings), bytes }
    }

    fn keep(&self, port: (String, String), batch: &Batch) {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let (room, packer) = match ports.entry(port) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let room = self.room(new.key());
                new.insert((room, Packer::default()))
            }
        };
        let left = room.records.saturating_sub(packer.records());
        if left == 0 || packer.size() >= room.bytes {
            return;
        }
        match usize::try_from(left) {
            Ok(left) if left < batch.len() => {
                let first: Vec<usize> = (0..left).collect();
                packer.push(&batch.clone().select(&first));
            }
            _ => packer.push(batch),
        }
    }

    /// Writes what was kept, and says in the steps' notes where. Small ones share a chunk: a short run
    /// writes one.
    pub(super) async fn save(
        &self,
        bus: &Bus,
        (run, task): (&str, &str),
        time: Duration,
        notes: &mut BTreeMap<String, StepNote>,
    ) -> Result<(), BusError> {
        let ports = std::mem::take(&mut *self.ports.lock().unwrap_or_else(PoisonError::into_inner));
        // others may have kept enough while this task was at work
        let lately = bus.lines().lately(run).map_or_else(|| Arc::clone(&self.run), |known| known.record);
        let mut chunks: Vec<(String, Vec<u8>)> = Vec::new();
        for ((step, port), (_, packer)) in ports {
            let records = packer.records();
            if records == 0 || records_left(&lately, (&step, &port), &self.settings) == 0 {
                continue;
            }
            let bytes = packer.finish();
            if chunks.last().is_none_or(|(_, chunk)| chunk.len() + bytes.len() > SHARED) {
                chunks.push((format!("run/{run}/kept/{task}/{}", chunks.len()), Vec::new()));
            }
            let Some((name, chunk)) = chunks.last_mut() else { continue };
            let section = Section { chunk: name.clone(), from: chunk.len(), length: bytes.len(), records };
            chunk.extend_from_slice(&bytes);
            notes.entry(step).or_default().kept.entry(port).or_default().push(section);
        }
        let (store, owner) = (bus.store(), format!("run/{run}"));
        let puts = chunks.into_iter().map(|(name, bytes)| {
            let owner = owner.as_str();
            async move { store.put_chunk(&name, owner, bytes, time).await }
        });
        futures::future::try_join_all(puts).await?;
        Ok(())
    }
}

/// How many records of a port may still be kept, beside what the tasks that are done have kept.
fn records_left(run: &RunRecord, (step, port): (&str, &str), settings: &BusSettings) -> u64 {
    let mut left = if port == ERRORS { settings.refused_records } else { settings.kept_records };
    for sections in run.reports.values().filter_map(|report| report.steps.get(step)?.kept.get(port)) {
        left = left.saturating_sub(sections.iter().map(|section| section.records).sum());
        if left == 0 {
            break;
        }
    }
    left
}

/// Takes out of what a task has kept what others have kept meanwhile: tasks that run side by side each
/// keep as if they were alone.
pub(super) fn trim(report: &mut TaskReport, run: &RunRecord, settings: &BusSettings) {
    for (step, note) in &mut report.steps {
        for (port, sections) in &mut note.kept {
            let mut room = records_left(run, (step, port), settings);
            for section in sections.iter_mut() {
                section.records = section.records.min(room);
                room -= section.records;
            }
            sections.retain(|section| section.records > 0);
        }
    }
}

/// Kept records of several ports stand in one chunk up to this size, bytes.
const SHARED: usize = 256 << 10;

struct StepTap {
    keeper: Keeper,
    step: String,
    go: Go,
}

impl Tap for StepTap {
    fn sent(&self, port: &str, batch: &Batch) {
        // what the first of two goes sends is nothing to look at
        if self.go != Go::Part || port != OUT {
            self.keeper.keep((self.step.clone(), port.to_owned()), batch);
        }
    }
}

impl Bus {
    /// Where the kept records of a port stand, and how many records the port has sent; a port that the step does not
    /// have is missing, one that has sent nothing is not.
    fn sections(&self, run: &RunRecord, step: &str, port: &str) -> Result<(Vec<Section>, u64), BusError> {
        let known = run.document.step(step).ok_or(BusError::Missing)?;
        let connector = (self.parts().find)(&known.connector).ok_or(BusError::Missing)?;
        if port != ERRORS && !connector.outputs().contains(&port) {
            return Err(BusError::Missing);
        }
        let notes = || run.reports.values().filter_map(|report| report.steps.get(step));
        let sections = notes().filter_map(|note| note.kept.get(port)).flatten().cloned().collect();
        let total = notes().filter_map(|note| note.counts.ports.get(port)).sum();
        Ok((sections, total))
    }

    pub(super) async fn kept_of(&self, run: &RunRecord, step: &str, port: &str) -> Result<Records, BusError> {
        let (sections, _) = self.sections(run, step, port)?;
        Ok(Records::new(self.clone(), sections))
    }

    /// The batches of a part of a chunk.
    pub(super) async fn section(&self, section: &Section) -> Result<Vec<Batch>, BusError> {
        let chunk = self.store().chunk(&section.chunk).await?.ok_or_else(expired)?;
        let bytes = chunk.get(section.from..section.from + section.length).ok_or_else(expired)?;
        let batches = chunk::unpack(bytes).map_err(|error| BusError::Refused(error.message))?;
        let mut left = usize::try_from(section.records).unwrap_or(usize::MAX);
        let first = |batch: Batch| {
            let some: Vec<usize> = (0..batch.len().min(left)).collect();
            left -= some.len();
            if some.len() == batch.len() { batch } else { batch.select(&some) }
        };
        Ok(batches.into_iter().map(first).collect())
    }

    pub(super) async fn kept_table(
        &self,
        run: &RunRecord,
        (step, port): (&str, &str),
        from: u64,
        limit: usize,
    ) -> Result<Table, BusError> {
        let (sections, total) = self.sections(run, step, port)?;
        let kept = sections.iter().map(|section| section.records).sum();
        let mut table = TableOf::default();
        let mut skip = from;
        for section in &sections {
            if skip >= section.records {
                skip -= section.records;
                continue;
            }
            for batch in self.section(section).await? {
                for record in batch.records() {
                    if skip > 0 {
                        skip -= 1;
                    } else if table.rows.len() < limit {
                        table.add(record);
                    }
                }
            }
            if table.rows.len() >= limit {
                break;
            }
        }
        Ok(table.finish(from, kept, total))
    }
}

fn expired() -> BusError {
    BusError::Expired(msg!(
        "these records were kept for a while and are gone: run the workflow again to see them"
    ))
}

/// The same, where a task needs them.
pub(super) fn gone() -> StepError {
    StepError::remote(msg!("records that were kept for this are gone: run the workflow again"))
}

/// A table that grows record by record.
#[derive(Default)]
pub(super) struct TableOf {
    columns: Vec<Column>,
    rows: Vec<serde_json::Value>,
}

impl TableOf {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn add(&mut self, record: Value<'_>) {
        match record.as_object() {
            Some(object) => {
                for (key, value) in object.iter() {
                    self.note(key, kind(value));
                }
            }
            None => self.note("", kind(record)),
        }
        self.rows.push(record.to_json());
    }

    fn note(&mut self, name: &str, kind: Option<&'static str>) {
        let kind = kind.unwrap_or_default();
        match self.columns.iter_mut().find(|column| column.name == name) {
            Some(column) if kind.is_empty() || column.kind == kind => {}
            Some(column) if column.kind.is_empty() => kind.clone_into(&mut column.kind),
            Some(column) => together(&column.kind, kind).clone_into(&mut column.kind),
            None => self.columns.push(Column { name: name.to_owned(), kind: kind.to_owned() }),
        }
    }

    pub(super) fn finish(mut self, from: u64, kept: u64, total: u64) -> Table {
        for column in self.columns.iter_mut().filter(|column| column.kind.is_empty()) {
            "text".clone_into(&mut column.kind);
        }
        Table { columns: self.columns, rows: self.rows, from, kept, total }
    }
}

/// What a column is that holds both.
fn together(one: &str, other: &str) -> &'static str {
    match (one, other) {
        // a whole number among others, such as 48 among latitudes
        ("integer" | "decimal", "integer" | "decimal") => "decimal",
        _ => "mixed",
    }
}

/// What a value is, for the head of its column; nothing says nothing.
fn kind(value: Value<'_>) -> Option<&'static str> {
    match value {
        Value::Null | Value::Masked(_) => None,
        Value::Bool(_) => Some("boolean"),
        Value::Int(_) => Some("integer"),
        Value::Float(_) | Value::Decimal(_) => Some("decimal"),
        Value::Text(_) | Value::Bytes(_) => Some("text"),
        Value::Time(_) => Some("time"),
        Value::List(_) => Some("list"),
        Value::Object(_) => Some("object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::record::BatchBuilder;
    use serde_json::json;

    #[test]
    fn columns_are_what_the_records_have() {
        let mut builder = BatchBuilder::new();
        let second = json!({ "a": "x", "b": [1], "c": 1.5 });
        for record in [json!({ "a": 1, "b": null }), second, json!({ "a": 2, "c": 1 })] {
            builder.json(&record).unwrap();
        }
        let mut table = TableOf::default();
        builder.take().records().for_each(|record| table.add(record));
        let table = table.finish(0, 3, 3);
        let columns: Vec<_> = table.columns.iter().map(|column| (&*column.name, &*column.kind)).collect();
        assert_eq!(columns, [("a", "mixed"), ("b", "list"), ("c", "decimal")]);
        assert_eq!(table.rows[0], json!({ "a": 1, "b": null }));
    }
}
