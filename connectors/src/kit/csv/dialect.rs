//! Finds out how a table is written from its first lines.

use super::{
    Header, Options,
    column::{Evidence, Rules},
    rows::{Dialect, Field, Row, Rows},
};

/// In this order: of two that fit alike the first is taken.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];
/// So many rows show how a table is divided.
const ROWS_LOOKED_AT: usize = 200;
/// So many show what its columns hold.
const ROWS_SAMPLED: usize = 2_000;

/// What divides the table; `whole` says that the sample is all of it.
pub(super) fn sniff(sample: &str, options: &Options, whole: bool) -> Dialect {
    let text = sample.as_bytes();
    let newline = if !text.contains(&b'\n') && text.contains(&b'\r') { b'\r' } else { b'\n' };
    let quote = options.quote.byte().unwrap_or_else(|| quote(sample, options));
    let of = |delimiter| Dialect { delimiter, quote, newline };
    if let Some(delimiter) = options.delimiter.byte() {
        return of(delimiter);
    }
    let scores = DELIMITERS.map(|delimiter| (score(text, of(delimiter), whole), delimiter));
    let best = scores.into_iter().rev().max_by(|(a, _), (b, _)| a.total_cmp(b));
    of(best.filter(|(score, _)| *score > 0.0).map_or(b',', |(_, delimiter)| delimiter))
}

/// Single quotes only where fields stand between them and none between double ones.
fn quote(sample: &str, options: &Options) -> u8 {
    let candidates: Vec<char> = match options.delimiter.byte() {
        Some(byte) => vec![char::from(byte)],
        None => DELIMITERS.map(char::from).to_vec(),
    };
    let around = |quote: char| {
        let fields = sample.lines().take(ROWS_LOOKED_AT).flat_map(|line| line.split(candidates.as_slice()));
        fields.filter(|field| field.len() > 1 && field.starts_with(quote) && field.ends_with(quote)).count()
    };
    if around('"') == 0 && around('\'') > 1 { b'\'' } else { b'"' }
}

/// How well a delimiter divides the text: 0 if it does not.
fn score(text: &[u8], dialect: Dialect, whole: bool) -> f64 {
    let counts: Vec<usize> =
        first_rows(text, dialect, whole).iter().take(ROWS_LOOKED_AT).map(Vec::len).collect();
    let Some(first) = counts.first().copied().filter(|count| *count > 1) else { return 0.0 };
    let same = counts.iter().filter(|count| **count == first).count();
    let share = as_float(same) / as_float(counts.len());
    share * share * as_float(first.min(20)).sqrt()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few rows")]
const fn as_float(count: usize) -> f64 {
    count as f64
}

/// The fields of the first complete rows.
pub(super) fn first_rows(text: &[u8], dialect: Dialect, whole: bool) -> Vec<Vec<Field>> {
    let mut rows = Rows::new(dialect);
    rows.load(text);
    let (mut found, mut fields, mut at) = (Vec::new(), Vec::new(), 0);
    while at < text.len() && found.len() < ROWS_SAMPLED {
        match rows.next(text, at, whole, &mut fields) {
            Row::Whole { next } => {
                at = next;
                if !is_blank(&fields) {
                    found.push(fields.clone());
                }
            }
            Row::Partial => break,
            Row::Wrong { .. } => match rows.skip_line(text, at, whole) {
                Some(next) => at = next,
                None => break,
            },
        }
    }
    found
}

/// A line without anything in it.
pub(super) fn is_blank(fields: &[Field]) -> bool {
    matches!(fields, [only] if !only.quoted && only.start == only.end)
}

/// Whether the first row holds names.
pub(super) fn has_header(text: &[u8], rows: &[Vec<Field>], options: &Options, rules: &Rules) -> bool {
    match options.header {
        Header::FirstRow => return true,
        Header::None => return false,
        Header::Guess => {}
    }
    let Some((first, rest)) = rows.split_first() else { return true };
    let mut votes = 0_i32;
    for (place, head) in first.iter().enumerate() {
        let head = text.get(head.start..head.end).unwrap_or_default();
        let (mut below, mut digits_first) = (Evidence::default(), !rest.is_empty());
        for field in rest.iter().filter_map(|row| row.get(place)) {
            let value = text.get(field.start..field.end).unwrap_or_default();
            digits_first &= value.first().is_some_and(u8::is_ascii_digit);
            below.add(value, field.quoted, rules);
        }
        let mut above = Evidence::default();
        above.add(head, false, rules);
        match (above.is_number(), below.is_number()) {
            (true, _) if is_year(head) => {}
            // a column that is called by the number of its meter
            (true, true) if above.has_codes() && !below.has_codes() => votes += 1,
            (true, _) => votes -= 1,
            (false, true) if !head.is_empty() => votes += 1,
            // a name over dates
            (false, false) if digits_first && !head.iter().any(u8::is_ascii_digit) => votes += 1,
            (false, _) => {}
        }
    }
    votes >= 0
}

/// A year may be the name of a column.
fn is_year(text: &[u8]) -> bool {
    text.len() == 4
        && (text.starts_with(b"19") || text.starts_with(b"20"))
        && text.iter().all(u8::is_ascii_digit)
}

/// How sure one can be that bytes are a table: 0 to 100.
pub(crate) fn looks_like_table(start: &[u8], delimiters: &[u8]) -> u8 {
    let start = start.get(..4_096).unwrap_or(start);
    if matches!(start.trim_ascii_start().first(), Some(b'{' | b'[' | b'<') | None) {
        return 0;
    }
    let text = String::from_utf8_lossy(start);
    let dialect = sniff(&text, &Options::default(), false);
    let rows = first_rows(text.as_bytes(), dialect, false);
    let width = rows.first().map_or(0, Vec::len);
    let even = rows.len() > 1 && rows.iter().all(|row| row.len() == width);
    if even && width > 1 && delimiters.contains(&dialect.delimiter) { 40 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_delimiter() {
        for (text, delimiter) in [
            ("a;b\n1,5;2,5\n", b';'),
            ("a,b\n\"x;y;z\",2\n", b','),
            ("a\tb,c\n1\t2,3\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("nom;adresse;ville\nX;12, rue A, bât. B;Gap\nY;1, place;Gap\n", b';'),
            ("only\none\n", b','),
        ] {
            assert_eq!(sniff(text, &Options::default(), true).delimiter, delimiter, "{text}");
        }
        assert_eq!(sniff("'a','b'\n'1','2'\n", &Options::default(), true).quote, b'\'');
        assert_eq!(sniff("a,b\r1,2\r", &Options::default(), true).newline, b'\r');
    }

    #[test]
    fn finds_the_header() {
        let options = Options::default();
        for (text, header) in [
            ("name,watt\na,1\nb,2\n", true),
            ("a,1\nb,2\nc,3\n", false),
            ("a,b\nc,d\n", true),
            ("commune,2019,2020\nGap,12,13\n", true),
            ("Horodate;30000000000001\n2026-06-01T12:00;0,4\n", true),
            ("only\n", true),
        ] {
            let dialect = sniff(text, &options, true);
            let rows = first_rows(text.as_bytes(), dialect, true);
            assert_eq!(has_header(text.as_bytes(), &rows, &options, &Rules::new(&options)), header, "{text}");
        }
    }
}
