use super::timestamp::{Precision, Timestamp};

/// A place in one of the text (or byte) segments of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) segment: u16,
}

impl Span {
    pub(super) const fn range(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// One value as a batch stores it: 16 bytes, meaningful only together with its batch.
///
/// Opaque on purpose: read it through [`super::Value`], move it with
/// [`super::BatchBuilder::put`].
#[derive(Debug, Clone, Copy)]
pub struct Cell(pub(super) Raw);

impl Cell {
    /// The cell of a field that this record does not have although its shape names it.
    pub const ABSENT: Self = Self(Raw::Absent);

    /// Whether an object stands here.
    #[must_use]
    pub const fn is_object(self) -> bool {
        matches!(self.0, Raw::Object { .. })
    }

    /// Whether the record lacks this field.
    #[must_use]
    pub const fn is_absent(self) -> bool {
        matches!(self.0, Raw::Absent)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Raw {
    Absent,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Decimal(Span),
    Text(Span),
    Masked(Span),
    Bytes(Span),
    Time { precision: Precision, offset: i16, micros: i64 },
    List { start: u32, len: u32 },
    Object { shape: u32, start: u32 },
}

impl From<Timestamp> for Raw {
    fn from(time: Timestamp) -> Self {
        Self::Time { precision: time.precision(), offset: time.raw_offset(), micros: time.micros() }
    }
}

const _: () = assert!(size_of::<Cell>() == 16, "a cell is 16 bytes");
