use super::{
    Batch, Cell, Shape, Timestamp, Value,
    cell::{Raw, Span},
    shapes::Shapes,
};
use std::sync::Arc;

/// Why a record cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An object has the same key twice.
    #[error("the key `{0}` comes twice in one object")]
    DuplicateKey(String),
    /// One batch may hold 4 GiB of text and 2³² cells.
    #[error("a record is larger than a batch can hold")]
    TooLarge,
}

/// Writes batches: push values, open and close lists and objects, take the batch when it is full.
///
/// A record is complete when its outermost value is. Text can be shared with batches that were read
/// ([`BatchBuilder::put`]), which copies 16 bytes a value instead of the text.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    batch: Batch,
    text: String,
    blob: Vec<u8>,
    /// Values of lists and objects not closed yet.
    pending: Vec<Cell>,
    open: Vec<Frame>,
    shapes: Shapes,
    /// Segments taken over from other batches, by address, and where they stand here.
    adopted: Vec<(usize, u16)>,
}

/// A place between two values; see [`BatchBuilder::mark`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    rows: usize,
    pending: usize,
    open: usize,
}

#[derive(Debug)]
struct Frame {
    first: usize,
    kind: FrameKind,
}

#[derive(Debug, Clone, Copy)]
enum FrameKind {
    List,
    /// With the node of the shape tree its keys have led to.
    Keyed(u32),
    /// With the place of a known shape in the batch.
    Shaped(u32),
}

const FULL_ROWS: usize = 1_024;
const FULL_BYTES: usize = 1 << 20;
/// The builder's own text is segment 0 of every batch it makes, the others follow.
const OWN: u16 = 0;

impl BatchBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many complete records wait in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether no complete record waits in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Bytes of text, byte strings and cells written since the last batch was taken.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.text.len()
            + self.blob.len()
            + (self.batch.cells.len() + self.pending.len() + self.batch.rows.len()) * size_of::<Cell>()
    }

    /// Whether it is time to take the batch: about 1 000 records or 1 MB.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.batch.len() >= FULL_ROWS || self.size() >= FULL_BYTES
    }

    /// How many lists and objects are open.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.open.len()
    }

    /// The batch of all complete records; the builder goes on empty, and remembers shapes.
    ///
    /// A record that is not complete is lost: call it between records.
    pub fn take(&mut self) -> Batch {
        self.abandon();
        let mut batch = std::mem::take(&mut self.batch);
        let text = Arc::new(std::mem::take(&mut self.text));
        match batch.texts.first_mut() {
            Some(own) => *own = text,
            None => batch.texts.push(text),
        }
        let blob = Arc::new(std::mem::take(&mut self.blob));
        match batch.bytes.first_mut() {
            Some(own) => *own = blob,
            None if blob.is_empty() => {}
            None => batch.bytes.push(blob),
        }
        self.adopted.clear();
        self.shapes.next_batch();
        batch
    }

    /// Drops the record that is not complete.
    pub fn abandon(&mut self) {
        self.open.clear();
        self.pending.clear();
    }

    /// Where the builder stands, to return there with [`Self::reset`].
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { rows: self.batch.rows.len(), pending: self.pending.len(), open: self.open.len() }
    }

    /// Takes back the values written since `mark` (not the keys: those of the object that was open then).
    pub fn reset(&mut self, mark: Mark) {
        self.batch.rows.truncate(mark.rows);
        self.pending.truncate(mark.pending);
        self.open.truncate(mark.open);
    }

    /// Takes back complete records until only `len` are left: for readers that find only behind a record that
    /// it must be refused.
    pub fn truncate(&mut self, len: usize) {
        self.batch.rows.truncate(len);
    }

    /// Writes nothing into a slot: the record lacks this field of its shape.
    pub fn absent(&mut self) {
        self.push(Cell::ABSENT);
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.push(Cell::NULL);
    }

    /// Writes a boolean.
    pub fn bool(&mut self, value: bool) {
        self.push(Cell::bool(value));
    }

    /// Writes an integer.
    pub fn int(&mut self, value: i64) {
        self.push(Cell::int(value));
    }

    /// Writes a computed number; null if it is not finite.
    pub fn float(&mut self, value: f64) {
        self.push(if value.is_finite() { Cell(Raw::Float(value)) } else { Cell::NULL });
    }

    /// Writes a decimal in its exact text, which must be a JSON number.
    pub fn decimal(&mut self, text: &str) {
        let span = self.store(text);
        self.push(Cell(Raw::Decimal(span)));
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        let span = self.store(text);
        self.push(Cell(Raw::Text(span)));
    }

    /// Writes a masked value with the mark that stands for it.
    pub fn masked(&mut self, mark: &str) {
        let span = self.store(mark);
        self.push(Cell(Raw::Masked(span)));
    }

    /// Writes a time.
    pub fn time(&mut self, time: Timestamp) {
        self.push(Cell(time.into()));
    }

    /// Writes bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.batch.bytes.is_empty() {
            self.batch.bytes.push(Arc::default());
        }
        let span = Span { start: small(self.blob.len()), len: small(bytes.len()), segment: OWN };
        self.blob.extend_from_slice(bytes);
        self.push(Cell(Raw::Bytes(span)));
    }

    /// Writes text that `write` appends to the buffer it is given: no copy between.
    pub fn text_with(&mut self, write: impl FnOnce(&mut String)) {
        self.own_text();
        let start = self.text.len();
        write(&mut self.text);
        let len = self.text.len().saturating_sub(start);
        self.push(Cell(Raw::Text(Span { start: small(start), len: small(len), segment: OWN })));
    }

    /// Opens a list; its items follow until [`Self::end`].
    pub fn begin_list(&mut self) {
        self.open.push(Frame { first: self.pending.len(), kind: FrameKind::List });
    }

    /// Opens an object; [`Self::key`] and value follow each other until [`Self::end`].
    pub fn begin_object(&mut self) {
        self.open.push(Frame { first: self.pending.len(), kind: FrameKind::Keyed(Shapes::ROOT) });
    }

    /// Opens an object of a known shape; a value for each of its keys follows (or
    /// [`Self::absent`]) until [`Self::end`].
    pub fn begin_shaped(&mut self, shape: &Arc<Shape>) {
        let place = self.place(shape);
        self.open.push(Frame { first: self.pending.len(), kind: FrameKind::Shaped(place) });
    }

    /// Names the next value of the innermost object.
    ///
    /// # Errors
    /// If the object has this key already.
    pub fn key(&mut self, key: &str) -> Result<(), BuildError> {
        if let Some(Frame { kind: FrameKind::Keyed(node), .. }) = self.open.last_mut() {
            *node = self.shapes.step(*node, key)?;
        }
        Ok(())
    }

    /// Makes the value written last that of `key` in the innermost open object, in place of the one it has:
    /// for readers that let the last of two equal keys count. That value was written without its key.
    pub fn replace(&mut self, key: &str) {
        let Some(Frame { first, kind: FrameKind::Keyed(node) }) = self.open.last() else { return };
        let position = self.shapes.keys(*node).iter().position(|known| &**known == key);
        let Some(value) = self.pending.pop() else { return };
        if let Some(place) = position.and_then(|position| self.pending.get_mut(first + position)) {
            *place = value;
        }
    }

    /// Closes the innermost list or object.
    pub fn end(&mut self) {
        let Some(Frame { first, kind }) = self.open.pop() else { return };
        let start = small(self.batch.cells.len());
        let cell = match kind {
            FrameKind::List => Cell(Raw::List { start, len: small(self.pending.len() - first) }),
            FrameKind::Keyed(node) => {
                let shape = self.shapes.place(node, &mut self.batch.shapes);
                Cell(Raw::Object { shape, start })
            }
            FrameKind::Shaped(shape) => {
                let width = self.batch.shapes.get(shape as usize).map_or(0, |shape| shape.len());
                self.pending.resize(first + width, Cell::ABSENT);
                Cell(Raw::Object { shape, start })
            }
        };
        self.batch.cells.extend_from_slice(self.pending.get(first..).unwrap_or_default());
        self.pending.truncate(first);
        self.push(cell);
    }

    /// Writes a copy of a value of any batch.
    pub fn copy(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.bool(value),
            Value::Int(int) => self.int(int),
            Value::Float(float) => self.float(float),
            Value::Decimal(text) => self.decimal(text),
            Value::Text(text) => self.text(text),
            Value::Masked(mark) => self.masked(mark),
            Value::Time(time) => self.time(time),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(list) => {
                self.begin_list();
                list.iter().for_each(|item| self.copy(item));
                self.end();
            }
            Value::Object(object) => {
                self.begin_shaped(object.shape());
                for position in 0..object.shape().len() {
                    match object.at(position) {
                        Some(value) => self.copy(value),
                        None => self.absent(),
                    }
                }
                self.end();
            }
        }
    }

    /// Writes a cell of `source`, sharing its text: for steps that pass on most of what they read.
    ///
    /// The new batch keeps the whole text segments of `source` in memory; [`Self::copy`] does not.
    pub fn put(&mut self, source: &Batch, cell: Cell) {
        match cell.0 {
            Raw::Text(span) => self.put_text(source, span, Raw::Text),
            Raw::Decimal(span) => self.put_text(source, span, Raw::Decimal),
            Raw::Masked(span) => self.put_text(source, span, Raw::Masked),
            Raw::Bytes(_) | Raw::List { .. } | Raw::Object { .. } => match source.resolve(cell) {
                Some(Value::Bytes(bytes)) => self.bytes(bytes),
                Some(Value::List(list)) => {
                    self.begin_list();
                    list.cells().iter().for_each(|item| self.put(source, *item));
                    self.end();
                }
                Some(Value::Object(object)) => {
                    self.begin_shaped(object.shape());
                    object.cells().iter().for_each(|item| self.put(source, *item));
                    self.end();
                }
                _ => self.absent(),
            },
            Raw::Absent | Raw::Null | Raw::Bool(_) | Raw::Int(_) | Raw::Float(_) | Raw::Time { .. } => {
                self.push(cell);
            }
        }
    }

    /// Gives the coming batch a JSON-LD context.
    pub fn set_context(&mut self, context: Option<Arc<serde_json::Value>>) {
        self.batch.set_context(context);
    }

    /// The JSON-LD context that the coming batch was given.
    #[must_use]
    pub const fn context(&self) -> Option<&Arc<serde_json::Value>> {
        self.batch.context()
    }

    fn put_text(&mut self, source: &Batch, span: Span, kind: fn(Span) -> Raw) {
        let Some(segment) = source.texts.get(span.segment as usize) else { return self.null() };
        let cell = match self.adopt(segment) {
            Some(segment) => Cell(kind(Span { segment, ..span })),
            None => Cell(kind(self.store(segment.get(span.range()).unwrap_or_default()))),
        };
        self.push(cell);
    }

    /// Where the segment stands in this batch; `None` when the batch has no place for more.
    fn adopt(&mut self, text: &Arc<String>) -> Option<u16> {
        let address = Arc::as_ptr(text).addr();
        if let Some((_, segment)) = self.adopted.iter().rev().find(|(known, _)| *known == address) {
            return Some(*segment);
        }
        if self.adopted.len() >= MOST_SEGMENTS {
            return None;
        }
        self.own_text();
        let segment = u16::try_from(self.batch.texts.len()).ok()?;
        self.batch.texts.push(Arc::clone(text));
        self.adopted.push((address, segment));
        Some(segment)
    }

    fn own_text(&mut self) {
        if self.batch.texts.is_empty() {
            self.batch.texts.push(Arc::default());
        }
    }

    fn store(&mut self, text: &str) -> Span {
        self.own_text();
        let start = small(self.text.len());
        self.text.push_str(text);
        Span { start, len: small(text.len()), segment: OWN }
    }

    fn push(&mut self, cell: Cell) {
        if self.open.is_empty() {
            self.batch.rows.push(cell);
        } else {
            self.pending.push(cell);
        }
    }

    fn place(&mut self, shape: &Arc<Shape>) -> u32 {
        let shapes = &mut self.batch.shapes;
        let known = shapes.iter().rposition(|known| Arc::ptr_eq(known, shape));
        small(known.unwrap_or_else(|| {
            shapes.push(Arc::clone(shape));
            shapes.len() - 1
        }))
    }
}

/// Beyond this many segments text is copied: a search over more would cost more than the copy.
const MOST_SEGMENTS: usize = 64;

/// A batch is cut at about 1 MB and decoders limit a record to far below 4 GiB, so this never saturates
/// on a path that respects its limits; where it did, the reader sees empty text, not foreign text.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
