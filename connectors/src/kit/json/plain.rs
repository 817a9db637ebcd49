//! The bytes that stand for themselves in a JSON string, found eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes from the start of `bytes` are neither `"` nor `\` nor a control character.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut count = 0;
    for word in words {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return count + (found.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    count + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// Whether a byte must be escaped in a JSON string.
pub(super) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// A word whose lowest set bit is in the first special byte; bits above it mean nothing.
const fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5C);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte() {
        for special in [0_u8, 9, 10, 0x1F, b'"', b'\\'] {
            for place in 0..20 {
                let mut text = "éabcdefghi jklmnopqrs\u{7f}tuvwxyz~!#[]".as_bytes().to_vec();
                assert_eq!(plain_prefix(&text), text.len());
                if let Some(byte) = text.get_mut(place) {
                    *byte = special;
                }
                assert_eq!(plain_prefix(&text), place);
            }
        }
    }
}
