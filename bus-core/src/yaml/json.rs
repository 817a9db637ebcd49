use super::{Place, YamlError, build::Builder};
use crate::msg;

/// Reads a text that is JSON as JSON says, with the place of each part; `false`, and nothing built, if it
/// is not JSON. YAML has other rules for tabs, for escapes beyond the basic plane and for numbers.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<bool, YamlError> {
    if !text.trim_start().starts_with(['{', '['])
        || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
    {
        return Ok(false);
    }
    let mut scan = Scan { text, at: 0, line: 1, line_start: 0 };
    while let Some((token, place)) = scan.token() {
        match token {
            "{" | "[" => builder.begin(token == "{", 0, place)?,
            "}" | "]" => builder.end(),
            "," | ":" => {}
            _ if builder.wants_key() => builder.key(parse(token, place)?, place)?,
            _ => builder.scalar(parse(token, place)?, 0, place)?,
        }
    }
    Ok(true)
}

fn parse<T: serde::de::DeserializeOwned>(token: &str, place: Place) -> Result<T, YamlError> {
    serde_json::from_str(token).map_err(|error| YamlError {
        place,
        message: msg!("this cannot be read as JSON: {problem}", problem = error.to_string()),
    })
}

/// Cuts a text that is known to be JSON into its tokens.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    line_start: usize,
}

impl<'a> Scan<'a> {
    fn token(&mut self) -> Option<(&'a str, Place)> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            if bytes.get(self.at) == Some(&b'\n') {
                self.line += 1;
                self.line_start = self.at + 1;
            }
            self.at += 1;
        }
        let start = self.at;
        let len = match bytes.get(start)? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_len(bytes.get(start..)?),
            _ => bytes.get(start..)?.iter().take_while(|byte| !b" \t\r\n,:]}".contains(byte)).count(),
        };
        self.at = start + len;
        let column = self.text.get(self.line_start..start)?.chars().count() as u64 + 1;
        Some((self.text.get(start..self.at)?, Place { line: self.line, column }))
    }
}

fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return (at + 1).min(bytes.len()),
            Some(_) => at += 1,
        }
    }
}
