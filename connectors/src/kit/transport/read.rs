use super::{
    ByteStream,
    gzip::{self, Gunzip},
    start::Start,
    tag::Tag,
    zip::{self, EntryStream, Piece},
};
use crate::{
    contract::{Context, Decoded, Decoder, FormatError, Inside, Outputs},
    formats::FormatChoice,
};
use bus_core::{
    error::{Fault, Reject, StepError},
    msg,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;
use tokio::sync::mpsc::Receiver;

/// What to do with a document that cannot be read to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Damaged {
    /// # Stop the run
    ///
    /// What the run has made so far is thrown away.
    #[default]
    Stop,
    /// # Keep what could be read
    ///
    /// The reason goes to the errors port and the run goes on.
    Keep,
}

/// How to read a stream of bytes.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions<'a> {
    /// The format; found by media type, name, then the bytes, if not given.
    pub format: Option<&'a FormatChoice>,
    /// The name of the document, for its extension and for messages.
    pub name: &'a str,
    /// The media type the other side gave.
    pub media_type: Option<&'a str>,
    /// Which entries of an archive to read; all if not given.
    pub entries: Option<&'a glob::Pattern>,
    /// The field of each record that tells the document's name.
    pub name_field: Option<&'a str>,
    /// What to do with a document that cannot be read to its end.
    pub damaged: Damaged,
    /// Where the same bytes stand on this machine: archives are then opened in place.
    pub path: Option<&'a Path>,
}

/// Reads a stream of bytes into batches: opens gzip and zip, finds the format, decodes.
///
/// Stops early when nobody wants more.
///
/// # Errors
/// When the document cannot be read to its end; what was read before has been sent.
pub async fn read<S: ByteStream>(
    stream: S,
    options: &ReadOptions<'_>,
    out: &mut Outputs,
    context: &Context,
) -> Result<(), StepError> {
    let stream = Start::look(Metered { inner: stream, context }, LOOK).await;
    if stream.bytes().starts_with(gzip::MAGIC) {
        let opened = Gunzip::new(stream, context.limits().expansion_ratio);
        let opened = Start::look(opened, LOOK).await;
        return Box::pin(read_document(opened, options, out, context)).await;
    }
    if is_archive(stream.bytes(), options) {
        let entries = options.entries.cloned().or_else(|| map_alone(options));
        let pieces = match options.path {
            Some(path) => zip::of_file(path, entries, context.limits().expansion_ratio),
            None => zip::of_stream(stream, entries, context).await,
        };
        let outcome = match pieces {
            Ok(pieces) => read_entries(pieces, options, out, context).await,
            Err(error) => Err(error),
        };
        return outcome.map_err(|error| error.at(msg!("{name}", name = options.name)));
    }
    read_document(stream, options, out, context).await
}

/// Enough to know a format by its first bytes.
pub(crate) const LOOK: usize = 8 << 10;

/// Whether these are the bytes of a zip archive, and not of a format that is a zip inside (XLSX, ODS).
fn is_archive(start: &[u8], options: &ReadOptions<'_>) -> bool {
    if !start.starts_with(zip::MAGIC) && !start.starts_with(zip::EMPTY_MAGIC) {
        return false;
    }
    let by_name = || {
        if options.name.to_ascii_lowercase().ends_with(".zip") {
            None
        } else {
            FormatChoice::of_name(options.name)
        }
    };
    let chosen = options
        .format
        .cloned()
        .or_else(|| options.media_type.and_then(FormatChoice::of_media_type))
        .or_else(by_name)
        .or_else(|| FormatChoice::of_bytes(start));
    let itself = |choice: FormatChoice| {
        let format = choice.format();
        format.sniff(start) > 0 || format.sniff(zip::MAGIC) > 0
    };
    !chosen.is_some_and(itself)
}

/// Of a KMZ archive the map is read, not its pictures.
fn map_alone(options: &ReadOptions<'_>) -> Option<glob::Pattern> {
    let by_name = options.name.to_ascii_lowercase().ends_with(".kmz");
    let by_type = options.media_type.is_some_and(|kind| kind.starts_with("application/vnd.google-earth.kmz"));
    if by_name || by_type { glob::Pattern::new("*.kml").ok() } else { None }
}

async fn read_entries(
    mut pieces: Receiver<Piece>,
    options: &ReadOptions<'_>,
    out: &mut Outputs,
    context: &Context,
) -> Result<(), StepError> {
    let mut next = None;
    while !out.is_done() {
        let entry = match next.take() {
            Some(entry) => entry,
            None => match pieces.recv().await {
                Some(Piece::Entry(entry)) => entry,
                // what is left of an entry that was not read to its end
                Some(Piece::Block(_)) => continue,
                Some(Piece::Failed(error)) => return Err(error),
                None => break,
            },
        };
        let stream = EntryStream { pieces: &mut pieces, next: &mut next, block: Vec::new() };
        let of_entry = ReadOptions { name: &entry, media_type: None, path: None, ..options.clone() };
        let stream = Start::look(stream, LOOK).await;
        if stream.bytes().starts_with(gzip::MAGIC) {
            let opened = Start::look(Gunzip::new(stream, context.limits().expansion_ratio), LOOK).await;
            Box::pin(read_document(opened, &of_entry, out, context)).await?;
        } else {
            Box::pin(read_document(stream, &of_entry, out, context)).await?;
        }
    }
    Ok(())
}

async fn read_document<S: ByteStream>(
    mut stream: Start<S>,
    options: &ReadOptions<'_>,
    out: &mut Outputs,
    context: &Context,
) -> Result<(), StepError> {
    let outcome = match decoder(stream.bytes(), options, context) {
        Ok(mut decoder) => decode(&mut stream, decoder.as_mut(), options, (out, context)).await,
        Err(error) => Err(error),
    };
    settle(outcome, options, out)
}

/// Ends a document that could not be read to its end as its settings say.
fn settle(
    outcome: Result<(), StepError>,
    options: &ReadOptions<'_>,
    out: &mut Outputs,
) -> Result<(), StepError> {
    match outcome {
        Err(error) if options.damaged == Damaged::Keep && error.fault == Fault::Data => {
            let reason = msg!("{name}: {problem}", name = options.name, problem = error.message);
            out.reject_all([(None, Reject::new(reason))]);
            Ok(())
        }
        outcome => outcome.map_err(|error| error.at(msg!("{name}", name = options.name))),
    }
}

pub(super) fn decoder(
    start: &[u8],
    options: &ReadOptions<'_>,
    context: &Context,
) -> Result<Box<dyn Decoder>, StepError> {
    let format = choose(start, options)?;
    let Some(mut decoder) = format.decoder(context.limits()) else {
        return Err(StepError::settings(msg!(
            "the format {format} can only be written",
            format = format.format().id()
        )));
    };
    decoder.received(context.now());
    Ok(decoder)
}

/// As much of a document as says how it is written.
pub(crate) const HEAD: usize = 256 << 10;

/// What a bus of before has divided.
const fn all_of_head() -> usize {
    HEAD
}

/// A stretch of a document, from one record to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
pub(crate) struct Range {
    /// Its first byte.
    pub(crate) from: u64,
    /// The byte behind its last one.
    pub(crate) to: u64,
    /// The line its first record stands in (from 1).
    pub(crate) line: u64,
    /// Whether it begins with the first record of the document.
    pub(crate) first: bool,
    /// So many of the first bytes of the document say how it is written.
    #[serde(default = "all_of_head")]
    pub(crate) head: usize,
}

/// How the records of a document can be read from any one on, if they can: `head` are its first bytes
/// (`whole`: all of them).
pub(crate) fn look_inside(
    (head, whole): (&[u8], bool),
    options: &ReadOptions<'_>,
    context: &Context,
) -> Option<Inside> {
    if head.starts_with(gzip::MAGIC) || head.starts_with(zip::MAGIC) || head.starts_with(zip::EMPTY_MAGIC) {
        return None;
    }
    let mut decoder = decoder(head, options, context).ok()?;
    decoder.look_inside(head, whole, &mut Decoded::default())
}

/// Reads a stretch of a document, whose bytes `stream` brings, as if all before it had been read.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_range<S: ByteStream>(
    stream: S,
    ((head, whole), range): ((&[u8], bool), Range),
    options: &ReadOptions<'_>,
    (out, context): (&mut Outputs, &Context),
) -> Result<(), StepError> {
    let mut decoder = decoder(head, options, context)?;
    let mut decoded = Decoded::default();
    let inside = decoder.look_inside(head, whole, &mut decoded);
    if inside.is_none_or(|inside| inside.first > range.from) {
        return Err(changed().at(msg!("{name}", name = options.name)));
    }
    if range.first {
        context.report_losses(std::mem::take(decoded.losses()));
        context.meter().read(usize::try_from(range.from).unwrap_or(usize::MAX));
    }
    decoder.resume(range.line);
    let mut stream = Metered { inner: stream, context };
    let outcome = decode(&mut stream, decoder.as_mut(), options, (out, context)).await;
    settle(outcome, options, out)
}

/// What was found out about a document does not hold any more.
pub(crate) fn changed() -> StepError {
    StepError::remote(msg!("this was changed while it was read: run the workflow again"))
}

async fn decode<S: ByteStream>(
    stream: &mut S,
    decoder: &mut dyn Decoder,
    options: &ReadOptions<'_>,
    (out, context): (&mut Outputs, &Context),
) -> Result<(), StepError> {
    let mut tag = options.name_field.map(|field| Tag::new(field, options.name));
    let mut decoded = Decoded::default();
    while !out.is_done() {
        let step = advance(stream, decoder, &mut decoded).await;
        if !matches!(step, Ok(true)) {
            decoded.cut();
        }
        out.reject_all(decoded.take_rejected());
        if !decoded.losses().is_empty() {
            context.report_losses(std::mem::take(decoded.losses()));
        }
        while let Some(batch) = decoded.next_batch() {
            out.send(tag.as_mut().map(|tag| tag.apply(&batch)).unwrap_or(batch)).await?;
        }
        if !step? {
            break;
        }
    }
    Ok(())
}

/// Decodes one piece; `false` at the end.
async fn advance<S: ByteStream>(
    stream: &mut S,
    decoder: &mut dyn Decoder,
    decoded: &mut Decoded,
) -> Result<bool, StepError> {
    match stream.next().await? {
        Some(piece) => decoder.push(piece, decoded).map(|()| true).map_err(of_format),
        None => decoder.finish(decoded).map(|()| false).map_err(of_format),
    }
}

/// The format, as chosen, or as media type, name or bytes tell.
fn choose(start: &[u8], options: &ReadOptions<'_>) -> Result<FormatChoice, StepError> {
    options
        .format
        .cloned()
        .or_else(|| options.media_type.and_then(FormatChoice::of_media_type))
        .or_else(|| FormatChoice::of_name(options.name))
        .or_else(|| FormatChoice::of_bytes(start))
        .ok_or_else(|| {
            StepError::settings(msg!("it is not clear what format this is: choose one in the settings"))
        })
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err hands over")]
pub(super) fn of_format(error: FormatError) -> StepError {
    StepError::data(error.placed())
}

/// Counts what comes in.
struct Metered<'a, S> {
    inner: S,
    context: &'a Context,
}

impl<S: ByteStream> ByteStream for Metered<'_, S> {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        let piece = self.inner.next().await?;
        self.context.meter().read(piece.map_or(0, <[u8]>::len));
        Ok(piece)
    }
}

/// The whole of a stream, opened if it is gzip; refused beyond `most` bytes. Not counted: who decodes it is.
pub(crate) async fn opened<S: ByteStream>(
    stream: S,
    most: usize,
    context: &Context,
) -> Result<Vec<u8>, StepError> {
    let stream = Start::look(stream, gzip::MAGIC.len()).await;
    if stream.bytes().starts_with(gzip::MAGIC) {
        return collect(Gunzip::new(stream, context.limits().expansion_ratio), most).await;
    }
    collect(stream, most).await
}

async fn collect<S: ByteStream>(mut stream: S, most: usize) -> Result<Vec<u8>, StepError> {
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await? {
        if bytes.len() + piece.len() > most {
            return Err(StepError::remote(msg!(
                "larger than the {limit} bytes that may be held",
                limit = most
            )));
        }
        bytes.extend_from_slice(piece);
    }
    Ok(bytes)
}
