use super::{ByteSink, ByteStream};
use bus_core::{Message, error::StepError, msg};
use std::{
    fmt,
    fs::File,
    io::{self, ErrorKind, Read, Write},
    mem,
};
use tokio::task::{JoinHandle, spawn_blocking};

/// Large enough that handing a block to another thread costs nothing beside filling it.
const BLOCK: usize = 512 << 10;
/// The first block: most files are short.
const FIRST: usize = 32 << 10;

/// Reads a file (or another blocking reader) in blocks, one ahead, on the threads that may block.
pub struct BlockReader {
    ahead: Option<Ahead>,
    block: Block,
}

/// The next block.
enum Ahead {
    Reading(JoinHandle<Filled>),
    /// All there is.
    Whole(Block),
}

type Source = Box<dyn Read + Send>;
type Filled = io::Result<(Source, Block)>;

#[derive(Default)]
struct Block {
    room: Vec<u8>,
    len: usize,
}

impl BlockReader {
    /// Starts to read.
    #[must_use]
    pub fn new(source: impl Read + Send + 'static) -> Self {
        let source: Source = Box::new(source);
        let reading = spawn_blocking(|| fill(source, Block::default(), FIRST));
        Self { ahead: Some(Ahead::Reading(reading)), block: Block::default() }
    }

    /// Starts to read so many bytes of a file. If they are few, they are read at once: to hand that to another thread
    /// would cost more.
    ///
    /// # Errors
    /// The reason why they cannot be read.
    pub fn of_file(file: File, bytes: u64) -> io::Result<Self> {
        let mut source = file.take(bytes);
        if bytes > FIRST as u64 {
            return Ok(Self::new(source));
        }
        let mut room = Vec::with_capacity(usize::try_from(bytes).unwrap_or(FIRST));
        let len = source.read_to_end(&mut room)?;
        Ok(Self { ahead: Some(Ahead::Whole(Block { room, len })), block: Block::default() })
    }
}

fn fill(mut source: Source, mut block: Block, size: usize) -> Filled {
    block.room.resize(size, 0);
    block.len = loop {
        match source.read(&mut block.room) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    Ok((source, block))
}

impl ByteStream for BlockReader {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        let ahead = match self.ahead.take() {
            None => return Ok(None),
            Some(Ahead::Reading(ahead)) => ahead,
            Some(Ahead::Whole(block)) => {
                self.block = block;
                return Ok(self.block.room.get(..self.block.len).filter(|bytes| !bytes.is_empty()));
            }
        };
        let (source, block) = ahead.await.map_err(lost)?.map_err(|error| reading(&error))?;
        if block.len == 0 {
            return Ok(None);
        }
        let spare = mem::replace(&mut self.block, block);
        // one that was not filled is the last, or the source brings little at a time
        let size = if self.block.len == self.block.room.len() { BLOCK } else { FIRST };
        let size = size.max(spare.room.len());
        self.ahead = Some(Ahead::Reading(spawn_blocking(move || fill(source, spare, size))));
        Ok(self.block.room.get(..self.block.len))
    }
}

impl fmt::Debug for BlockReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockReader")
    }
}

/// Writes to a file (or another blocking writer) in blocks, behind the encoder, on the threads that may
/// block.
pub struct BlockWriter<W> {
    target: Option<W>,
    behind: Option<JoinHandle<Written<W>>>,
    written: u64,
}

type Written<W> = (W, Vec<u8>, io::Result<()>);

impl<W: Write + Send + 'static> BlockWriter<W> {
    /// A writer to `target`.
    #[must_use]
    pub const fn new(target: W) -> Self {
        Self { target: Some(target), behind: None, written: 0 }
    }

    /// Bytes handed over so far.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// The target, once everything is written.
    ///
    /// # Errors
    /// The reason why the last block was not.
    pub async fn into_inner(mut self) -> Result<W, StepError> {
        self.settle(Vec::new()).await?;
        self.target.ok_or_else(|| StepError::ours(msg!("a write was lost")))
    }

    /// Waits for the block under way; gives back its buffer.
    async fn settle(&mut self, spare: Vec<u8>) -> Result<Vec<u8>, StepError> {
        let Some(behind) = self.behind.take() else { return Ok(spare) };
        let (target, buffer, outcome) = behind.await.map_err(lost)?;
        self.target = Some(target);
        outcome.map_err(|error| writing(&error))?;
        Ok(buffer)
    }
}

impl<W: Write + Send + 'static> ByteSink for BlockWriter<W> {
    async fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), StepError> {
        let spare = self.settle(Vec::new()).await?;
        let full = mem::replace(bytes, spare);
        bytes.clear();
        self.written += full.len() as u64;
        let Some(mut target) = self.target.take() else {
            return Err(StepError::ours(msg!("a write was lost")));
        };
        self.behind = Some(spawn_blocking(move || {
            let outcome = target.write_all(&full);
            (target, full, outcome)
        }));
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StepError> {
        self.settle(Vec::new()).await?;
        match &mut self.target {
            Some(target) => target.flush().map_err(|error| writing(&error)),
            None => Err(StepError::ours(msg!("a write was lost"))),
        }
    }
}

impl<W> fmt::Debug for BlockWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockWriter").field("written", &self.written).finish_non_exhaustive()
    }
}

/// Only a panic of the reader, or the end of the runtime, loses a block.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err hands over")]
fn lost(error: tokio::task::JoinError) -> StepError {
    StepError::ours(msg!("a block of bytes was lost: {problem}", problem = error.to_string()))
}

fn reading(error: &io::Error) -> StepError {
    StepError::remote(io_reason(error))
}

fn writing(error: &io::Error) -> StepError {
    StepError::remote(io_reason(error))
}

/// Why the system refused, in the words of whoever has to do something about it.
#[must_use]
pub fn io_reason(error: &io::Error) -> Message {
    match error.kind() {
        ErrorKind::NotFound => msg!("there is no such file or folder"),
        ErrorKind::PermissionDenied => msg!("access is not permitted"),
        ErrorKind::StorageFull => msg!("the disk is full: make room, or write elsewhere"),
        ErrorKind::QuotaExceeded => msg!("the disk quota is used up: make room, or write elsewhere"),
        ErrorKind::FileTooLarge => msg!("the file would grow beyond what the system allows"),
        ErrorKind::ReadOnlyFilesystem => msg!("this disk can only be read: write elsewhere"),
        ErrorKind::IsADirectory => msg!("this is a folder, not a file"),
        ErrorKind::BrokenPipe => msg!("whoever read the output has gone away"),
        _ => msg!("{problem}", problem = error.to_string()),
    }
}
