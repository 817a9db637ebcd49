//! From bytes to text: byte order mark, guessed and declared encoding.

use bus_core::{Message, msg};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Decodes the bytes of a document, once its first bytes have told the encoding.
pub(super) struct Intake {
    head: Vec<u8>,
    chosen: Option<(encoding_rs::Decoder, bool)>,
}

/// The XML declaration must end within this many bytes.
const LONGEST_DECLARATION: usize = 1_024;

impl Intake {
    pub(super) const fn new() -> Self {
        Self { head: Vec::new(), chosen: None }
    }

    /// Appends the text of `bytes` to `out`; what was good before an error is in `out`.
    pub(super) fn decode(&mut self, bytes: &[u8], last: bool, out: &mut String) -> Result<(), Message> {
        if self.chosen.is_some() {
            return self.append(bytes, last, out);
        }
        self.head.extend_from_slice(bytes);
        let Some((encoding, mark)) = choose(&self.head, last)? else { return Ok(()) };
        let head = std::mem::take(&mut self.head);
        self.chosen = Some((encoding.new_decoder_without_bom_handling(), mark > 0));
        self.append(head.get(mark..).unwrap_or_default(), last, out)
    }

    /// Whether the declared `label` goes with the bytes read so far.
    pub(super) fn agrees(&self, label: &str) -> Result<(), Message> {
        let Some((decoder, marked)) = &self.chosen else { return Ok(()) };
        let Some(declared) = Encoding::for_label(label.as_bytes()) else { return Err(unknown(label)) };
        let actual = decoder.encoding();
        let wide = |encoding: &Encoding| encoding == UTF_16LE || encoding == UTF_16BE;
        if (wide(actual) && wide(declared)) || actual == declared {
            Ok(())
        } else if *marked || wide(actual) || wide(declared) {
            Err(msg!(
                "the document says it is {declared}, but its first bytes are {actual}",
                declared = label,
                actual = actual.name()
            ))
        } else {
            Ok(())
        }
    }

    fn append(&mut self, mut bytes: &[u8], last: bool, out: &mut String) -> Result<(), Message> {
        let Some((decoder, _)) = &mut self.chosen else { return Ok(()) };
        loop {
            let need = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
            out.reserve(need);
            let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, last);
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    return Err(msg!(
                        "bytes that are not {encoding}: declare the encoding the document really has",
                        encoding = decoder.encoding().name()
                    ));
                }
            }
        }
    }
}

fn unknown(label: &str) -> Message {
    msg!("the encoding `{label}` is not known: save the document as UTF-8", label = label)
}

/// The encoding and the length of the byte order mark; `None` while more bytes must tell.
fn choose(head: &[u8], last: bool) -> Result<Option<(&'static Encoding, usize)>, Message> {
    if head.len() < 4 && !last {
        return Ok(None);
    }
    Ok(Some(match head {
        [0xEF, 0xBB, 0xBF, ..] => (UTF_8, 3),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, b'<', ..] | [b'<', 0, 0, 0, ..] => {
            return Err(unknown("UTF-32"));
        }
        [0xFF, 0xFE, ..] => (UTF_16LE, 2),
        [0xFE, 0xFF, ..] => (UTF_16BE, 2),
        [b'<', 0, ..] => (UTF_16LE, 0),
        [0, b'<', ..] => (UTF_16BE, 0),
        [b'<', b'?', b'x', b'm', ..] => {
            let end = memchr::memchr(b'>', head);
            if end.is_none() && !last && head.len() < LONGEST_DECLARATION {
                return Ok(None);
            }
            let declaration = head.get(..end.unwrap_or_default()).unwrap_or_default();
            (declared(&String::from_utf8_lossy(declaration))?, 0)
        }
        _ => (UTF_8, 0),
    }))
}

/// The encoding that the text of an XML declaration names; its grammar is checked later.
fn declared(declaration: &str) -> Result<&'static Encoding, Message> {
    let value = declaration.split_once("encoding").map(|(_, rest)| rest.trim_start());
    let Some(quoted) = value.and_then(|rest| rest.strip_prefix('=')).map(str::trim_start) else {
        return Ok(UTF_8);
    };
    let label = quoted.split(['"', '\'']).nth(1).unwrap_or_default();
    let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| unknown(label))?;
    // bytes that read as ASCII are no UTF-16, whatever they say: `agrees` reports it
    Ok(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}
