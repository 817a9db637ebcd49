use super::Limits;
use bus_core::{
    Message,
    error::Reject,
    loss::LossReport,
    msg,
    record::{Batch, BatchBuilder, Places, Timestamp},
};
use std::{collections::VecDeque, fmt, mem, sync::Arc};

/// Why a document cannot be read or written any further.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatError {
    /// What is wrong.
    pub message: Message,
    /// Line, from 1; 0 where there are none (binary formats).
    pub line: u64,
    /// Column in characters, from 1; 0 where there are none.
    pub column: u64,
}

impl FormatError {
    /// An error at a place (both from 1).
    #[must_use]
    pub const fn at(line: u64, column: u64, message: Message) -> Self {
        Self { message, line, column }
    }

    /// An error of the document as a whole.
    #[must_use]
    pub const fn new(message: Message) -> Self {
        Self::at(0, 0, message)
    }

    /// The message with its line and column, where there are any.
    #[must_use]
    pub fn placed(&self) -> Message {
        if self.line == 0 {
            return self.message.clone();
        }
        msg!(
            "line {line}, column {column}: {problem}",
            line = self.line,
            column = self.column,
            problem = self.message.clone()
        )
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.placed().fmt(f)
    }
}

/// How a document is written whose records can be read from any one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// The byte its first record starts at.
    pub first: u64,
    /// The line that stands in (from 1).
    pub line: u64,
    /// The byte that ends a line, and with it a record.
    pub newline: u8,
    /// Delimiter and quote of a table: in a field that is quoted, lines end without ending the record.
    pub quoting: Option<(u8, u8)>,
    /// So many of its first bytes say all this.
    pub head: usize,
}

/// Reads a format: push bytes as they come, then finish.
///
/// However the bytes are cut, the records are the same. One bad record is rejected and reading goes on
/// where the format allows to find the next one.
pub trait Decoder: Send {
    /// Says when the document was received, for formats that have times relative to that.
    fn received(&mut self, _: Timestamp) {}

    /// Looks at the first bytes of a document (`whole`: at all of it), as if they were pushed, so that
    /// [`Self::resume`] can follow; `None` if such a document can only be read from its beginning.
    fn look_inside(&mut self, _head: &[u8], _whole: bool, _out: &mut Decoded) -> Option<Inside> {
        None
    }

    /// The next bytes pushed are those of a record that starts in this line (from 1), up to the end of a
    /// record.
    fn resume(&mut self, _line: u64) {}

    /// Takes the next bytes of the document.
    ///
    /// # Errors
    /// When the rest of the document cannot be read; what `out` holds stays good.
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError>;

    /// Says that the document has ended.
    ///
    /// # Errors
    /// When it ended too early.
    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError>;
}

/// Writes a format: hand over batches, then finish; take the bytes from `out` whenever you like.
pub trait Encoder: Send {
    /// Writes the records of a batch.
    ///
    /// # Errors
    /// When a value cannot be written at all; what the format cannot hold exactly is noted in `losses`.
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError>;

    /// Writes what ends the document (also of one without records).
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self, out: &mut Vec<u8>, losses: &mut LossReport) -> Result<(), FormatError>;
}

/// A record that a decoder refused, with its raw text where that helps.
pub type Rejected = (Option<String>, Reject);

/// What a decoder has made so far.
#[derive(Debug, Default)]
pub struct Decoded {
    builder: BatchBuilder,
    ready: VecDeque<Batch>,
    rejected: Vec<Rejected>,
    losses: LossReport,
    /// The lines of the records in the builder.
    lines: Option<Places>,
}

impl Decoded {
    /// Where records are written; call [`Self::end_record`] after each.
    pub const fn builder(&mut self) -> &mut BatchBuilder {
        &mut self.builder
    }

    /// Cuts a batch if there is enough for one.
    pub fn end_record(&mut self) {
        if self.builder.is_full() {
            self.cut();
        }
    }

    /// Ends a record that begins in this line (from 1), as [`Self::end_record`] does.
    pub fn end_record_of(&mut self, line: u64) {
        self.lines.get_or_insert_with(Places::lines).note(line);
        self.end_record();
    }

    /// Cuts a batch of whatever waits in the builder.
    pub fn cut(&mut self) {
        let lines = self.lines.take();
        if !self.builder.is_empty() {
            let mut batch = self.builder.take();
            batch.set_places(lines.map(Arc::new));
            self.ready.push_back(batch);
        }
    }

    /// Hands over a batch made without the builder (see [`Batch::table`]).
    pub fn batch(&mut self, batch: Batch) {
        self.cut();
        if !batch.is_empty() {
            self.ready.push_back(batch);
        }
    }

    /// Drops the unfinished record and says why.
    pub fn reject(&mut self, raw: Option<String>, reject: Reject) {
        self.builder.abandon();
        self.rejected.push((raw, reject));
    }

    /// Where a decoder notes what records cannot hold as it stands in the document (a column name that
    /// comes twice).
    pub const fn losses(&mut self) -> &mut LossReport {
        &mut self.losses
    }

    /// The next batch that is complete.
    pub fn next_batch(&mut self) -> Option<Batch> {
        self.ready.pop_front()
    }

    /// The records refused since the last call.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        mem::take(&mut self.rejected)
    }
}

/// The settings of a format, which make its decoder and encoder.
pub trait Codec: Default {
    /// A decoder; `None` if the format is only written.
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>>;

    /// An encoder; `None` if the format is only read.
    fn encoder(&self) -> Option<Box<dyn Encoder>>;
}

/// [`Codec`] without what cannot be done on `dyn`.
pub(crate) trait DynCodec {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>>;
    fn encoder(&self) -> Option<Box<dyn Encoder>>;
}

impl<C: Codec> DynCodec for C {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Codec::decoder(self, limits)
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Codec::encoder(self)
    }
}

/// A format as its file declares it.
///
/// ```ignore
/// pub(crate) static FORMAT: Format = Format::new("csv")
///     .extensions(&["csv", "tsv"])
///     .media_types(&["text/csv"])
///     .sniffed_by(looks_like_csv);
/// ```
#[derive(Debug)]
pub struct Format {
    id: &'static str,
    extensions: &'static [&'static str],
    media_types: &'static [&'static str],
    sniff: fn(&[u8]) -> u8,
}

impl Format {
    /// A format; `id` is the name of its file, with `-` for `_`. The file has a type `Settings`.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self { id, extensions: &[], media_types: &[], sniff: |_| 0 }
    }

    /// With the extensions of its files, without dot; the first is the usual one.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'static [&'static str]) -> Self {
        self.extensions = extensions;
        self
    }

    /// With its media types; the first is the registered one.
    #[must_use]
    pub const fn with_media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }

    /// With how sure one can be that bytes are of this format: 0 (no) to 100 (nothing else).
    #[must_use]
    pub const fn sniffed_by(mut self, sniff: fn(&[u8]) -> u8) -> Self {
        self.sniff = sniff;
        self
    }

    /// The id, as in `format: csv`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The extensions of its files.
    #[must_use]
    pub const fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    /// Its media types.
    #[must_use]
    pub const fn media_types(&self) -> &'static [&'static str] {
        self.media_types
    }

    /// How sure one can be that bytes are of this format: 0 to 100.
    #[must_use]
    pub fn sniff(&self, start: &[u8]) -> u8 {
        (self.sniff)(start)
    }
}
