use super::{
    column::{Found, Kind},
    dialect::is_blank,
    reader::{Table, newlines},
    rows::Field,
};
use bus_core::record::{Cell, Places};

/// The cells of a block in the making.
pub(super) struct Cells {
    pub(super) cells: Vec<Cell>,
    /// Text made of fields that cannot stand as they are; it will follow the block's own.
    pub(super) made: String,
    len: usize,
    /// The line that the next row stands in, and those of the rows so far.
    pub(super) line: u64,
    pub(super) places: Places,
}

impl Cells {
    pub(super) fn new(len: usize, line: u64) -> Self {
        let places = Places::lines();
        Self { cells: Vec::with_capacity(len / 8), made: String::new(), len, line, places }
    }

    /// Notes that a row is behind us, taken or not, with its line.
    #[inline]
    pub(super) fn passed(&mut self, row: &[u8], fields: &[Field], table: &Table) {
        if self.cells.len() > self.places.len() * table.kinds.len() {
            self.places.note(self.line);
        }
        // only in quotes a row has further lines
        let plain = !fields.iter().any(|field| field.quoted);
        self.line += if plain { 1 } else { newlines(row, table.dialect) };
    }

    /// Adds a row; `false` if it has not as many fields as the table has columns.
    #[inline]
    pub(super) fn row(&mut self, text: &[u8], fields: &[Field], table: &Table) -> bool {
        if fields.len() != table.kinds.len() || is_blank(fields) {
            return is_blank(fields);
        }
        for (field, kind) in fields.iter().zip(&table.kinds) {
            let cell = self.cell(text, *field, *kind, table);
            self.cells.push(cell);
        }
        true
    }

    #[inline]
    fn cell(&mut self, text: &[u8], field: Field, kind: Kind, table: &Table) -> Cell {
        let raw = text.get(field.start..field.end).unwrap_or_default();
        let (start, len) = (small(field.start), small(raw.len()));
        match table.rules.find(kind, raw, field.quoted) {
            Found::Text if field.doubled => self.undoubled(raw, table.dialect.quote),
            Found::Text => Cell::text_at(start, len),
            Found::Int(int) => Cell::int(int),
            Found::Decimal => Cell::decimal_at(start, len),
            Found::CommaDecimal => self.with_point(raw),
            Found::Bool(value) => Cell::bool(value),
            Found::Masked => Cell::masked_at(start, len),
            Found::Null => Cell::NULL,
            Found::Absent => Cell::ABSENT,
        }
    }

    /// The number with a point for its comma, and without the spaces between groups of digits.
    fn with_point(&mut self, raw: &[u8]) -> Cell {
        let start = self.made.len();
        for byte in raw {
            match byte {
                b',' => self.made.push('.'),
                b'-' | b'0'..=b'9' => self.made.push(char::from(*byte)),
                _ => {}
            }
        }
        match self.made.get(start..).and_then(|number| number.parse().ok()) {
            Some(int) => Cell::int(int),
            None => Cell::decimal_at(small(self.len + start), small(self.made.len() - start)),
        }
    }

    /// The text with each doubled quote made one.
    fn undoubled(&mut self, raw: &[u8], quote: u8) -> Cell {
        let start = self.made.len();
        let mut rest = raw;
        while let Some(place) = memchr::memchr(quote, rest) {
            let (before, after) = rest.split_at(place + 1);
            // cut behind ASCII, so both parts are whole characters
            self.made.push_str(str::from_utf8(before).unwrap_or_default());
            rest = after.get(1..).unwrap_or_default();
        }
        self.made.push_str(str::from_utf8(rest).unwrap_or_default());
        Cell::text_at(small(self.len + start), small(self.made.len() - start))
    }
}

/// Places in a block, which is far below 4 GiB.
fn small(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
