use super::{
    Batch, Cell, PackError, Precision, Shape,
    cell::{Raw, Span},
    pack::{LEAST_SMALL, SHORTEST_LONG, VERSION, tag},
};
use std::sync::Arc;

/// However deep: values are walked recursively all over the house.
const DEEPEST: usize = 1_024;

impl Batch {
    /// Reads what [`Batch::pack`] wrote. Everything is checked: bytes from anywhere give a sound batch or an
    /// error, and take no more memory than a few times their size.
    ///
    /// # Errors
    /// If the bytes are not one whole packed batch.
    pub fn unpack(bytes: &[u8]) -> Result<Self, PackError> {
        let mut unpacker = Unpacker {
            rest: bytes,
            batch: Self::default(),
            text: String::new(),
            blob: Vec::new(),
            pending: Vec::new(),
            budget: bytes.len(),
        };
        unpacker.batch()?;
        let Unpacker { rest, mut batch, text, blob, .. } = unpacker;
        if !rest.is_empty() {
            return Err(PackError::Damaged);
        }
        batch.texts.push(Arc::new(text));
        batch.bytes.push(Arc::new(blob));
        Ok(batch)
    }
}

struct Unpacker<'a> {
    rest: &'a [u8],
    batch: Batch,
    text: String,
    blob: Vec<u8>,
    /// Values of the lists and objects that are being read.
    pending: Vec<Cell>,
    /// How many values there can still be: every one has at least its tag.
    budget: usize,
}

impl<'a> Unpacker<'a> {
    fn batch(&mut self) -> Result<(), PackError> {
        if self.byte()? != VERSION {
            return Err(PackError::Version);
        }
        let context = self.block()?;
        if !context.is_empty() {
            let context = serde_json::from_slice(context).map_err(|_| PackError::Damaged)?;
            self.batch.set_context(Some(Arc::new(context)));
        }
        for _ in 0..self.count()? {
            let mut keys = Vec::new();
            for _ in 0..self.count()? {
                keys.push(self.str()?.into());
            }
            self.batch.shapes.push(Arc::new(Shape::new(keys)));
        }
        for _ in 0..self.count()? {
            let cell = self.cell(DEEPEST)?;
            self.batch.rows.push(cell);
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], PackError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(PackError::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(PackError::Damaged)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, PackError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, PackError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(PackError::Damaged)
    }

    /// A number of things that each take at least a byte.
    fn count(&mut self) -> Result<usize, PackError> {
        let count = usize::try_from(self.varint()?).map_err(|_| PackError::Damaged)?;
        if count > self.rest.len() { Err(PackError::Damaged) } else { Ok(count) }
    }

    fn signed(&mut self) -> Result<i64, PackError> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn block(&mut self) -> Result<&'a [u8], PackError> {
        let len = self.count()?;
        self.take(len)
    }

    fn str(&mut self) -> Result<&'a str, PackError> {
        str::from_utf8(self.block()?).map_err(|_| PackError::Damaged)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<Span, PackError> {
        let text = str::from_utf8(bytes).map_err(|_| PackError::Damaged)?;
        let span = span(self.text.len(), text.len())?;
        self.text.push_str(text);
        Ok(span)
    }

    fn keep_block(&mut self) -> Result<Span, PackError> {
        let bytes = self.block()?;
        self.keep(bytes)
    }

    fn cell(&mut self, depth: usize) -> Result<Cell, PackError> {
        let raw = match self.byte()? {
            tag::ABSENT => Raw::Absent,
            tag::NULL => Raw::Null,
            tag::FALSE => Raw::Bool(false),
            tag::TRUE => Raw::Bool(true),
            tag::INT => Raw::Int(self.signed()?),
            tag::FLOAT => match f64::from_le_bytes(self.array()?) {
                float if float.is_finite() => Raw::Float(float),
                _ => return Err(PackError::Damaged),
            },
            tag::DECIMAL => Raw::Decimal(self.decimal()?),
            tag::TEXT => Raw::Text(self.keep_block()?),
            tag::MASKED => Raw::Masked(self.keep_block()?),
            tag::BYTES => {
                let bytes = self.block()?;
                let span = span(self.blob.len(), bytes.len())?;
                self.blob.extend_from_slice(bytes);
                Raw::Bytes(span)
            }
            tag::LIST => {
                let count = self.count()?;
                let start = self.values(count, depth)?;
                Raw::List { start, len: small(count)? }
            }
            tag::OBJECT => self.object(depth)?,
            short if (tag::SHORT_TEXT..tag::SMALL_INT).contains(&short) => {
                let bytes = self.take(usize::from(short - tag::SHORT_TEXT).min(SHORTEST_LONG))?;
                Raw::Text(self.keep(bytes)?)
            }
            int if int >= tag::SMALL_INT => Raw::Int(i64::from(int - tag::SMALL_INT) + LEAST_SMALL),
            time => {
                let precision = Precision::ALL.get(usize::from(time.wrapping_sub(tag::TIME)));
                let precision = *precision.ok_or(PackError::Damaged)?;
                let offset = i16::from_le_bytes(self.array()?);
                Raw::Time { precision, offset, micros: self.signed()? }
            }
        };
        Ok(Cell(raw))
    }

    /// A decimal is trusted to be a JSON number all over the house.
    fn decimal(&mut self) -> Result<Span, PackError> {
        let bytes = self.block()?;
        if is_number(bytes) { self.keep(bytes) } else { Err(PackError::Damaged) }
    }

    fn object(&mut self, depth: usize) -> Result<Raw, PackError> {
        let shape = u32::try_from(self.varint()?).map_err(|_| PackError::Damaged)?;
        let width = self.batch.shapes.get(shape as usize).ok_or(PackError::Damaged)?.len();
        Ok(Raw::Object { shape, start: self.values(width, depth)? })
    }

    /// Reads values that follow each other; where they start among the cells.
    fn values(&mut self, count: usize, depth: usize) -> Result<u32, PackError> {
        let depth = depth.checked_sub(1).ok_or(PackError::Damaged)?;
        self.budget = self.budget.checked_sub(count).ok_or(PackError::Damaged)?;
        let first = self.pending.len();
        for _ in 0..count {
            let cell = self.cell(depth)?;
            self.pending.push(cell);
        }
        let start = small(self.batch.cells.len())?;
        self.batch.cells.extend(self.pending.drain(first..));
        Ok(start)
    }
}

fn small(number: usize) -> Result<u32, PackError> {
    u32::try_from(number).map_err(|_| PackError::TooLarge)
}

fn span(start: usize, len: usize) -> Result<Span, PackError> {
    small(start + len)?;
    Ok(Span { start: small(start)?, len: small(len)?, segment: 0 })
}

/// Whether the text is a number in JSON's grammar.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { text.get(count..) }
    }
    let whole = text.strip_prefix(b"-").unwrap_or(text);
    let Some(mut rest) = digits(whole) else { return false };
    if whole.first() == Some(&b'0') && whole.len() - rest.len() > 1 {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent =
            exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let Some(after) = digits(exponent) else { return false };
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::{BatchBuilder, Timestamp};
    use super::*;
    use proptest::prelude::*;

    /// A batch of records that have every kind of value, led by `seed` bytes.
    fn batch(seeds: &[(u8, i64, String)]) -> Batch {
        let mut builder = BatchBuilder::new();
        let shape = Shape::of(["a", "b", "é"]);
        for (kind, number, text) in seeds {
            builder.begin_object();
            builder.key(text).unwrap();
            match kind % 10 {
                0 => builder.null(),
                1 => builder.bool(*number > 0),
                2 => builder.int(*number),
                3 => builder.float(*number as f64 / 3.0),
                4 => builder.decimal(&format!("{number}.50")),
                5 => builder.text(text),
                6 => builder.masked(text),
                7 => builder.bytes(text.as_bytes()),
                8 => builder.time(Timestamp::at(*number / 4, 60, Precision::Second)),
                _ => {
                    builder.begin_list();
                    builder.begin_shaped(&shape);
                    builder.int(number % 100);
                    builder.absent();
                    builder.end();
                    builder.end();
                }
            }
            builder.end();
        }
        builder.take()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn reads_what_was_packed(
            seeds in proptest::collection::vec((any::<u8>(), any::<i64>(), any::<String>()), 0..20),
            with_context in any::<bool>(),
        ) {
            let mut batch = batch(&seeds);
            let context = with_context.then(|| Arc::new(serde_json::json!({ "@vocab": "https://schema.org/" })));
            batch.set_context(context.clone());
            let mut packed = Vec::new();
            batch.pack(&mut packed);
            let read = Batch::unpack(&packed).unwrap();
            prop_assert_eq!(read.context(), context.as_ref());
            prop_assert_eq!(read.records().collect::<Vec<_>>(), batch.records().collect::<Vec<_>>());
            let mut again = Vec::new();
            read.pack(&mut again);
            prop_assert_eq!(&again, &packed);
            for cut in 0..packed.len() {
                prop_assert!(Batch::unpack(packed.get(..cut).unwrap()).is_err());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(
            seeds in proptest::collection::vec((any::<u8>(), any::<i64>(), "[a-z]{0,80}"), 0..6),
            changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
            noise in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut packed = Vec::new();
            batch(&seeds).pack(&mut packed);
            for (place, byte) in changes {
                let place = place % packed.len();
                *packed.get_mut(place).unwrap() = byte;
            }
            for bytes in [packed, noise.clone(), [vec![VERSION], noise].concat()] {
                if let Ok(batch) = Batch::unpack(&bytes) {
                    for record in batch.records() {
                        let shown = format!("{record:?}");
                        prop_assert!(!shown.is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn small_input_makes_no_large_batch() {
        // shapes of many keys named again and again by empty objects
        let mut bytes = vec![VERSION, 0, 1, 2, 1, b'a', 1, b'b', 120];
        bytes.extend(std::iter::repeat_n([tag::OBJECT, 0], 60).flatten());
        assert_eq!(Batch::unpack(&bytes).map(drop), Err(PackError::Damaged));
        assert_eq!(Batch::unpack(&[2]).map(drop), Err(PackError::Version));
    }

    #[test]
    fn numbers_of_json() {
        for text in ["0", "-0", "1.10", "10e+5", "-12.0E-3"] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "1 ", "+1", "NaN"] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }
}
