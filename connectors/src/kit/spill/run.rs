use super::Disk;
use bus_core::{error::StepError, msg, record::Batch};
use std::{
    fs::File,
    io::{self, BufReader, Read as _, Write as _},
    sync::Arc,
};
use tempfile::{NamedTempFile, TempPath};

/// Batches in a file, in the order they were pushed. The file goes with the last clone and reader.
#[derive(Debug, Clone)]
pub struct Run(Arc<Stored>);

#[derive(Debug)]
struct Stored {
    path: TempPath,
    bytes: u64,
    disk: Disk,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.disk.give_back(self.bytes);
    }
}

/// Writes a [`Run`].
#[derive(Debug)]
pub struct RunWriter {
    file: Option<NamedTempFile>,
    packed: Vec<u8>,
    bytes: u64,
    disk: Disk,
}

impl RunWriter {
    /// A new, empty file.
    ///
    /// # Errors
    /// When the scratch folder cannot be written.
    pub fn create(disk: &Disk) -> Result<Self, StepError> {
        Ok(Self { file: Some(disk.file()?), packed: Vec::new(), bytes: 0, disk: disk.clone() })
    }

    /// Appends a batch: packed, lz4, behind its length.
    ///
    /// # Errors
    /// When the step's disk space or the disk is full.
    pub fn push(&mut self, batch: &Batch) -> Result<(), StepError> {
        self.packed.clear();
        batch.pack(&mut self.packed);
        let block = lz4_flex::block::compress_prepend_size(&self.packed);
        let length = u32::try_from(block.len()).map_err(|_| too_large())?;
        let bytes = block.len() + length.to_le_bytes().len();
        self.bytes += bytes as u64;
        self.disk.take(bytes)?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&length.to_le_bytes()).and_then(|()| file.write_all(&block));
        written.map_err(|error| self.disk.error(&error))
    }

    /// Bytes in the file.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The finished run.
    ///
    /// # Errors
    /// When the file cannot be kept.
    pub fn finish(mut self) -> Result<Run, StepError> {
        let Some(file) = self.file.take() else { return Err(too_large()) };
        let bytes = std::mem::take(&mut self.bytes);
        Ok(Run(Arc::new(Stored { path: file.into_temp_path(), bytes, disk: self.disk.clone() })))
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        self.disk.give_back(self.bytes);
    }
}

impl Run {
    /// Reads the run from its start; several readers may do so at once.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn read(&self) -> Result<RunReader, StepError> {
        let file = File::open(&self.0.path).map_err(|error| self.0.disk.error(&error))?;
        Ok(RunReader { file: BufReader::new(file), block: Vec::new(), run: self.clone() })
    }
}

/// Reads a [`Run`] batch by batch.
#[derive(Debug)]
pub struct RunReader {
    file: BufReader<File>,
    block: Vec<u8>,
    run: Run,
}

impl RunReader {
    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read or was changed by somebody else.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, StepError> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(self.run.0.disk.error(&error)),
        }
        self.block.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.block).map_err(|error| self.run.0.disk.error(&error))?;
        let packed = lz4_flex::block::decompress_size_prepended(&self.block)
            .map_err(|error| damaged(&error.to_string()))?;
        Batch::unpack(&packed).map(Some).map_err(|error| damaged(&error.to_string()))
    }
}

fn damaged(problem: &str) -> StepError {
    StepError::ours(msg!("a temporary file was damaged: {problem}", problem = problem))
}

fn too_large() -> StepError {
    StepError::data(msg!("a record is larger than a batch can hold"))
}
