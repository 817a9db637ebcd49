use super::{
    Cell, Object, Place, Places, Shape, Value,
    cell::{Raw, Span},
};
use std::sync::Arc;

/// Records handed over together, as one arena: rows, 16-byte cells, text segments and shapes.
///
/// Up to ~1 000 records or ~1 MB (see [`super::BatchBuilder::is_full`]). Segments are shared, so a
/// step that keeps most of what it gets copies cells, not text.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(super) rows: Vec<Cell>,
    pub(super) cells: Vec<Cell>,
    pub(super) texts: Vec<Arc<String>>,
    pub(super) bytes: Vec<Arc<Vec<u8>>>,
    pub(super) shapes: Vec<Arc<Shape>>,
    context: Option<Arc<serde_json::Value>>,
    places: Option<Arc<Places>>,
}

impl Batch {
    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The record at `index`, from 0; null beyond the end.
    #[must_use]
    pub fn record(&self, index: usize) -> Value<'_> {
        self.rows.get(index).and_then(|cell| self.resolve(*cell)).unwrap_or(Value::Null)
    }

    /// The record at `index` if it is an object, as most are.
    #[must_use]
    pub fn object(&self, index: usize) -> Option<Object<'_>> {
        self.record(index).as_object()
    }

    /// The records in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Value<'_>> {
        self.rows.iter().map(|cell| self.resolve(*cell).unwrap_or(Value::Null))
    }

    /// The records as cells, to hand to [`super::BatchBuilder::put`].
    #[must_use]
    pub fn rows(&self) -> &[Cell] {
        &self.rows
    }

    /// Keeps the records for which `keep` says so, without copying any.
    pub fn retain(&mut self, mut keep: impl FnMut(Value<'_>) -> bool) {
        let rows = std::mem::take(&mut self.rows);
        let mut kept = Vec::new();
        for (row, cell) in rows.iter().enumerate() {
            if self.resolve(*cell).is_some_and(&mut keep) {
                self.rows.push(*cell);
                kept.push(row);
            }
        }
        self.places = self.places_of(kept);
    }

    /// Puts the records in the order of `order` (indexes, from 0; unknown ones are left out), without
    /// copying any: repeats, skips and sorts.
    #[must_use]
    pub fn select(mut self, order: &[usize]) -> Self {
        self.places = self.places_of(order.iter().copied().filter(|index| *index < self.rows.len()));
        self.rows = order.iter().filter_map(|index| self.rows.get(*index).copied()).collect();
        self
    }

    /// Where the records stand in what they were read from, where that is known.
    #[must_use]
    pub const fn places(&self) -> Option<&Arc<Places>> {
        self.places.as_ref()
    }

    /// The places of some rows, for a batch that is made from them.
    #[must_use]
    pub fn places_of(&self, rows: impl IntoIterator<Item = usize>) -> Option<Arc<Places>> {
        self.places.as_ref()?.of_rows(rows).map(Arc::new)
    }

    /// Says where the records stand in what they were read from; as many places as records, or none.
    pub fn set_places(&mut self, places: Option<Arc<Places>>) {
        self.places = places.filter(|places| places.len() == self.len());
    }

    /// Where a record of this batch stands in what it was read from.
    #[must_use]
    pub fn place(&self, record: Object<'_>) -> Option<Place> {
        let places = self.places.as_ref()?;
        let at = record.start();
        let row =
            self.rows.iter().position(|cell| matches!(cell.0, Raw::Object { start, .. } if start == at));
        places.of(row?)
    }

    /// The JSON-LD context of the records, with which they are RDF.
    #[must_use]
    pub const fn context(&self) -> Option<&Arc<serde_json::Value>> {
        self.context.as_ref()
    }

    /// Gives the records a JSON-LD context (the value of `@context`).
    pub fn set_context(&mut self, context: Option<Arc<serde_json::Value>>) {
        self.context = context;
    }

    /// Whether any value is masked; of the records no longer kept, too (see [`Self::retain`]).
    #[must_use]
    pub fn has_masked(&self) -> bool {
        self.all_cells().any(|cell| matches!(cell.0, Raw::Masked(_)))
    }

    /// Whether any value is a byte string; of the records no longer kept, too.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        self.bytes.iter().any(|bytes| !bytes.is_empty())
    }

    fn all_cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().chain(&self.cells)
    }

    /// Bytes held: cells, text and byte strings (shared segments count whole).
    #[must_use]
    pub fn size(&self) -> usize {
        (self.rows.len() + self.cells.len()) * size_of::<Cell>()
            + self.texts.iter().map(|text| text.len()).sum::<usize>()
            + self.bytes.iter().map(|bytes| bytes.len()).sum::<usize>()
    }

    /// A batch of one table: `text` holds all text of it, rows of `shape.len()` cells follow each other.
    ///
    /// This is the way in for decoders that parse straight into a text buffer; `cells` point into it
    /// ([`Cell::text_at`]). Text is not copied.
    #[must_use]
    pub fn table(shape: Arc<Shape>, text: String, cells: Vec<Cell>) -> Self {
        let width = shape.len().max(1);
        let count = cells.len() / width;
        let rows = (0..count)
            .filter_map(|row| u32::try_from(row * width).ok())
            .map(|start| Cell(Raw::Object { shape: 0, start }))
            .collect();
        Self { rows, cells, texts: vec![Arc::new(text)], shapes: vec![shape], ..Self::default() }
    }
}

impl Cell {
    /// Null.
    pub const NULL: Self = Self(Raw::Null);

    /// A boolean.
    #[must_use]
    pub const fn bool(value: bool) -> Self {
        Self(Raw::Bool(value))
    }

    /// An integer.
    #[must_use]
    pub const fn int(value: i64) -> Self {
        Self(Raw::Int(value))
    }

    /// For [`Batch::table`]: the text at `start..start + len` (bytes) of the table's text.
    #[must_use]
    pub const fn text_at(start: u32, len: u32) -> Self {
        Self(Raw::Text(Span { start, len, segment: 0 }))
    }

    /// For [`Batch::table`]: the text there as an exact decimal; it must be a JSON number.
    #[must_use]
    pub const fn decimal_at(start: u32, len: u32) -> Self {
        Self(Raw::Decimal(Span { start, len, segment: 0 }))
    }

    /// For [`Batch::table`]: the text there as the mark of a masked value.
    #[must_use]
    pub const fn masked_at(start: u32, len: u32) -> Self {
        Self(Raw::Masked(Span { start, len, segment: 0 }))
    }
}
