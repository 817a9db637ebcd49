//! Where a document can be cut so that each part begins with a record.

use crate::contract::Inside;
use std::{
    io::{self, ErrorKind, Read},
    str,
};
use tokio_util::sync::CancellationToken;

/// Bytes looked at together.
const BLOCK: usize = 1 << 20;
/// So many bytes behind a quote say what it is.
const AHEAD: usize = 2;

/// A place between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The byte the second one starts at.
    pub(crate) at: u64,
    /// The line that stands in (from 1).
    pub(crate) line: u64,
}

/// Reads a document from its first record on, and finds for each of `wanted` (bytes, ascending) the first
/// place at or behind it where a record ends.
///
/// `None` if it must not be cut: its quotes make no sense, a record is longer than `record_bytes`, or nobody
/// wants to know any more. Quotes are seen exactly as the reader of tables sees them, and where that would refuse
/// a row this refuses the document. That a table has to be UTF-8 throughout is for [`is_utf8`] to see.
pub(crate) fn cuts(
    mut source: impl Read,
    inside: Inside,
    wanted: &[u64],
    (record_bytes, cancel): (usize, &CancellationToken),
) -> io::Result<Option<Vec<Cut>>> {
    let mut search = Search {
        inside,
        wanted,
        record_bytes: record_bytes as u64,
        found: Vec::new(),
        line: inside.line,
        record: inside.first,
        at: inside.first,
        before: inside.newline,
        quoted: false,
    };
    let (mut text, mut done) = (Vec::new(), 0);
    loop {
        let last = more(&mut source, &mut text)?;
        let (Some(passed), false) = (search.block(&text, done, last), cancel.is_cancelled()) else {
            return Ok(None);
        };
        if last || (search.wanted.is_empty() && inside.quoting.is_none()) {
            return Ok(Some(search.found));
        }
        let behind = passed.min(text.len());
        search.leave(&text, behind);
        text.drain(..behind);
        done = passed - behind;
    }
}

/// Whether all of it is UTF-8: what is not has another encoding, which only its whole tells.
pub(crate) fn is_utf8(mut source: impl Read, cancel: &CancellationToken) -> io::Result<bool> {
    let mut text = Vec::new();
    loop {
        let last = more(&mut source, &mut text)?;
        let Some(valid) = utf8(&text, last).filter(|_| !cancel.is_cancelled()) else { return Ok(false) };
        if last {
            return Ok(true);
        }
        text.drain(..valid);
    }
}

/// Adds the next block to the text at hand; whether it was the last.
fn more(source: &mut impl Read, text: &mut Vec<u8>) -> io::Result<bool> {
    let held = text.len();
    text.resize(held + BLOCK, 0);
    let read = fill(source, text.get_mut(held..).unwrap_or_default())?;
    text.truncate(held + read);
    Ok(read < BLOCK)
}

fn fill(source: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = room.get_mut(filled..).filter(|free| !free.is_empty()) {
        match source.read(free) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// How much of it is UTF-8, but for a character whose end has not come; `None` if it is not.
fn utf8(text: &[u8], last: bool) -> Option<usize> {
    match str::from_utf8(text) {
        Ok(_) => Some(text.len()),
        Err(error) if error.error_len().is_none() && !last => Some(error.valid_up_to()),
        Err(_) => None,
    }
}

struct Search<'a> {
    inside: Inside,
    wanted: &'a [u64],
    record_bytes: u64,
    found: Vec<Cut>,
    line: u64,
    /// Where the record at hand starts.
    record: u64,
    /// Where the text at hand starts, and the byte before that.
    at: u64,
    before: u8,
    quoted: bool,
}

impl Search<'_> {
    /// Looks at the text from `from` on; how far it came, or `None` if the document must not be cut.
    fn block(&mut self, text: &[u8], from: usize, last: bool) -> Option<usize> {
        let to = if last { text.len() } else { text.len().saturating_sub(AHEAD).max(from) };
        match self.inside.quoting {
            Some((delimiter, quote))
                if self.quoted || memchr::memchr(quote, text.get(from..to)?).is_some() =>
            {
                self.quotes(text, (from, to), (delimiter, quote))
            }
            _ => {
                self.lines(text, from, to);
                Some(to)
            }
        }
    }

    /// Text without quotes: every line ends a record.
    fn lines(&mut self, text: &[u8], mut from: usize, to: usize) {
        let newline = self.inside.newline;
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        while let Some(wanted) = self.wanted.first() {
            let start = usize::try_from(wanted.saturating_sub(self.at + 1)).unwrap_or(usize::MAX).max(from);
            let Some(len) = memchr::memchr(newline, part(start, to)) else { break };
            let end = start + len + 1;
            self.line += memchr::memchr_iter(newline, part(from, end)).count() as u64;
            self.cut(end);
            from = end;
        }
        self.line += memchr::memchr_iter(newline, part(from, to)).count() as u64;
        if let Some(place) = memchr::memrchr(newline, part(from, to)) {
            self.record = self.at + (from + place) as u64 + 1;
        }
    }

    fn quotes(
        &mut self,
        text: &[u8],
        (mut from, to): (usize, usize),
        (delimiter, quote): (u8, u8),
    ) -> Option<usize> {
        let newline = self.inside.newline;
        while let Some(len) = memchr::memchr2(quote, newline, text.get(from..to).unwrap_or_default()) {
            let place = from + len;
            from = place + 1;
            if text.get(place) == Some(&newline) {
                self.line += 1;
                if self.quoted {
                    continue;
                }
                let end = self.at + from as u64;
                if end - self.record > self.record_bytes {
                    return None;
                }
                self.record = end;
                if self.wanted.first().is_some_and(|wanted| *wanted <= end) {
                    self.cut(from);
                }
            } else if !self.quoted {
                let before = place.checked_sub(1).and_then(|place| text.get(place)).unwrap_or(&self.before);
                self.quoted = *before == delimiter || *before == newline;
            } else {
                match (text.get(place + 1), text.get(place + 2)) {
                    (Some(next), _) if *next == quote => from += 1,
                    (Some(next), _) if *next == delimiter || *next == newline => self.quoted = false,
                    (Some(b'\r'), Some(next)) if *next == newline => self.quoted = false,
                    (None, _) | (Some(b'\r'), None) => self.quoted = false,
                    _ => return None,
                }
            }
        }
        Some(from.max(to))
    }

    /// Cuts behind the record that ends at `end` in the text at hand.
    fn cut(&mut self, end: usize) {
        let at = self.at + end as u64;
        self.record = at;
        self.found.push(Cut { at, line: self.line });
        let behind = self.wanted.iter().take_while(|wanted| **wanted <= at).count();
        self.wanted = self.wanted.get(behind..).unwrap_or_default();
    }

    /// Lets the first bytes of the text go.
    fn leave(&mut self, text: &[u8], len: usize) {
        self.at += len as u64;
        if let Some(before) = len.checked_sub(1).and_then(|place| text.get(place)) {
            self.before = *before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Inside = Inside { first: 4, line: 2, newline: b'\n', quoting: Some((b',', b'"')), head: 4 };

    fn found(text: &str, inside: Inside) -> Option<Vec<(u64, u64)>> {
        let wanted: Vec<u64> = (inside.first + 1..text.len() as u64).collect();
        let rest = &text.as_bytes()[usize::try_from(inside.first).unwrap()..];
        let cuts = cuts(rest, inside, &wanted, (1_000, &CancellationToken::new())).unwrap();
        Some(cuts?.into_iter().map(|cut| (cut.at, cut.line)).collect())
    }

    #[test]
    fn lines_in_quotes_end_no_record() {
        assert_eq!(found("a,b\n1,2\n3,4\n5,6", TABLE), Some(vec![(8, 3), (12, 4)]));
        assert_eq!(found("a,b\n\"1\n,\"\"\n\",2\n3,4\n", TABLE), Some(vec![(15, 5), (19, 6)]));
        assert_eq!(found("a,b\n1,5\" x\n3,4\n", TABLE), Some(vec![(11, 3), (15, 4)]), "a quote inside text");
        assert_eq!(
            found("a,b\r\n\"x\"\r\n1,2\r\n", Inside { first: 5, ..TABLE }),
            Some(vec![(10, 3), (15, 4)])
        );
    }

    #[test]
    fn what_makes_no_sense_is_not_cut() {
        assert_eq!(found("a,b\n\"1\" x,2\n3,4\n", TABLE), None);
        let long = format!("a,b\n\"{}\n\",2\n", "x".repeat(1_000));
        assert_eq!(found(&long, TABLE), None);
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(cuts(&b"1\n2\n"[..], TABLE, &[5], (1_000, &cancel)).unwrap(), None);
    }

    #[test]
    fn what_is_not_utf8_is_seen_wherever_it_is() {
        let seen = |text: &[u8]| is_utf8(text, &CancellationToken::new()).unwrap();
        let row = "1,é\n".repeat(BLOCK / 5 + 1);
        assert!(seen(row.as_bytes()), "a character across two blocks");
        assert!(seen(b""));
        assert!(!seen(b"a,b\n1,\xE9\n2,3\n"));
        assert!(!seen(&row.as_bytes()[..row.len() - 2]), "a character without its end");
        assert!(!seen(&[row.as_bytes(), b"\xE9\n"].concat()));
    }

    #[test]
    fn blocks_make_no_difference() {
        let row = "\"é\n\"\"\",12345678901234567\nplain,1\n";
        let text = row.repeat(3 * BLOCK / row.len());
        let inside = Inside { first: 0, line: 1, ..TABLE };
        let wanted: Vec<u64> = (1..60).map(|n| n * (text.len() as u64) / 60).collect();
        let cuts =
            cuts(text.as_bytes(), inside, &wanted, (1_000, &CancellationToken::new())).unwrap().unwrap();
        assert_eq!(cuts.len(), wanted.len());
        for (cut, wanted) in cuts.iter().zip(wanted) {
            let before = text.get(..usize::try_from(cut.at).unwrap()).unwrap();
            assert!(cut.at >= wanted && cut.at < wanted + row.len() as u64);
            assert!(before.ends_with("plain,1\n") || before.ends_with("4567\n"));
            assert_eq!(cut.line, before.matches('\n').count() as u64 + 1);
        }
    }
}
