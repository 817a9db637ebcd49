//! Text in whatever encoding it comes, as UTF-8.

use bus_core::loss::{Loss, LossReport};
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use schemars::JsonSchema;
use serde::Deserialize;

/// # Encoding
///
/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Found out from the first bytes when reading; UTF-8 when writing
    #[default]
    Guess,
    /// UTF-8
    Utf8,
    /// UTF-16, little end first
    Utf16Le,
    /// UTF-16, big end first
    Utf16Be,
    /// Windows-1252, the usual one of French Windows programs
    Windows1252,
    /// Latin-1 (ISO 8859-1)
    Latin1,
}

/// Turns bytes of any encoding into UTF-8, however they are cut.
///
/// With [`Encoding::Guess`] a byte order mark decides, then the zero bytes of UTF-16; otherwise the text
/// is taken for UTF-8 until a byte says it is not: then it is Windows-1252 if only ASCII came before.
/// What is no valid text becomes U+FFFD and is noted (see [`Transcoder::take_damage`]).
#[derive(Debug)]
pub struct Transcoder {
    state: State,
    guessed: bool,
    /// First bytes, until the encoding is known; later the start of a character whose rest has not come.
    held: Vec<u8>,
    damage: Vec<usize>,
    ascii_only: bool,
}

enum State {
    /// Waiting for enough bytes.
    Sniffing,
    Utf8,
    Latin1,
    Other(Box<Decoder>),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sniffing => "Sniffing",
            Self::Utf8 => "Utf8",
            Self::Latin1 => "Latin1",
            Self::Other(_) => "Other",
        })
    }
}

/// So many bytes show the zero bytes of UTF-16 well enough.
const SNIFFED: usize = 64;

impl Transcoder {
    /// A transcoder for a known encoding or a guessed one.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        let state = match encoding {
            Encoding::Guess | Encoding::Utf8 => State::Sniffing,
            // a mark at the start is skipped in these too
            Encoding::Utf16Le => State::Other(Box::new(UTF_16LE.new_decoder_with_bom_removal())),
            Encoding::Utf16Be => State::Other(Box::new(UTF_16BE.new_decoder_with_bom_removal())),
            Encoding::Windows1252 => State::Other(Box::new(WINDOWS_1252.new_decoder_without_bom_handling())),
            Encoding::Latin1 => State::Latin1,
        };
        let guessed = encoding == Encoding::Guess;
        Self { state, guessed, held: Vec::new(), damage: Vec::new(), ascii_only: true }
    }

    /// A transcoder for text that is known to be UTF-8, from somewhere inside it on.
    #[must_use]
    pub const fn inside_utf8() -> Self {
        Self { state: State::Utf8, guessed: false, held: Vec::new(), damage: Vec::new(), ascii_only: false }
    }

    /// Appends the next bytes, as UTF-8, to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) {
        if matches!(self.state, State::Sniffing) {
            self.held.extend_from_slice(bytes);
            if self.held.len() >= SNIFFED {
                self.begin(out);
            }
            return;
        }
        self.go_on(bytes, out, false);
    }

    /// Appends what the end of the text leaves.
    pub fn finish(&mut self, out: &mut String) {
        if matches!(self.state, State::Sniffing) {
            self.begin(out);
        }
        self.go_on(&[], out, true);
    }

    /// Where in the output (bytes since the last call cleared it, counted in the `out` of that push) a
    /// U+FFFD stands for bytes that are no text.
    pub fn take_damage(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.damage)
    }

    /// The name of the encoding, once it is known.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match &self.state {
            State::Sniffing => None,
            State::Utf8 => Some("UTF-8"),
            State::Latin1 => Some("ISO-8859-1"),
            State::Other(decoder) => Some(decoder.encoding().name()),
        }
    }

    fn begin(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        let mut text = held.as_slice();
        // the same bytes decide, however many came at once
        if let Some(rest) = text.strip_prefix(b"\xEF\xBB\xBF") {
            text = rest;
            // the mark says it is UTF-8, so a bad byte is damage
            self.guessed = false;
        }
        let utf16 = if self.guessed { utf16(text.get(..SNIFFED).unwrap_or(text)) } else { None };
        self.state = match utf16 {
            Some(encoding) => State::Other(Box::new(encoding.new_decoder_with_bom_removal())),
            None => State::Utf8,
        };
        self.go_on(text, out, false);
    }

    fn go_on(&mut self, bytes: &[u8], out: &mut String, last: bool) {
        match &mut self.state {
            State::Sniffing => {}
            State::Utf8 => self.utf8(bytes, out, last),
            State::Latin1 => out.extend(bytes.iter().map(|byte| char::from(*byte))),
            State::Other(decoder) => decode(decoder, bytes, out, last, &mut self.damage),
        }
    }

    fn utf8(&mut self, bytes: &[u8], out: &mut String, last: bool) {
        if self.held.is_empty() {
            return self.utf8_run(bytes, out, last);
        }
        let mut joined = std::mem::take(&mut self.held);
        joined.extend_from_slice(bytes);
        self.utf8_run(&joined, out, last);
    }

    fn utf8_run(&mut self, mut bytes: &[u8], out: &mut String, last: bool) {
        loop {
            let error = match str::from_utf8(bytes) {
                Ok(text) => {
                    self.ascii_only = self.ascii_only && self.guessed && text.is_ascii();
                    return out.push_str(text);
                }
                Err(error) => error,
            };
            let (good, rest) = bytes.split_at(error.valid_up_to());
            if let Ok(text) = str::from_utf8(good) {
                self.ascii_only = self.ascii_only && self.guessed && text.is_ascii();
                out.push_str(text);
            }
            if error.error_len().is_none() && !last {
                self.held = rest.to_vec();
                return;
            }
            if self.guessed && self.ascii_only {
                let mut decoder = Box::new(WINDOWS_1252.new_decoder_without_bom_handling());
                decode(&mut decoder, rest, out, last, &mut self.damage);
                self.state = State::Other(decoder);
                return;
            }
            self.damage.push(out.len());
            out.push('\u{FFFD}');
            bytes = rest.get(error.error_len().unwrap_or(rest.len())..).unwrap_or_default();
        }
    }
}

/// Turns UTF-8 that was written into another encoding.
#[derive(Debug)]
pub struct Recoder {
    encoding: Encoding,
    mark: bool,
}

impl Recoder {
    /// A recoder; `mark` asks for a byte order mark at the start. A guess is UTF-8.
    #[must_use]
    pub const fn new(encoding: Encoding, mark: bool) -> Self {
        Self { encoding, mark }
    }

    /// Notes where the text begins that [`Self::end`] will turn.
    pub fn begin(&mut self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        if std::mem::take(&mut self.mark)
            && !matches!(self.encoding, Encoding::Windows1252 | Encoding::Latin1)
        {
            out.extend_from_slice("\u{FEFF}".as_bytes());
        }
        start
    }

    /// Turns what was written since `start`; characters the encoding lacks become `?`.
    pub fn end(&self, start: usize, out: &mut Vec<u8>, losses: &mut LossReport) {
        let turn: fn(char, &mut Vec<u8>) -> bool = match self.encoding {
            Encoding::Guess | Encoding::Utf8 => return,
            Encoding::Utf16Le => |letter, out| push_units(letter, u16::to_le_bytes, out),
            Encoding::Utf16Be => |letter, out| push_units(letter, u16::to_be_bytes, out),
            Encoding::Windows1252 => push_windows,
            Encoding::Latin1 => |letter, out| u8::try_from(letter).map(|byte| out.push(byte)).is_ok(),
        };
        let text = String::from_utf8_lossy(out.get(start..).unwrap_or_default()).into_owned();
        out.truncate(start);
        let mut lost = 0;
        for letter in text.chars() {
            if !turn(letter, out) {
                out.push(b'?');
                lost += 1;
            }
        }
        if lost > 0 {
            losses.add("", Loss::Approximated, "a character that the encoding lacks is written as ?", lost);
        }
    }
}

fn push_units(letter: char, bytes: fn(u16) -> [u8; 2], out: &mut Vec<u8>) -> bool {
    letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.extend_from_slice(&bytes(*unit)));
    true
}

fn push_windows(letter: char, out: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, lacking) = WINDOWS_1252.encode(letter.encode_utf8(&mut buffer));
    if !lacking {
        out.extend_from_slice(&bytes);
    }
    !lacking
}

fn decode(decoder: &mut Decoder, mut bytes: &[u8], out: &mut String, last: bool, damage: &mut Vec<usize>) {
    loop {
        let space = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        out.reserve(space.unwrap_or(bytes.len() * 3 + 16));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, last);
        bytes = bytes.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            // a U+FFFD that stands in the text itself is no damage
            DecoderResult::Malformed(..) => {
                damage.push(out.len());
                out.push('\u{FFFD}');
            }
        }
    }
}

/// UTF-16, by its mark or by the zero bytes that ASCII letters have in it.
fn utf16(text: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match text {
        [0xFF, 0xFE, ..] => return Some(UTF_16LE),
        [0xFE, 0xFF, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let zeros = |first: usize| text.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let half = text.len() / 2;
    if half == 0 {
        None
    } else if odd * 10 >= half * 7 && even * 10 < half {
        Some(UTF_16LE)
    } else if even * 10 >= half * 7 && odd * 10 < half {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoding: Encoding, bytes: &[u8], cut: usize) -> (String, usize) {
        let mut transcoder = Transcoder::new(encoding);
        let mut out = String::new();
        for piece in bytes.chunks(cut) {
            transcoder.push(piece, &mut out);
        }
        transcoder.finish(&mut out);
        let damage = transcoder.take_damage();
        assert!(
            damage.iter().all(|place| out.get(*place..).is_some_and(|rest| rest.starts_with('\u{FFFD}')))
        );
        (out, damage.len())
    }

    #[test]
    fn guesses_the_encoding_however_cut() {
        let text = "Orléans;œuvre;12,5 €\n";
        let utf16 =
            |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
        let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        let (windows, _, _) = WINDOWS_1252.encode(text);
        for bytes in [
            text.as_bytes().to_vec(),
            marked,
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            [vec![0xFF, 0xFE], utf16(u16::to_le_bytes)].concat(),
            windows.to_vec(),
        ] {
            for cut in [1, 2, 3, 7, 1000] {
                assert_eq!(read(Encoding::Guess, &bytes, cut), (text.to_owned(), 0), "{bytes:?} {cut}");
            }
        }
    }

    #[test]
    fn notes_what_is_no_text() {
        for cut in [1, 2, 100] {
            // a replacement character of the text itself, then half a pair
            let units: Vec<u8> = [0xFFFD, 0xD800, 0x61].into_iter().flat_map(u16::to_le_bytes).collect();
            assert_eq!(read(Encoding::Utf16Le, &units, cut), ("\u{FFFD}\u{FFFD}a".to_owned(), 1), "{cut}");
            assert_eq!(read(Encoding::Utf8, b"a\xFFb\xC3", cut), ("a\u{FFFD}b\u{FFFD}".to_owned(), 2));
            assert_eq!(read(Encoding::Guess, "é\u{FFFD}".as_bytes(), cut).1, 0);
            assert_eq!(read(Encoding::Guess, b"\xC3\xA9 \xFF", cut), ("é \u{FFFD}".to_owned(), 1));
            assert_eq!(read(Encoding::Latin1, b"\xE9\x80", cut).0, "é\u{80}");
        }
    }
}
