//! Where delimiters, quotes and line ends stand, found eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;

/// Appends to `marks` where in `text[from..]` one of the three bytes stands.
pub(super) fn find(text: &[u8], from: usize, needles: [u8; 3], marks: &mut Vec<u32>) {
    let [a, b, c] = needles.map(|needle| ONES * u64::from(needle));
    let (words, rest) = text.get(from..).unwrap_or_default().as_chunks::<8>();
    let mut place = u32::try_from(from).unwrap_or(u32::MAX);
    for word in words {
        let word = u64::from_le_bytes(*word);
        let mut found = zero_bytes(word ^ a) | zero_bytes(word ^ b) | zero_bytes(word ^ c);
        while found != 0 {
            marks.push(place + found.trailing_zeros() / 8);
            found &= found - 1;
        }
        place += 8;
    }
    for (byte, place) in rest.iter().zip(place..) {
        if needles.contains(byte) {
            marks.push(place);
        }
    }
}

/// The high bit of each byte that is zero, exactly.
const fn zero_bytes(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

/// Whether one of four bytes stands in `text`.
pub(super) fn has_any(text: &[u8], needles: [u8; 4]) -> bool {
    let [a, b, c, d] = needles.map(|needle| ONES * u64::from(needle));
    let (words, rest) = text.as_chunks::<8>();
    words.iter().any(|word| {
        let word = u64::from_le_bytes(*word);
        zero_bytes(word ^ a) | zero_bytes(word ^ b) | zero_bytes(word ^ c) | zero_bytes(word ^ d) != 0
    }) || rest.iter().any(|byte| needles.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_one() {
        let text = b"a,b\x00\x2D\xAC\"\n,,\n\"x;,\xFF,12345678,\n";
        for from in 0..text.len() {
            let mut marks = Vec::new();
            find(text, from, *b",\"\n", &mut marks);
            let expected: Vec<u32> = (from..text.len())
                .filter(|place| b",\"\n".contains(&text[*place]))
                .map(|place| u32::try_from(place).unwrap())
                .collect();
            assert_eq!(marks, expected);
            assert_eq!(has_any(&text[from..], *b",\"\n\r"), !expected.is_empty());
        }
    }
}
