use super::{Disk, Run, RunWriter, merge::Merge};
use bus_core::{
    error::StepError,
    record::{Batch, BatchBuilder, Value},
};

/// Sorts any number of records by their keys (see [`crate::kit::order`]), in bounded memory: what does
/// not fit is written to disk as sorted runs and merged. Records with the same key keep their order.
#[derive(Debug)]
pub struct Sorter {
    disk: Disk,
    memory: usize,
    held: Held,
    runs: Vec<Run>,
}

/// Records in memory, and their order.
#[derive(Debug, Default)]
struct Held {
    keys: Vec<u8>,
    entries: Vec<Entry>,
    batches: Vec<Batch>,
    bytes: usize,
    builder: BatchBuilder,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The first eight bytes of the key: most comparisons end here.
    prefix: u64,
    start: usize,
    len: u32,
    batch: u32,
    row: u32,
}

/// Records a run's batches hold at most, and a share of the memory: a merge holds a batch of each run.
const BLOCK_ROWS: usize = 512;
const BLOCK_SHARE: usize = 128;
/// Runs that are merged at once.
const MOST_RUNS: usize = 48;

impl Sorter {
    /// A sorter that holds about `memory` bytes.
    #[must_use]
    pub fn new(disk: &Disk, memory: usize) -> Self {
        Self { disk: disk.clone(), memory, held: Held::default(), runs: Vec::new() }
    }

    /// Adds a copy of a record under its key.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn push(&mut self, key: &[u8], record: Value<'_>) -> Result<(), StepError> {
        self.push_with(key, |out| out.copy(record))
    }

    /// Adds the one value that `write` writes, under its key.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn push_with(&mut self, key: &[u8], write: impl FnOnce(&mut BatchBuilder)) -> Result<(), StepError> {
        self.held.push(key, write);
        if self.held.size() > self.memory {
            let run = self.write_run()?;
            self.runs.push(run);
        }
        Ok(())
    }

    /// Whether nothing was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.held.entries.is_empty()
    }

    /// The records in order.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn finish(mut self) -> Result<Sorted, StepError> {
        if self.runs.is_empty() {
            self.held.sort();
            return Ok(Sorted(Kind::Memory { held: Box::new(self.held), next: 0 }));
        }
        if !self.held.entries.is_empty() {
            let run = self.write_run()?;
            self.runs.push(run);
        }
        let most = (self.memory / (2 * self.block())).clamp(2, MOST_RUNS);
        while self.runs.len() > most {
            let mut merged = Vec::new();
            for runs in self.runs.chunks(most) {
                merged.push(match runs {
                    [run] => run.clone(),
                    runs => self.merge(runs)?,
                });
            }
            self.runs = merged;
        }
        Ok(Sorted(Kind::Disk(Merge::new(&self.runs)?)))
    }

    /// Bytes of one batch of a run.
    fn block(&self) -> usize {
        (self.memory / BLOCK_SHARE).clamp(1 << 10, 256 << 10)
    }

    fn write_run(&mut self) -> Result<Run, StepError> {
        let mut held = std::mem::take(&mut self.held);
        held.sort();
        let mut writer = Writer::new(&self.disk, self.block())?;
        for entry in &held.entries {
            writer.push(held.key(entry), held.record(entry))?;
        }
        writer.finish()
    }

    fn merge(&self, runs: &[Run]) -> Result<Run, StepError> {
        let mut merge = Merge::new(runs)?;
        let mut writer = Writer::new(&self.disk, self.block())?;
        while merge.advance()? {
            writer.push(merge.key(), merge.record())?;
        }
        writer.finish()
    }
}

impl Held {
    fn push(&mut self, key: &[u8], write: impl FnOnce(&mut BatchBuilder)) {
        let mut prefix = [0; 8];
        prefix.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        self.entries.push(Entry {
            prefix: u64::from_be_bytes(prefix),
            start: self.keys.len(),
            len: u32::try_from(key.len()).unwrap_or(u32::MAX),
            batch: u32::try_from(self.batches.len()).unwrap_or(u32::MAX),
            row: u32::try_from(self.builder.len()).unwrap_or(u32::MAX),
        });
        self.keys.extend_from_slice(key);
        write(&mut self.builder);
        if self.builder.is_full() {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let batch = self.builder.take();
        self.bytes += batch.size();
        self.batches.push(batch);
    }

    const fn size(&self) -> usize {
        self.bytes + self.builder.size() + self.keys.len() + self.entries.len() * size_of::<Entry>()
    }

    fn sort(&mut self) {
        if !self.builder.is_empty() {
            self.cut();
        }
        let keys = std::mem::take(&mut self.keys);
        let key = |entry: &Entry| keys.get(entry.start..entry.start + entry.len as usize).unwrap_or_default();
        self.entries.sort_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(key(b))));
        self.keys = keys;
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        self.keys.get(entry.start..entry.start + entry.len as usize).unwrap_or_default()
    }

    fn record(&self, entry: &Entry) -> Value<'_> {
        self.batches.get(entry.batch as usize).map_or(Value::Null, |batch| batch.record(entry.row as usize))
    }
}

/// Writes a sorted run: rows of key and record.
struct Writer {
    run: RunWriter,
    builder: BatchBuilder,
    block: usize,
}

impl Writer {
    fn new(disk: &Disk, block: usize) -> Result<Self, StepError> {
        Ok(Self { run: RunWriter::create(disk)?, builder: BatchBuilder::new(), block })
    }

    fn push(&mut self, key: &[u8], record: Value<'_>) -> Result<(), StepError> {
        self.builder.begin_list();
        self.builder.bytes(key);
        self.builder.copy(record);
        self.builder.end();
        if self.builder.len() >= BLOCK_ROWS || self.builder.size() >= self.block {
            self.run.push(&self.builder.take())?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Run, StepError> {
        if !self.builder.is_empty() {
            self.run.push(&self.builder.take())?;
        }
        self.run.finish()
    }
}

/// Records in order: [`Self::advance`] to the next, then look at its key and record.
#[derive(Debug)]
pub struct Sorted(Kind);

#[derive(Debug)]
enum Kind {
    /// `next` is the place after the current record.
    Memory {
        held: Box<Held>,
        next: usize,
    },
    Disk(Merge),
}

impl Sorted {
    /// Goes to the next record; `false` at the end.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn advance(&mut self) -> Result<bool, StepError> {
        match &mut self.0 {
            Kind::Memory { held, next } => {
                *next += 1;
                Ok(*next <= held.entries.len())
            }
            Kind::Disk(merge) => merge.advance(),
        }
    }

    /// The key of the current record; empty before the first and after the last.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match &self.0 {
            Kind::Memory { held, next } => current(held, *next).map_or(&[], |entry| held.key(entry)),
            Kind::Disk(merge) => merge.key(),
        }
    }

    /// The current record; null before the first and after the last.
    #[must_use]
    pub fn record(&self) -> Value<'_> {
        match &self.0 {
            Kind::Memory { held, next } => {
                current(held, *next).map_or(Value::Null, |entry| held.record(entry))
            }
            Kind::Disk(merge) => merge.record(),
        }
    }
}

fn current(held: &Held, next: usize) -> Option<&Entry> {
    held.entries.get(next.checked_sub(1)?)
}
