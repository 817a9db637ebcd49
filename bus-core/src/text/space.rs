use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text without spaces at its ends and with one plain space for each run of white space inside
/// (no-break and thin spaces and line ends too).
#[must_use]
pub fn collapse_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// White space, and the invisible characters that spreadsheets and web pages leave in its place.
fn is_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The text in Unicode normalization form C, in which `é` is one character.
#[must_use]
pub fn compose(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// The text without control characters (line ends and tabs stay), byte order marks, soft hyphens,
/// zero-width spaces and marks of writing direction.
#[must_use]
pub fn remove_controls(text: &str) -> String {
    text.chars().filter(|char| !is_invisible(*char)).collect()
}

fn is_invisible(char: char) -> bool {
    match char {
        '\n' | '\r' | '\t' => false,
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' => true,
        '\u{feff}' => true,
        _ => char.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces() {
        assert_eq!(collapse_spaces("  12\u{a0}rue \n\t des\u{202f}Lilas "), "12 rue des Lilas");
        assert_eq!(collapse_spaces(" \u{feff}"), "");
    }

    #[test]
    fn forms_and_controls() {
        assert_eq!(compose("e\u{301}cole"), "école");
        assert_eq!(remove_controls("a\u{0}b\u{ad}c\nd\u{7f}\u{feff}"), "abc\nd");
    }
}
