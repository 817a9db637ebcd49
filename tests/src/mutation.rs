//! Golden inputs, damaged: however a document is broken and however its bytes come, a decoder gives the same
//! records and never breaks down; what it gave can be written.

use bus_core::{loss::LossReport, record::Batch};
use connectors::{
    contract::{Decoded, Limits, Rejected},
    formats::FormatChoice,
};

/// Repeatable chance (xorshift).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, hash) | 1)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % most.max(1)
    }
}

/// What parsers stumble over.
const ODD: &[&[u8]] = &[
    b"\"",
    b"'",
    b"<",
    b">",
    b"&",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b";",
    b":",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\\u",
    b"\\",
    b"#",
    b"@",
    b"^^",
    b"_:",
    b"<!--",
    b"]]>",
    b"<![CDATA[",
    b"&#0;",
    b"-",
    b"1e400",
    b"NaN",
    b"99999999999999999999",
    b"null",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b" ",
    b"=",
];

/// The document with some damage.
#[must_use]
pub fn damaged(input: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(24)).min(bytes.len());
        match chance.below(7) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => {
                let again = bytes.get(at..end).unwrap_or_default().to_vec();
                drop(bytes.splice(at..at, again));
            }
            3 => {
                let from = chance.below(bytes.len() + 1);
                let to = (from + chance.below(64)).min(bytes.len());
                let other = bytes.get(from..to).unwrap_or_default().to_vec();
                drop(bytes.splice(at..end, other));
            }
            4 => {
                let odd = u8::try_from(chance.below(256)).unwrap_or(0);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = odd;
                }
            }
            _ => {
                let odd = ODD.get(chance.below(ODD.len())).copied().unwrap_or_default();
                drop(bytes.splice(at..at, odd.iter().copied()));
            }
        }
    }
    bytes
}

/// Decodes a damaged document whole and in pieces, and writes what came of it.
///
/// # Errors
/// How the two ways differ.
pub fn survives(format: &FormatChoice, bytes: &[u8], step: usize) -> Result<(), String> {
    let Some((batches, rejected, ended)) = decode(format, bytes, bytes.len().max(1)) else { return Ok(()) };
    let records = |batches: &[Batch]| -> Vec<String> {
        batches.iter().flat_map(|batch| batch.records().map(|record| format!("{record:?}"))).collect()
    };
    let whole = (records(&batches), rejected, ended);
    let cut =
        decode(format, bytes, step).map(|(batches, rejected, ended)| (records(&batches), rejected, ended));
    if cut.as_ref() != Some(&whole) {
        return Err(format!("whole: {whole:?}\nin pieces of {step}: {cut:?}"));
    }
    let Some(mut encoder) = format.encoder() else { return Ok(()) };
    let (mut out, mut losses) = (Vec::new(), LossReport::default());
    for batch in &batches {
        if encoder.encode(batch, &mut out, &mut losses).is_err() {
            return Ok(());
        }
    }
    // what cannot be written says so; it must not break down
    drop(encoder.finish(&mut out, &mut losses));
    Ok(())
}

type Outcome = (Vec<Batch>, Vec<Rejected>, Result<(), String>);

fn decode(format: &FormatChoice, bytes: &[u8], step: usize) -> Option<Outcome> {
    let limits = Limits { record_bytes: 1 << 16, document_bytes: 1 << 20, ..Limits::default() };
    let mut decoder = format.decoder(&limits)?;
    let mut out = Decoded::default();
    let pushed = bytes.chunks(step).try_for_each(|part| decoder.push(part, &mut out));
    let ended = pushed.and_then(|()| decoder.finish(&mut out));
    out.cut();
    let mut batches = Vec::new();
    while let Some(batch) = out.next_batch() {
        batches.push(batch);
    }
    Some((batches, out.take_rejected(), ended.map_err(|error| error.to_string())))
}
