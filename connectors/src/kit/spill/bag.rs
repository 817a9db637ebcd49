use super::{Disk, Run, RunWriter};
use bus_core::{
    error::StepError,
    record::{Batch, BatchBuilder, Value},
};

/// Records that are read several times, in order: in memory, beyond that on disk.
#[derive(Debug)]
pub struct Bag {
    disk: Disk,
    memory: usize,
    builder: BatchBuilder,
    batches: Vec<Batch>,
    held: usize,
    writer: Option<RunWriter>,
    run: Option<Run>,
    len: usize,
}

impl Bag {
    /// A bag that holds about `memory` bytes before it goes to disk.
    #[must_use]
    pub fn new(disk: &Disk, memory: usize) -> Self {
        Self {
            disk: disk.clone(),
            memory,
            builder: BatchBuilder::new(),
            batches: Vec::new(),
            held: 0,
            writer: None,
            run: None,
            len: 0,
        }
    }

    /// Adds a copy of a record. After [`Self::close`] a bag takes no more.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn push(&mut self, record: Value<'_>) -> Result<(), StepError> {
        self.len += 1;
        self.builder.copy(record);
        if !self.builder.is_full() && self.held + self.builder.size() <= self.memory {
            return Ok(());
        }
        let batch = self.builder.take();
        if self.writer.is_none() && self.held + batch.size() <= self.memory {
            self.held += batch.size();
            self.batches.push(batch);
            return Ok(());
        }
        match &mut self.writer {
            Some(writer) => writer.push(&batch),
            None => self.writer.insert(RunWriter::create(&self.disk)?).push(&batch),
        }
    }

    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Says that all records are in it.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn close(&mut self) -> Result<(), StepError> {
        let batch = self.builder.take();
        match self.writer.take() {
            None => self.batches.push(batch),
            Some(mut writer) => {
                writer.push(&batch)?;
                self.run = Some(writer.finish()?);
            }
        }
        Ok(())
    }

    /// Shows every record to `visit`, in the order they were added.
    ///
    /// # Errors
    /// When the disk cannot be read, or `visit` fails.
    pub fn each(&self, mut visit: impl FnMut(Value<'_>) -> Result<(), StepError>) -> Result<(), StepError> {
        for batch in &self.batches {
            batch.records().try_for_each(&mut visit)?;
        }
        if let Some(run) = &self.run {
            let mut reader = run.read()?;
            while let Some(batch) = reader.next_batch()? {
                batch.records().try_for_each(&mut visit)?;
            }
        }
        Ok(())
    }
}
