//! Text and names as XML writes them.

use super::chars::{continues_name, is_char, is_plain_name, starts_name};

/// Appends `text` as character data; whether all of it could be written: characters that XML does not
/// allow become U+FFFD.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) -> bool {
    write(text, false, out)
}

/// Appends `text` as the value of an attribute in double quotes, without the quotes.
pub(crate) fn write_attribute(text: &str, out: &mut Vec<u8>) -> bool {
    write(text, true, out)
}

/// Bytes that may need care; 0xEF begins U+FFFE and U+FFFF.
const CARE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'&' as usize] = true;
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'"' as usize] = true;
    table[0xEF] = true;
    table
};

fn write(text: &str, attribute: bool, out: &mut Vec<u8>) -> bool {
    if !text.bytes().any(|byte| CARE.get(byte as usize).copied().unwrap_or(true)) {
        out.extend_from_slice(text.as_bytes());
        return true;
    }
    let mut whole = true;
    let mut buffer = [0; 4];
    for letter in text.chars() {
        let written: &[u8] = match letter {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            '"' if attribute => b"&quot;",
            '\r' => b"&#13;",
            '\n' if attribute => b"&#10;",
            '\t' if attribute => b"&#9;",
            letter if is_char(letter, false) => letter.encode_utf8(&mut buffer).as_bytes(),
            _ => {
                whole = false;
                "\u{FFFD}".as_bytes()
            }
        };
        out.extend_from_slice(written);
    }
    whole
}

/// The name nearest to `text` that XML allows, with at most one colon.
pub(crate) fn name_near(text: &str) -> String {
    if let Some((prefix, local)) = text.split_once(':')
        && is_plain_name(prefix)
        && is_plain_name(local)
    {
        return text.to_owned();
    }
    let mut name = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        let plain = letter != ':' && continues_name(letter);
        if name.is_empty() && !(letter != ':' && starts_name(letter)) {
            name.push('_');
            if !plain {
                continue;
            }
        }
        name.push(if plain { letter } else { '_' });
    }
    if name.is_empty() {
        name.push('_');
    }
    name
}
