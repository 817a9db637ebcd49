use super::{
    Delimiter, Options,
    cells::Cells,
    column::{Evidence, Kind, Rules},
    dialect::{first_rows, has_header, is_blank, sniff},
    names,
    rows::{Dialect, Field, Row, Rows, Wrong},
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Inside, Limits},
    kit::text::Transcoder,
};
use bus_core::{
    Message,
    error::Reject,
    loss::Loss,
    msg,
    record::{Batch, Shape},
};
use std::sync::Arc;

/// How much is looked at before delimiter, header and types are decided.
const SAMPLE: usize = 128 << 10;
/// Bytes that are turned into UTF-8 at once.
const PIECE: usize = 64 << 10;
/// What may stand before UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";
/// Records in a block of usual size.
const BLOCK_ROWS: usize = 1_000;
const SMALLEST_BLOCK: usize = 16 << 10;
const LARGEST_BLOCK: usize = 512 << 10;
/// As much of a refused row as is kept to look at.
const RAW_KEPT: usize = 64 << 10;

/// Reads tables: see the module's text.
pub struct Reader {
    options: Options,
    limits: Limits,
    transcoder: Transcoder,
    /// Text that has not been read, from the start of a row.
    text: String,
    /// Where in it U+FFFD stands for bytes that are no text.
    damage: Vec<usize>,
    /// The line its first byte stands in.
    line: u64,
    /// A place in it, and how many line ends stand before that.
    counted: std::cell::Cell<(usize, u64)>,
    /// How much text is waited for before the next rows are looked for.
    wanted: usize,
    /// Whether the line at hand was refused before its end came.
    skipping: bool,
    table: Option<Table>,
}

/// What is known once the sample has been looked at.
pub(super) struct Table {
    rows: Rows,
    pub(super) dialect: Dialect,
    pub(super) rules: Rules,
    shape: Arc<Shape>,
    pub(super) kinds: Vec<Kind>,
    block: usize,
}

impl Reader {
    /// A reader with these options.
    #[must_use]
    pub fn new(options: Options, limits: &Limits) -> Self {
        Self {
            transcoder: Transcoder::new(options.encoding),
            options,
            limits: limits.clone(),
            text: String::new(),
            damage: Vec::new(),
            line: 1,
            counted: std::cell::Cell::default(),
            wanted: SAMPLE,
            skipping: false,
            table: None,
        }
    }

    fn grown(&mut self, out: &mut Decoded, last: bool) -> Result<(), FormatError> {
        self.damage.append(&mut self.transcoder.take_damage());
        if self.text.len() < self.wanted && !last {
            return Ok(());
        }
        if self.table.is_none() {
            self.begin(out, last)?;
        }
        let Some(mut table) = self.table.take() else { return Ok(()) };
        self.block(&mut table, out, last);
        self.table = Some(table);
        Ok(())
    }

    /// Looks at the sample: what divides it, what the columns are called and hold. The same bytes decide
    /// however many came at once.
    fn begin(&mut self, out: &mut Decoded, whole: bool) -> Result<(), FormatError> {
        let beyond = self.text.len().saturating_sub(SAMPLE);
        self.skip_preamble();
        let dialect = sniff(self.sample(beyond), &self.options, whole);
        let rules = Rules::new(&self.options);
        let sample = self.sample(beyond).as_bytes();
        let rows = first_rows(sample, dialect, whole);
        let header = has_header(sample, &rows, &self.options, &rules);
        let (names, end) = self.names(dialect, header, self.sample(beyond), whole)?;
        let raw = names.len();
        let (names, renamed) = if header { names::unique(&names) } else { (names, Vec::new()) };
        debug_assert_eq!(raw, names.len(), "every column has a name");
        for (name, _) in renamed {
            out.losses().note(&name, Loss::Renamed, "a column name that comes twice gets a number");
        }
        self.line += newlines(self.text.as_bytes().get(..end).unwrap_or_default(), dialect);
        self.drop_text(end);
        let sample = self.sample(beyond).as_bytes();
        let rows = first_rows(sample, dialect, whole);
        let kinds = kinds(sample, &rows, &names, (&self.options, &rules));
        let size = rows.last().and_then(|row| row.last()).map_or(0, |field| field.end) / rows.len().max(1);
        let block = (size * BLOCK_ROWS).clamp(SMALLEST_BLOCK, LARGEST_BLOCK);
        let shape = Shape::of(names);
        self.table = Some(Table { rows: Rows::new(dialect), dialect, rules, shape, kinds, block });
        Ok(())
    }

    /// The sample, without what was dropped from its start.
    fn sample(&self, beyond: usize) -> &str {
        let mut end = self.text.len().saturating_sub(beyond);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(..end).unwrap_or_default()
    }

    /// Drops the lines before the table, and the line `sep=;` that Excel understands.
    fn skip_preamble(&mut self) {
        for _ in 0..self.options.skip_lines {
            self.drop_line();
        }
        let separator = self.text.strip_prefix("sep=").or_else(|| self.text.strip_prefix("SEP="));
        let Some(byte) = separator.and_then(|rest| rest.bytes().next()) else { return };
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
            if self.options.delimiter.byte().is_none() {
                self.options.delimiter = Delimiter::of(byte);
            }
            self.drop_line();
        }
    }

    fn drop_line(&mut self) {
        let len = self.text.find('\n').map_or(self.text.len(), |newline| newline + 1);
        self.drop_text(len);
        self.line += 1;
    }

    fn drop_text(&mut self, len: usize) {
        self.counted.set((0, 0));
        self.text.drain(..len);
        self.damage.retain_mut(|place| {
            let keep = *place >= len;
            *place = place.saturating_sub(len);
            keep
        });
    }

    /// The column names, from the first row if it holds them, and where the table's rows begin.
    fn names(
        &self,
        dialect: Dialect,
        header: bool,
        sample: &str,
        whole: bool,
    ) -> Result<(Vec<String>, usize), FormatError> {
        let text = sample.as_bytes();
        let mut rows = Rows::new(dialect);
        rows.load(text);
        let (mut fields, mut at) = (Vec::new(), 0);
        let next = loop {
            match rows.next(text, at, whole, &mut fields) {
                Row::Whole { next } if is_blank(&fields) && next < text.len() => at = next,
                Row::Whole { next } => break next,
                Row::Partial if fields.len() <= self.limits.fields => {
                    let message = msg!("the first row does not end within {most} bytes", most = text.len());
                    return Err(FormatError::at(self.line, 1, message));
                }
                Row::Partial => break 0,
                Row::Wrong { at, what } => {
                    let (line, column) = self.place(at, dialect);
                    return Err(FormatError::at(line, column, quote_message(what)));
                }
            }
        };
        let most = self.limits.fields;
        if fields.len() > most {
            let (line, _) = self.place(at, dialect);
            let message = msg!("the table has more than {most} columns (limit `fields`)", most = most);
            return Err(FormatError::at(line, 1, message));
        }
        if !header {
            return Ok(((1..=fields.len()).map(|number| format!("column_{number}")).collect(), at));
        }
        Ok((fields.iter().map(|field| plain_text(sample, *field, dialect)).collect(), next))
    }

    /// Line and column of a byte of the text.
    fn place(&self, at: usize, dialect: Dialect) -> (u64, u64) {
        let before = self.text.get(..at).unwrap_or_default();
        let start = memchr::memrchr(dialect.newline, before.as_bytes()).map_or(0, |newline| newline + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() as u64 + 1;
        let (counted, lines) = self.counted.get();
        let (from, lines) = if counted <= at { (counted, lines) } else { (0, 0) };
        let lines = lines + newlines(before.as_bytes().get(from..).unwrap_or_default(), dialect);
        self.counted.set((at, lines));
        (self.line + lines, column)
    }

    /// Reads all rows that are there whole, and hands over a batch that owns the text.
    fn block(&mut self, table: &mut Table, out: &mut Decoded, last: bool) {
        table.rows.load(self.text.as_bytes());
        let mut cells = Cells::new(self.text.len(), self.line);
        let (mut fields, mut at) = (Vec::with_capacity(table.kinds.len()), 0);
        if self.skipping {
            match table.rows.skip_line(self.text.as_bytes(), 0, last) {
                Some(next) => (at, self.skipping) = (next, false),
                None => at = self.text.len(),
            }
            cells.line += newlines(self.text.as_bytes().get(..at).unwrap_or_default(), table.dialect);
        }
        while at < self.text.len() {
            let begin = at;
            match table.rows.next(self.text.as_bytes(), at, last, &mut fields) {
                Row::Whole { next } if next - at <= self.limits.record_bytes && self.damage.is_empty() => {
                    if !cells.row(self.text.as_bytes(), &fields, table) {
                        self.reject_row(table, at, fields.len(), out);
                    }
                    at = next;
                }
                Row::Whole { next } if next - at <= self.limits.record_bytes => {
                    self.checked_row(table, (at, next), (&fields, &mut cells), out);
                    at = next;
                }
                Row::Wrong { at: place, what } if place - at <= self.limits.record_bytes => {
                    let Some(next) = self.reject_line(table, at, (place, quote_message(what)), out, last)
                    else {
                        break;
                    };
                    at = next;
                }
                Row::Partial if self.text.len() - at <= self.limits.record_bytes => break,
                Row::Whole { .. } | Row::Wrong { .. } | Row::Partial => {
                    at = self.reject_long(table, at, out, last);
                }
            }
            cells.passed(self.text.as_bytes().get(begin..at).unwrap_or_default(), &fields, table);
        }
        self.hand_over(table, cells, at, out);
    }

    /// Takes a row while bytes are about that are no text.
    fn checked_row(
        &self,
        table: &mut Table,
        (at, next): (usize, usize),
        (fields, cells): (&[Field], &mut Cells),
        out: &mut Decoded,
    ) {
        if let Some(place) = self.damage.iter().find(|place| (at..next).contains(place)) {
            let (line, column) = self.place(*place, table.dialect);
            let raw = self.text.get(at..next).map(|raw| raw.trim_end().to_owned());
            out.reject(raw, Reject::new(msg!("these bytes are not text: set the encoding")).at(line, column));
        } else if !cells.row(self.text.as_bytes(), fields, table) {
            self.reject_row(table, at, fields.len(), out);
        }
    }

    fn reject_row(&self, table: &Table, at: usize, count: usize, out: &mut Decoded) {
        let expected = table.shape.len();
        let message = msg!(
            "this row has {count} fields, the table has {expected} columns",
            count = count,
            expected = expected
        );
        let (line, _) = self.place(at, table.dialect);
        out.reject(self.raw_line(at, table.dialect), Reject::new(message).at(line, 1));
    }

    fn raw_line(&self, at: usize, dialect: Dialect) -> Option<String> {
        let rest = self.text.as_bytes().get(at..)?;
        let len = memchr::memchr(dialect.newline, rest).unwrap_or(rest.len()).min(RAW_KEPT);
        Some(String::from_utf8_lossy(rest.get(..len)?).trim_end().to_owned())
    }

    /// Refuses the line that a row with senseless quotes starts in; reading goes on in the next line.
    fn reject_line(
        &self,
        table: &mut Table,
        at: usize,
        (place, message): (usize, Message),
        out: &mut Decoded,
        last: bool,
    ) -> Option<usize> {
        let next = table.rows.skip_line(self.text.as_bytes(), at, last)?;
        let (line, column) = self.place(place, table.dialect);
        out.reject(self.raw_line(at, table.dialect), Reject::new(message).at(line, column));
        Some(next)
    }

    /// Refuses a row beyond the limit, which a quote that nothing closes makes too; where to go on.
    fn reject_long(&mut self, table: &mut Table, at: usize, out: &mut Decoded, last: bool) -> usize {
        let most = self.limits.record_bytes;
        let text = self.text.as_bytes().get(at..at + most).unwrap_or_default();
        let mut probe = Rows::new(table.dialect);
        probe.load(text);
        let (place, message) = match probe.next(text, 0, true, &mut Vec::new()) {
            Row::Wrong { at: place, what: Wrong::Unclosed } => (at + place, quote_message(Wrong::Unclosed)),
            Row::Wrong { .. } | Row::Whole { .. } | Row::Partial => {
                (at, msg!("this record is longer than {most} bytes (limit `record_bytes`)", most = most))
            }
        };
        let (line, column) = self.place(place, table.dialect);
        out.reject(None, Reject::new(message).at(line, column));
        let next = table.rows.skip_line(self.text.as_bytes(), at, last);
        self.skipping = next.is_none();
        next.unwrap_or(self.text.len())
    }

    /// Hands over the rows read; what follows them is kept.
    fn hand_over(&mut self, table: &Table, cells: Cells, at: usize, out: &mut Decoded) {
        self.line = self.place(at, table.dialect).0;
        self.counted.set((0, 0));
        let tail = self.text.get(at..).unwrap_or_default();
        let mut rest = String::with_capacity(table.block + PIECE + tail.len());
        rest.push_str(tail);
        let mut text = std::mem::replace(&mut self.text, rest);
        let damage = std::mem::take(&mut self.damage);
        self.damage = damage.into_iter().filter_map(|place| place.checked_sub(at)).collect();
        // a row longer than the block is looked for again when twice as much is there
        self.wanted = table.block.max(self.text.len() * 2);
        if !cells.cells.is_empty() {
            if cells.made.is_empty() {
                text.truncate(at);
            }
            text.push_str(&cells.made);
            let mut batch = Batch::table(Arc::clone(&table.shape), text, cells.cells);
            batch.set_places(Some(Arc::new(cells.places)));
            out.batch(batch);
        }
    }
}

impl Decoder for Reader {
    fn look_inside(&mut self, head: &[u8], whole: bool, out: &mut Decoded) -> Option<Inside> {
        let mark = head.starts_with(MARK);
        self.transcoder.push(head, &mut self.text);
        if whole {
            self.transcoder.finish(&mut self.text);
        }
        if self.transcoder.name() != Some("UTF-8") || self.text.trim().is_empty() {
            return None;
        }
        let before = self.text.len();
        self.begin(out, whole).ok()?;
        let first = before - self.text.len() + if mark { MARK.len() } else { 0 };
        let table = self.table.as_ref()?;
        let Dialect { delimiter, quote, newline } = table.dialect;
        self.wanted = table.block;
        self.transcoder = Transcoder::inside_utf8();
        self.text.clear();
        self.damage.clear();
        let quoting = Some((delimiter, quote));
        Some(Inside { first: first as u64, line: self.line, newline, quoting, head: head.len() })
    }

    fn resume(&mut self, line: u64) {
        self.line = line;
    }

    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        for piece in bytes.chunks(PIECE) {
            self.transcoder.push(piece, &mut self.text);
            self.grown(out, false)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.transcoder.finish(&mut self.text);
        if self.table.is_none() && self.text.trim().is_empty() {
            return Ok(());
        }
        // what is beyond the sample is read as if more were to come, so that the sample decides alike
        self.grown(out, true)
    }
}

/// What the columns hold, from the rows of the sample.
fn kinds(
    text: &[u8],
    rows: &[Vec<Field>],
    names: &[String],
    (options, rules): (&Options, &Rules),
) -> Vec<Kind> {
    let mut evidence = vec![Evidence::default(); names.len()];
    for row in rows.iter().filter(|row| row.len() == names.len()) {
        for (field, evidence) in row.iter().zip(&mut evidence) {
            evidence.add(text.get(field.start..field.end).unwrap_or_default(), field.quoted, rules);
        }
    }
    let selective = evidence.iter().any(Evidence::is_bare_number);
    evidence.iter().zip(names).map(|(evidence, name)| evidence.kind(name, options, selective)).collect()
}

fn plain_text(text: &str, field: Field, dialect: Dialect) -> String {
    let text = text.get(field.start..field.end).unwrap_or_default();
    if field.doubled {
        let quote = char::from(dialect.quote).to_string();
        text.replace(&quote.repeat(2), &quote)
    } else {
        text.to_owned()
    }
}

fn quote_message(what: Wrong) -> Message {
    match what {
        Wrong::Unclosed => msg!("the closing quote of this field is missing"),
        Wrong::TextAfter => {
            msg!("text follows a closing quote: a quote inside a field is written twice")
        }
    }
}

pub(super) fn newlines(text: &[u8], dialect: Dialect) -> u64 {
    memchr::memchr_iter(dialect.newline, text).count() as u64
}
