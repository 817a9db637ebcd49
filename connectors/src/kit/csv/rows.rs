use super::marks;

/// What divides a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    /// `\n`, or `\r` in files that have no other line ends.
    pub(super) newline: u8,
}

/// A field as it stands in the text, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Whether a doubled quote in it stands for one.
    pub(super) doubled: bool,
}

/// What came of looking for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A row was found; the next one starts there.
    Whole { next: usize },
    /// Its end is not there yet.
    Partial,
    /// Its quotes make no sense; the place of the one at fault.
    Wrong { at: usize, what: Wrong },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing closes this quote.
    Unclosed,
    /// Between this closing quote and the next delimiter stands text.
    TextAfter,
}

/// Finds the rows of a block of text, one after the other.
#[derive(Debug)]
pub(super) struct Rows {
    dialect: Dialect,
    marks: Vec<u32>,
    /// How many marks are behind us.
    used: usize,
}

impl Rows {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self { dialect, marks: Vec::new(), used: 0 }
    }

    /// Looks at a new block.
    pub(super) fn load(&mut self, text: &[u8]) {
        self.marks.clear();
        self.used = 0;
        let Dialect { delimiter, quote, newline } = self.dialect;
        marks::find(text, 0, [delimiter, quote, newline], &mut self.marks);
    }

    fn mark(&self, index: usize) -> Option<usize> {
        self.marks.get(index).map(|place| *place as usize)
    }

    /// Reads the row that starts at `start`; `last` says that the text ends with the document.
    #[inline]
    pub(super) fn next(&mut self, text: &[u8], start: usize, last: bool, fields: &mut Vec<Field>) -> Row {
        fields.clear();
        let Dialect { delimiter, quote, newline } = self.dialect;
        let mut index = self.used;
        let mut begin = start;
        loop {
            if text.get(begin) == Some(&quote) {
                match self.quoted(text, begin, index, last) {
                    Ok((field, after)) => {
                        fields.push(field);
                        index = after;
                    }
                    Err(row) => return row,
                }
                // the mark at `index`, if any, is the delimiter or line end behind the field
            } else {
                while self.mark(index).and_then(|place| text.get(place)) == Some(&quote) {
                    index += 1;
                }
                let end = match self.mark(index) {
                    Some(end) => end,
                    None if last => text.len(),
                    None => return Row::Partial,
                };
                fields.push(Field { start: begin, end, quoted: false, doubled: false });
            }
            let Some(end) = self.mark(index) else {
                self.used = index;
                return Row::Whole { next: text.len() };
            };
            index += 1;
            begin = end + 1;
            match text.get(end) {
                Some(byte) if *byte == delimiter => {}
                _ => {
                    self.used = index;
                    if newline == b'\n' {
                        cut_return(text, fields);
                    }
                    return Row::Whole { next: begin };
                }
            }
        }
    }

    /// Reads the quoted field whose opening quote stands at `begin` and is the mark `index`; gives the mark
    /// behind it too.
    fn quoted(&self, text: &[u8], begin: usize, index: usize, last: bool) -> Result<(Field, usize), Row> {
        let Dialect { delimiter, quote, newline } = self.dialect;
        let mut index = index + 1;
        let mut doubled = false;
        loop {
            let Some(place) = self.mark(index) else {
                let unclosed = Row::Wrong { at: begin, what: Wrong::Unclosed };
                return Err(if last { unclosed } else { Row::Partial });
            };
            index += 1;
            if text.get(place) != Some(&quote) {
                continue;
            }
            let field = Field { start: begin + 1, end: place, quoted: true, doubled };
            match text.get(place + 1) {
                Some(next) if *next == quote => {
                    doubled = true;
                    index += 1;
                }
                Some(next) if *next == delimiter || *next == newline => return Ok((field, index)),
                Some(b'\r') if text.get(place + 2) == Some(&newline) => return Ok((field, index)),
                Some(b'\r') if text.len() == place + 2 && last => return Ok((field, index)),
                Some(b'\r') if text.len() == place + 2 => return Err(Row::Partial),
                Some(_) => return Err(Row::Wrong { at: place, what: Wrong::TextAfter }),
                None if last => return Ok((field, index)),
                None => return Err(Row::Partial),
            }
        }
    }

    /// Goes to the end of the line that `start` stands in; `None` if it has not come yet.
    pub(super) fn skip_line(&mut self, text: &[u8], start: usize, last: bool) -> Option<usize> {
        let behind = text.get(start..).unwrap_or_default();
        let next = match memchr::memchr(self.dialect.newline, behind) {
            Some(len) => start + len + 1,
            None if last => text.len(),
            None => return None,
        };
        while self.mark(self.used).is_some_and(|place| place < next) {
            self.used += 1;
        }
        Some(next)
    }
}

/// Takes the `\r` of a `\r\n` off the last field.
fn cut_return(text: &[u8], fields: &mut [Field]) {
    if let Some(field) = fields.last_mut()
        && !field.quoted
        && field.end > field.start
        && text.get(field.end - 1) == Some(&b'\r')
    {
        field.end -= 1;
    }
}
