use super::{Nodes, scan::Syntax, terse::Reader, terse_text::Trouble};
use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::msg;

/// Reads Turtle and TriG.
///
/// Bytes are kept until they hold whole statements: a dot and white space outside of IRIs, strings and
/// comments always ends one. The rest is grammar on a text in memory.
pub(crate) struct Turtle {
    reader: Reader,
    nodes: Nodes,
    buffer: Vec<u8>,
    cutter: Cutter,
    place: Place,
    most: usize,
}

/// Where the buffer starts in the document, from 0.
#[derive(Debug, Default)]
struct Place {
    line: u64,
    column: u64,
}

impl Turtle {
    /// A reader; `graphs` for TriG.
    pub(crate) fn new(graphs: bool, base: super::Base, nodes: Nodes, limits: &Limits) -> Self {
        Self {
            reader: Reader::new(graphs, base),
            nodes,
            buffer: Vec::new(),
            cutter: Cutter::default(),
            place: Place::default(),
            most: limits.record_bytes,
        }
    }

    /// Reads the first `end` bytes of the buffer, which are whole statements.
    fn read(&mut self, end: usize, last: bool, out: &mut Decoded) -> Result<(), FormatError> {
        let buffer = std::mem::take(&mut self.buffer);
        let bytes = buffer.get(..end).unwrap_or_default();
        let done = match std::str::from_utf8(bytes) {
            Ok(text) => self.statements(text, last, out),
            Err(error) => self.up_to(bytes.get(..error.valid_up_to()).unwrap_or_default(), out),
        };
        self.buffer = buffer;
        done
    }

    /// Reads the whole statements of `good`, behind which something stands that is no text.
    fn up_to(&mut self, good: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let good = std::str::from_utf8(good).unwrap_or_default();
        let end = Cutter::default().scan(good.as_bytes()).unwrap_or(0);
        let (whole, rest) = good.split_at(end);
        self.statements(whole, false, out)?;
        let (line, column) = self.place.of(rest);
        Err(FormatError::at(line, column, msg!("this is not UTF-8 text")))
    }

    fn statements(&mut self, text: &str, last: bool, out: &mut Decoded) -> Result<(), FormatError> {
        let done = self.reader.read(text, last, &mut self.nodes, out);
        done.map_err(|trouble| match trouble {
            Trouble::Syntax(Syntax { at, message }) => {
                let (line, column) = self.place.of(text.get(..at).unwrap_or(text));
                FormatError::at(line, column, message)
            }
            Trouble::Format(at, error) => {
                let (line, column) = self.place.of(text.get(..at).unwrap_or(text));
                FormatError::at(line, column, error.message)
            }
        })?;
        self.place.pass(text);
        Ok(())
    }
}

impl Place {
    /// Line and column, from 1, of the end of `before`, which starts here.
    fn of(&self, before: &str) -> (u64, u64) {
        match before.rsplit_once('\n') {
            None => (self.line + 1, self.column + before.chars().count() as u64 + 1),
            Some((lines, line)) => {
                let breaks = memchr::memchr_iter(b'\n', lines.as_bytes()).count() as u64 + 1;
                (self.line + breaks + 1, line.chars().count() as u64 + 1)
            }
        }
    }

    fn pass(&mut self, text: &str) {
        let (line, column) = self.of(text);
        (self.line, self.column) = (line - 1, column - 1);
    }
}

impl Decoder for Turtle {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.buffer.extend_from_slice(bytes);
        if let Some(end) = self.cutter.scan(&self.buffer) {
            self.read(end, false, out)?;
            self.buffer.drain(..end);
            self.cutter.forget(end);
        }
        if self.buffer.len() > self.most {
            let (line, column) = self.place.of("");
            let message =
                msg!("a statement longer than {limit} bytes (limit `record_bytes`)", limit = self.most);
            return Err(FormatError::at(line, column, message));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.read(self.buffer.len(), true, out)?;
        self.buffer.clear();
        self.nodes.finish(out)
    }
}

/// Finds where the text may be cut between statements; goes on where it stopped.
#[derive(Debug, Default)]
struct Cutter {
    state: State,
    scanned: usize,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Plain,
    Iri,
    Short(u8),
    Long(u8),
    Comment,
}

impl Cutter {
    /// The end of the last whole statement in `buffer`.
    fn scan(&mut self, buffer: &[u8]) -> Option<usize> {
        let mut cut = None;
        loop {
            let rest = buffer.get(self.scanned..).unwrap_or_default();
            let step = match self.state {
                State::Plain => plain(rest),
                State::Iri => memchr::memchr2(b'>', b'\n', rest).map(|at| (at + 1, State::Plain, false)),
                State::Comment => memchr::memchr2(b'\n', b'\r', rest).map(|at| (at + 1, State::Plain, false)),
                State::Short(quote) => short(rest, quote),
                State::Long(quote) => long(rest, quote),
            };
            match step {
                Some((passed, state, end)) => {
                    self.scanned += passed;
                    self.state = state;
                    if end {
                        cut = Some(self.scanned);
                    }
                }
                None => {
                    // inside these, nothing before the last two bytes needs a second look
                    if !matches!(self.state, State::Plain) {
                        self.scanned = self.scanned.max(buffer.len().saturating_sub(2));
                    }
                    return cut;
                }
            }
        }
    }

    const fn forget(&mut self, bytes: usize) {
        self.scanned = self.scanned.saturating_sub(bytes);
    }
}

/// How many bytes were passed, what comes then, and whether a statement has ended there.
type Passed = Option<(usize, State, bool)>;

fn plain(rest: &[u8]) -> Passed {
    let special = |byte: &u8| matches!(byte, b'<' | b'"' | b'\'' | b'#' | b'.' | b'\\' | b'}');
    let Some(at) = rest.iter().position(special) else {
        return if rest.is_empty() { None } else { Some((rest.len(), State::Plain, false)) };
    };
    let next = rest.get(at + 1);
    let found = match rest.get(at)? {
        b'<' => (at + 1, State::Iri, false),
        b'#' => (at + 1, State::Comment, false),
        b'}' => (at + 1, State::Plain, true),
        b'.' => (at + 1, State::Plain, matches!(next?, b' ' | b'\n' | b'\r' | b'\t')),
        b'\\' => {
            next?;
            (at + 2, State::Plain, false)
        }
        quote => match (next? == quote, rest.get(at + 2)? == quote) {
            (true, true) => (at + 3, State::Long(*quote), false),
            (true, false) => (at + 2, State::Plain, false),
            (false, _) => (at + 1, State::Short(*quote), false),
        },
    };
    Some(found)
}

fn short(rest: &[u8], quote: u8) -> Passed {
    let at = memchr::memchr3(quote, b'\\', b'\n', rest)?;
    if rest.get(at) == Some(&b'\\') {
        rest.get(at + 1)?;
        return Some((at + 2, State::Short(quote), false));
    }
    Some((at + 1, State::Plain, false))
}

fn long(rest: &[u8], quote: u8) -> Passed {
    let at = memchr::memchr2(quote, b'\\', rest)?;
    if rest.get(at) == Some(&b'\\') {
        rest.get(at + 1)?;
        return Some((at + 2, State::Long(quote), false));
    }
    let closes = *rest.get(at + 1)? == quote && *rest.get(at + 2)? == quote;
    Some(if closes { (at + 3, State::Plain, false) } else { (at + 1, State::Long(quote), false) })
}
