use std::fmt::Write as _;

/// Text as it can stand in an address or a header: everything but letters, digits and `-._~` as `%` and the bytes of its
/// UTF-8 (RFC 3986 §2.1, RFC 8187 §3.2).
///
/// ```
/// assert_eq!(bus_core::text::percent("a/b?c é"), "a%2Fb%3Fc%20%C3%A9");
/// ```
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}
