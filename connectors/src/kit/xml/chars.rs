//! Which characters XML allows where: <https://www.w3.org/TR/xml/#charsets>.

/// Whether the character may stand in a document of XML 1.0 (or 1.1, literally).
pub(super) const fn is_char(letter: char, eleven: bool) -> bool {
    match letter {
        '\t' | '\n' | '\r' => true,
        '\u{85}' => true,
        '\u{7F}'..='\u{9F}' => !eleven,
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

/// Whether `&#…;` may stand for the character: XML 1.1 allows controls that way.
pub(super) const fn may_be_referred(letter: char, eleven: bool) -> bool {
    match letter {
        '\0' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => eleven || is_char(letter, false),
    }
}

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether there is nothing but white space.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

pub(crate) const fn starts_name(letter: char) -> bool {
    matches!(letter,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

pub(crate) const fn continues_name(letter: char) -> bool {
    starts_name(letter)
        || matches!(letter,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Bytes that may be part of a name; those from 0x80 on are looked at again as characters.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte >= 0x80 || continues_name(byte as char);
        if byte == 255 {
            break;
        }
        byte += 1;
    }
    table
};

/// How many bytes at the start of `bytes` look like a name; [`is_name`] decides.
pub(super) fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !NAME.get(*byte as usize).copied().unwrap_or(false)).unwrap_or(bytes.len())
}

/// Whether the text is a name (of which [`name_length`] has seen every byte).
pub(super) fn is_name(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'A'..=b'Z' | b'a'..=b'z' | b'_') if text.is_ascii() => true,
        _ => {
            let mut letters = text.chars();
            letters.next().is_some_and(starts_name) && letters.all(continues_name)
        }
    }
}

/// Whether the text is a name without colon, as prefixes and local names are.
pub(crate) fn is_plain_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|letter| letter != ':' && starts_name(letter))
        && letters.all(|letter| letter != ':' && continues_name(letter))
}

/// Where the first character stands that XML does not allow.
pub(super) fn first_illegal(text: &str, eleven: bool) -> Option<usize> {
    if eleven {
        return text.char_indices().find(|(_, letter)| !is_char(*letter, true)).map(|(at, _)| at);
    }
    let bytes = text.as_bytes();
    let mut start = 0;
    for chunk in bytes.chunks(256) {
        // plain arithmetic without early exit, which the compiler turns into SIMD
        let odd = chunk.iter().fold(0_u8, |odd, byte| {
            odd | u8::from(*byte < 0x20 && *byte != b'\n' && *byte != b'\t' && *byte != b'\r')
                | u8::from(*byte == 0xEF)
        });
        if odd != 0 {
            let found = chunk.iter().zip(start..).find(|(byte, at)| match byte {
                b'\t' | b'\n' | b'\r' => false,
                0..0x20 => true,
                0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
                _ => false,
            });
            if let Some((_, at)) = found {
                return Some(at);
            }
        }
        start += chunk.len();
    }
    None
}
