use super::{
    ItemPath, ItemSegment,
    parse::{number_len, parse},
    place,
    scan::Scan,
};
use crate::contract::{FormatError, Limits};
use bus_core::{msg, record::BatchBuilder};
use std::cell::Cell;

/// Cuts a JSON document into the items at an item path, however its bytes come.
///
/// Push bytes, take items until there are none, push on, finish, take the last ones. What stands around
/// the items is checked strictly; an item itself only so far that its end is found, so that one bad item
/// can be refused and the next ones read. Memory stays below one item's limit.
///
/// ```ignore
/// items.push(bytes);
/// while let Some(item) = items.next()? {
///     json::parse(item.text, builder, &limits)?;
/// }
/// ```
#[derive(Debug)]
pub struct Items {
    path: ItemPath,
    limits: Limits,
    buffer: Vec<u8>,
    /// What was consumed of the buffer.
    at: usize,
    /// Line and column (from 1) of the start of the buffer.
    line: u64,
    column: u64,
    counted: Cell<Place>,
    ended: bool,
    expect: Expect,
    stack: Vec<Frame>,
    /// Steps of the path that lead to the value that comes next; `None` off the path.
    next: Option<usize>,
    scan: Option<Scan>,
    /// Where the item begins whose start had to be forgotten.
    begun: Option<(u64, u64)>,
    found: bool,
}

/// One item: its text as it stands, and where it starts (from 1).
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The JSON text; empty if it was too long to be kept.
    pub text: &'a [u8],
    /// Line of its first byte.
    pub line: u64,
    /// Column of its first byte, in characters.
    pub column: u64,
    /// Whether it is an item of a list, not the one value the path leads to.
    pub listed: bool,
    /// How many bytes it has; more than `text` if it was too long.
    pub size: usize,
}

impl Item<'_> {
    /// Turns a place inside the item into one of the document.
    #[must_use]
    pub fn locate(&self, mut error: FormatError) -> FormatError {
        if error.line <= 1 {
            error.column = (error.column.max(1) - 1) + self.column;
        }
        error.line = error.line.max(1) - 1 + self.line;
        error
    }
}

/// Line and column of a byte of the buffer.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    line: u64,
    column: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Start,
    Value,
    /// A value or the end of a list just opened.
    FirstValue,
    Key,
    /// A key or the end of an object just opened.
    FirstKey,
    Colon,
    /// A comma or the end of the innermost list or object.
    Comma,
    End,
}

#[derive(Debug)]
struct Frame {
    object: bool,
    /// Steps of the path that lead to this list or object; `None` off the path.
    matched: Option<usize>,
    /// Whether this is the list of the items.
    items: bool,
    /// Values begun in it.
    count: u64,
}

enum Step {
    Item { start: usize, end: usize, listed: bool, size: usize },
    Go,
    Wait,
}

impl Items {
    /// A splitter for the items at `path`.
    #[must_use]
    pub fn new(path: ItemPath, limits: &Limits) -> Self {
        Self {
            path,
            limits: limits.clone(),
            buffer: Vec::new(),
            at: 0,
            line: 1,
            column: 1,
            counted: Cell::new(Place { at: 0, line: 1, column: 1 }),
            ended: false,
            expect: Expect::Start,
            stack: Vec::new(),
            next: Some(0),
            scan: None,
            begun: None,
            found: false,
        }
    }

    /// Takes the next bytes of the document.
    pub fn push(&mut self, bytes: &[u8]) {
        self.drain();
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that the document has ended; then take the last items.
    pub const fn finish(&mut self) {
        self.ended = true;
    }

    /// The next item; `None` when more bytes are needed, or after the end.
    ///
    /// # Errors
    /// When what stands around the items is not JSON, or there is nothing at the path.
    #[expect(clippy::should_implement_trait, reason = "an item borrows the splitter's buffer")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, FormatError> {
        loop {
            match self.step()? {
                Step::Go => {}
                Step::Wait => return Ok(None),
                Step::Item { start, end, listed, size } => {
                    let (line, column) = self.begun.take().unwrap_or_else(|| self.place(start));
                    let text = self.buffer.get(start..end).unwrap_or_default();
                    return Ok(Some(Item { text, line, column, listed, size }));
                }
            }
        }
    }

    /// Line and column of a byte of the buffer; counted from the last place that was asked for.
    fn place(&self, at: usize) -> (u64, u64) {
        let mut from = self.counted.get();
        if from.at > at {
            from = Place { at: 0, line: self.line, column: self.column };
        }
        let between = self.buffer.get(from.at..at).unwrap_or_default();
        let (line, column) = place(between, between.len());
        let place = if line == 1 {
            Place { at, line: from.line, column: from.column + column - 1 }
        } else {
            Place { at, line: from.line + line - 1, column }
        };
        self.counted.set(place);
        (place.line, place.column)
    }

    fn fault<T>(&self, at: usize, message: bus_core::Message) -> Result<T, FormatError> {
        let (line, column) = self.place(at);
        Err(FormatError::at(line, column, message))
    }

    /// Forgets what was consumed; what an item too long for the limits has so far, too.
    fn drain(&mut self) {
        if self.scan.as_ref().is_some_and(|scan| scan.size() > self.limits.record_bytes) {
            self.begun = self.begun.or_else(|| Some(self.place(self.at)));
            // its end is all that is still looked for
            self.at += self.scan.as_mut().map_or(0, Scan::forget);
        }
        (self.line, self.column) = self.place(self.at);
        self.counted.set(Place { at: 0, line: self.line, column: self.column });
        self.buffer.drain(..self.at);
        self.at = 0;
    }

    fn step(&mut self) -> Result<Step, FormatError> {
        if self.scan.is_some() {
            return self.item();
        }
        if self.expect == Expect::Start && !self.begin() {
            return Ok(Step::Wait);
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
        self.at += space;
        let Some(byte) = self.buffer.get(self.at).copied() else { return self.out_of_bytes() };
        match (self.expect, byte) {
            (Expect::FirstValue, b']') | (Expect::FirstKey, b'}') => self.close(),
            (Expect::Value | Expect::FirstValue, _) => return self.value(byte),
            (Expect::Key | Expect::FirstKey, b'"') => return self.key(),
            (Expect::Key | Expect::FirstKey, _) => {
                return self.fault(self.at, msg!("a key between double quotes is expected here"));
            }
            (Expect::Colon, b':') => self.consume(Expect::Value),
            (Expect::Colon, _) => {
                return self.fault(self.at, msg!("a colon is missing between key and value"));
            }
            (Expect::Comma, b',') => {
                let object = self.stack.last().is_some_and(|frame| frame.object);
                self.consume(if object { Expect::Key } else { Expect::Value });
            }
            (Expect::Comma, b']' | b'}') => match self.stack.last() {
                Some(frame) if frame.object == (byte == b'}') => self.close(),
                _ => return self.fault(self.at, msg!("this bracket does not match the one that is open")),
            },
            (Expect::Comma, _) => {
                return self.fault(self.at, msg!("a comma or a closing bracket is expected here"));
            }
            (Expect::Start | Expect::End, _) => {
                return self.fault(
                    self.at,
                    msg!("the JSON document ends before this; if each line is a JSON value of its own, choose the format `ndjson`"),
                );
            }
        }
        Ok(Step::Go)
    }

    /// Skips a byte order mark; `false` while it cannot be told.
    fn begin(&mut self) -> bool {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if !self.ended && self.buffer.len() < MARK.len() && MARK.starts_with(&self.buffer) {
            return false;
        }
        if self.buffer.starts_with(MARK) {
            self.buffer.drain(..MARK.len());
        }
        self.expect = Expect::Value;
        true
    }

    fn consume(&mut self, expect: Expect) {
        self.at += 1;
        self.expect = expect;
        if let (Expect::Value, Some(frame)) = (expect, self.stack.last_mut())
            && !frame.object
        {
            self.next = below(&self.path, frame, None);
        }
    }

    fn out_of_bytes(&self) -> Result<Step, FormatError> {
        if !self.ended {
            return Ok(Step::Wait);
        }
        if self.expect != Expect::End {
            return self.fault(self.at, msg!("the JSON text ends too early"));
        }
        if !self.found {
            let path = self.path.to_string();
            return Err(FormatError::new(msg!("there is nothing at the item path `{path}`", path = path)));
        }
        Ok(Step::Wait)
    }

    fn close(&mut self) {
        self.at += 1;
        self.stack.pop();
        self.ended_value();
    }

    fn ended_value(&mut self) {
        self.expect = if self.stack.is_empty() { Expect::End } else { Expect::Comma };
    }

    fn value(&mut self, byte: u8) -> Result<Step, FormatError> {
        let listed = self.stack.last().is_some_and(|frame| frame.items);
        let target = self.next == Some(self.path.segments().len());
        self.found |= target;
        if matches!(byte, b']' | b'}' | b',' | b':') {
            return self.fault(self.at, msg!("a value is missing before this"));
        }
        if listed || (target && byte != b'[') {
            self.scan = Some(Scan::new(byte, listed));
            return Ok(Step::Go);
        }
        if matches!(byte, b'[' | b'{') {
            return self.open(byte, target);
        }
        self.skip_scalar(byte)
    }

    fn open(&mut self, byte: u8, items: bool) -> Result<Step, FormatError> {
        if self.stack.len() >= self.limits.depth {
            let most = self.limits.depth;
            return self.fault(
                self.at,
                msg!("lists and objects nest deeper than {most} levels (limit `depth`)", most = most),
            );
        }
        let object = byte == b'{';
        self.at += 1;
        let mut frame = Frame { object, matched: self.next, items, count: 0 };
        if object {
            self.expect = Expect::FirstKey;
        } else {
            self.next = below(&self.path, &mut frame, None);
            self.expect = Expect::FirstValue;
        }
        self.stack.push(frame);
        Ok(Step::Go)
    }

    fn key(&mut self) -> Result<Step, FormatError> {
        let Some(end) = self.token_end(b'"')? else { return Ok(Step::Wait) };
        let key = self.decode(self.at, end)?;
        let Some(frame) = self.stack.last_mut() else { return Ok(Step::Wait) };
        self.next = below(&self.path, frame, key.as_deref());
        self.at = end;
        self.expect = Expect::Colon;
        Ok(Step::Go)
    }

    /// Checks a scalar off the path and goes past it.
    fn skip_scalar(&mut self, byte: u8) -> Result<Step, FormatError> {
        let Some(end) = self.token_end(byte)? else { return Ok(Step::Wait) };
        self.decode(self.at, end)?;
        self.at = end;
        self.ended_value();
        Ok(Step::Go)
    }

    /// Where the string, number or word at the current place ends; `None` if more bytes are needed.
    fn token_end(&self, first: u8) -> Result<Option<usize>, FormatError> {
        let mut scan = Scan::new(first, false);
        let found = scan.go_on(self.buffer.get(self.at..).unwrap_or_default());
        if scan.size() > self.limits.record_bytes {
            return self.fault(self.at, too_long(self.limits.record_bytes));
        }
        match found {
            Some(len) => Ok(Some(self.at + len)),
            None if self.ended && first == b'"' => {
                self.fault(self.at, msg!("the closing quote of this text is missing"))
            }
            None if self.ended => Ok(Some(self.buffer.len())),
            None => Ok(None),
        }
    }

    /// Reads a scalar strictly; gives its text if it is one.
    fn decode(&self, start: usize, end: usize) -> Result<Option<String>, FormatError> {
        let token = self.buffer.get(start..end).unwrap_or_default();
        if number_len(token) == Some(token.len()) {
            return Ok(None);
        }
        let mut builder = BatchBuilder::new();
        if let Err(error) = parse(token, &mut builder, &self.limits) {
            let (line, column) = self.place(start);
            return Err(Item { text: token, line, column, listed: false, size: 0 }.locate(error));
        }
        Ok(builder.take().record(0).as_text().map(str::to_owned))
    }

    /// Goes on looking for the end of the item that has begun.
    fn item(&mut self) -> Result<Step, FormatError> {
        let Some(scan) = &mut self.scan else { return Ok(Step::Go) };
        let found = scan.go_on(self.buffer.get(self.at..).unwrap_or_default());
        let (size, listed) = (scan.size(), scan.listed());
        let len = match found {
            Some(len) => len,
            None if self.ended && scan.ends_with_document() => self.buffer.len() - self.at,
            None if self.ended => {
                // the item itself is read for the exact reason, which it must have
                let start = self.at;
                self.at = self.buffer.len();
                self.scan = None;
                self.stack.clear();
                self.expect = Expect::End;
                return Ok(Step::Item { start, end: self.at, listed: false, size });
            }
            None => return Ok(Step::Wait),
        };
        self.scan = None;
        let start = self.at;
        self.at += len;
        self.ended_value();
        let end = if size > self.limits.record_bytes { start } else { self.at };
        Ok(Step::Item { start, end, listed, size })
    }
}

/// What an item beyond the limit gets.
pub(super) fn too_long(most: usize) -> bus_core::Message {
    msg!("this record is longer than {most} bytes (limit `record_bytes`)", most = most)
}

/// Steps of the path that lead to the next value of `frame`, under `key` in an object.
fn below(path: &ItemPath, frame: &mut Frame, key: Option<&str>) -> Option<usize> {
    let index = frame.count;
    frame.count += 1;
    let matched = frame.matched?;
    let on = match (path.segments().get(matched)?, key) {
        (ItemSegment::Every, _) => true,
        (ItemSegment::Key(name), Some(key)) => name == key,
        (ItemSegment::Index(wanted), None) => *wanted == index && !frame.object,
        (ItemSegment::Key(_), None) | (ItemSegment::Index(_), Some(_)) => false,
    };
    on.then_some(matched + 1)
}
