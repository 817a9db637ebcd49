use super::{BlockWriter, ByteSink, ByteStream, gzip::check_ratio, io_reason};
use crate::contract::Context;
use bus_core::{error::StepError, msg};
use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::spawn_blocking,
};
use zip::{ZipArchive, read::ZipFile, result::ZipError};

pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// The archive without entries.
pub(super) const EMPTY_MAGIC: &[u8] = b"PK\x05\x06";
const BLOCK: usize = 256 << 10;
/// Entries beyond this many are the work of somebody who means harm.
const MOST_ENTRIES: usize = 100_000;

/// What comes out of an archive, in order.
pub(super) enum Piece {
    /// A new entry begins.
    Entry(String),
    Block(Vec<u8>),
    /// This entry cannot be read any further.
    Failed(StepError),
}

/// Opens an archive that a file on this machine holds.
pub(super) fn of_file(
    path: &Path,
    entries: Option<glob::Pattern>,
    ratio: u64,
) -> Result<Receiver<Piece>, StepError> {
    let file = File::open(path).map_err(|error| StepError::remote(io_reason(&error)))?;
    Ok(unpack(file, entries, ratio))
}

/// Opens an archive that comes as a stream: its directory stands at its end, so it is put on disk first.
pub(super) async fn of_stream<S: ByteStream>(
    mut stream: S,
    entries: Option<glob::Pattern>,
    context: &Context,
) -> Result<Receiver<Piece>, StepError> {
    let disk = |error: io::Error| StepError::remote(io_reason(&error)).at(msg!("scratch folder"));
    std::fs::create_dir_all(context.scratch()).map_err(disk)?;
    let mut spool = BlockWriter::new(tempfile::tempfile_in(context.scratch()).map_err(disk)?);
    let mut buffer = Vec::new();
    while let Some(piece) = stream.next().await? {
        context.meter().spilled(piece.len());
        buffer.extend_from_slice(piece);
        if spool.written() + buffer.len() as u64 > context.limits().spill_bytes {
            return Err(StepError::data(msg!(
                "the archive is larger than the {limit} bytes that may be put on disk (limit `spill_bytes`)",
                limit = context.limits().spill_bytes
            )));
        }
        if buffer.len() >= BLOCK {
            spool.write(&mut buffer).await?;
        }
    }
    spool.write(&mut buffer).await?;
    spool.finish().await?;
    let mut file = spool.into_inner().await?;
    file.rewind().map_err(disk)?;
    Ok(unpack(file, entries, context.limits().expansion_ratio))
}

fn unpack(file: File, entries: Option<glob::Pattern>, ratio: u64) -> Receiver<Piece> {
    let (sender, receiver) = channel(2);
    // it ends with the receiver: every send asks
    spawn_blocking(move || {
        if let Err(error) = send_entries(file, entries.as_ref(), ratio, &sender) {
            // nobody listens any more: then nobody misses the reason
            drop(sender.blocking_send(Piece::Failed(error)));
        }
    });
    receiver
}

fn send_entries(
    file: File,
    entries: Option<&glob::Pattern>,
    ratio: u64,
    sender: &Sender<Piece>,
) -> Result<(), StepError> {
    let size = file.metadata().map_err(|error| StepError::remote(io_reason(&error)))?.len();
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(unreadable)?;
    if archive.len() > MOST_ENTRIES {
        return Err(StepError::data(msg!(
            "the archive has {count} entries: too many",
            count = archive.len()
        )));
    }
    let (mut found, mut total) = (0_usize, 0);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?.into_owned();
        if !entry.is_file() || !wanted(&name, entries) {
            continue;
        }
        found += 1;
        if sender.blocking_send(Piece::Entry(name)).is_err() {
            return Ok(());
        }
        match send_entry(&mut entry, |made| check_ratio(size, total + made, ratio), sender) {
            Ok(Some(made)) => total += made,
            Ok(None) => return Ok(()),
            Err(error) => {
                if sender.blocking_send(Piece::Failed(error)).is_err() {
                    return Ok(());
                }
            }
        }
    }
    match (found, entries) {
        (0, Some(pattern)) => Err(StepError::data(msg!(
            "no entry of the archive matches `{pattern}`",
            pattern = pattern.as_str()
        ))),
        _ => Ok(()),
    }
}

/// Sends one entry; gives its size, or nothing when nobody listens any more.
fn send_entry<R: Read>(
    entry: &mut ZipFile<'_, R>,
    check: impl Fn(u64) -> Result<(), StepError>,
    sender: &Sender<Piece>,
) -> Result<Option<u64>, StepError> {
    let mut made = 0;
    loop {
        let mut block = Vec::with_capacity(BLOCK);
        let read = entry.by_ref().take(BLOCK as u64).read_to_end(&mut block);
        made += block.len() as u64;
        check(made)?;
        let last = block.is_empty();
        if !last && sender.blocking_send(Piece::Block(block)).is_err() {
            return Ok(None);
        }
        read.map_err(|error| {
            StepError::data(msg!("the archive is damaged: {problem}", problem = error.to_string()))
        })?;
        if last {
            return Ok(Some(made));
        }
    }
}

/// Whether to read an entry; without a pattern all but what macOS and hidden folders add.
fn wanted(name: &str, entries: Option<&glob::Pattern>) -> bool {
    match entries {
        Some(pattern) => pattern.matches(name),
        None => !name.split('/').any(|part| part == "__MACOSX" || part.starts_with('.')),
    }
}

fn unreadable(error: ZipError) -> StepError {
    match error {
        ZipError::Io(error) => StepError::remote(io_reason(&error)),
        other => {
            StepError::data(msg!("the zip archive cannot be opened: {problem}", problem = other.to_string()))
        }
    }
}

/// One entry as a stream; leaves the beginning of the next one in `next`.
pub(super) struct EntryStream<'a> {
    pub(super) pieces: &'a mut Receiver<Piece>,
    pub(super) next: &'a mut Option<String>,
    pub(super) block: Vec<u8>,
}

impl ByteStream for EntryStream<'_> {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        if self.next.is_some() {
            return Ok(None);
        }
        match self.pieces.recv().await {
            Some(Piece::Block(block)) => {
                self.block = block;
                Ok(Some(&self.block))
            }
            Some(Piece::Entry(name)) => {
                *self.next = Some(name);
                Ok(None)
            }
            Some(Piece::Failed(error)) => Err(error),
            None => Ok(None),
        }
    }
}
