use super::{Disk, Run, RunReader, RunWriter};
use bus_core::{error::StepError, record::Batch};
use std::collections::VecDeque;

/// A queue of batches, first in first out, that keeps what exceeds its memory on disk.
#[derive(Debug)]
pub struct SpillQueue {
    disk: Disk,
    memory: usize,
    /// Oldest: in memory.
    head: VecDeque<Batch>,
    held: usize,
    /// Then the file being read, the finished files, and the one being written.
    reader: Option<RunReader>,
    files: VecDeque<Run>,
    writer: Option<RunWriter>,
}

/// A file this long is finished, so that its space is free as soon as it was read.
const FILE_BYTES: u64 = 64 << 20;

impl SpillQueue {
    /// A queue that holds about `memory` bytes of batches before it goes to disk.
    #[must_use]
    pub const fn new(disk: Disk, memory: usize) -> Self {
        Self {
            disk,
            memory,
            head: VecDeque::new(),
            held: 0,
            reader: None,
            files: VecDeque::new(),
            writer: None,
        }
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn push(&mut self, batch: Batch) -> Result<(), StepError> {
        let on_disk = self.reader.is_some() || self.writer.is_some() || !self.files.is_empty();
        if !on_disk && (self.head.is_empty() || self.held + batch.size() <= self.memory) {
            self.held += batch.size();
            self.head.push_back(batch);
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => RunWriter::create(&self.disk)?,
        };
        writer.push(&batch)?;
        if writer.bytes() >= FILE_BYTES {
            self.files.push_back(writer.finish()?);
        } else {
            self.writer = Some(writer);
        }
        Ok(())
    }

    /// Takes the oldest batch; `None` if the queue is empty.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn pop(&mut self) -> Result<Option<Batch>, StepError> {
        if let Some(batch) = self.head.pop_front() {
            self.held = self.held.saturating_sub(batch.size());
            return Ok(Some(batch));
        }
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(batch) = reader.next_batch()? {
                    return Ok(Some(batch));
                }
                self.reader = None;
            }
            let next = match (self.files.pop_front(), self.writer.take()) {
                (Some(run), writer) => {
                    self.writer = writer;
                    run
                }
                (None, Some(writer)) => writer.finish()?,
                (None, None) => return Ok(None),
            };
            self.reader = Some(next.read()?);
        }
    }

    /// Whether nothing waits in it; a queue of which the last batch was just read from disk may say no.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.reader.is_none() && self.files.is_empty() && self.writer.is_none()
    }
}
