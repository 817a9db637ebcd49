//! Names and tokens that nobody can guess.

use sha2::{Digest, Sha256};

/// Digits that cannot be mistaken for each other (Crockford's base 32), small.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A random text of `digits` digits, five bits each.
pub(crate) fn text(digits: usize) -> String {
    let mut bytes = vec![0; digits];
    fill(&mut bytes);
    bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte & 31)])).collect()
}

/// Fills with random bytes. A machine without randomness cannot keep anybody out: it stops.
#[expect(clippy::expect_used, reason = "without randomness no token is safe, and going on would be worse")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// A name for something short-lived, such as a request.
pub(crate) fn name() -> String {
    text(20)
}

/// A token of 260 bits.
pub(crate) fn token() -> String {
    text(52)
}

/// What is stored of a token: with it, nobody can make the token.
pub(crate) fn hashed(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex).collect()
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::{hashed, token};

    #[test]
    fn tokens_differ_and_hash_to_what_sha_256_says() {
        let (one, other) = (token(), token());
        assert_ne!(one, other);
        assert_eq!(one.len(), 52);
        assert_eq!(hashed("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
