//! Content lines: `NAME;PARAM=value:value`, unfolded (§3.1).

use bus_core::{Message, msg};

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals; values without quotes, RFC 6868 resolved.
    pub(super) parameters: Vec<(String, String)>,
    /// As it stands, escapes and all.
    pub(super) value: String,
}

impl Line {
    pub(super) fn parse(text: &str) -> Result<Self, Message> {
        let missing = || msg!("a line must be `NAME:value`");
        let end = text.find([';', ':']).ok_or_else(missing)?;
        let (name, mut rest) = text.split_at_checked(end).ok_or_else(missing)?;
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        };
        if !plain(name) {
            return Err(missing());
        }
        let mut parameters = Vec::new();
        while let Some(tail) = rest.strip_prefix(';') {
            let (key, tail) = tail.split_once('=').ok_or_else(|| msg!("a parameter must be `NAME=value`"))?;
            let (value, tail) = parameter_value(tail)?;
            parameters.push((key.to_ascii_uppercase(), value));
            rest = tail;
        }
        let value = rest.strip_prefix(':').ok_or_else(missing)?;
        // some write a group before the name: `item1.URL`
        let name = name.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
        Ok(Self { name, parameters, value: value.to_owned() })
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The value up to `;` or `:` outside quotes, and what follows.
fn parameter_value(text: &str) -> Result<(String, &str), Message> {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        !quoted && matches!(letter, ';' | ':')
    });
    let Some((end, _)) = end else { return Err(msg!("a line must be `NAME:value`")) };
    let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let plain: String = value.chars().filter(|letter| *letter != '"').collect();
    Ok((plain.replace("^n", "\n").replace("^'", "\"").replace("^^", "^"), rest))
}

/// Text with its escapes resolved (§3.3.11).
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (letter, false) => out.push(letter),
        }
    }
    out
}

/// The items of a list of texts: commas that are not escaped separate.
pub(super) fn list(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == ',' && !escaped {
            items.push(String::new());
        } else if let Some(last) = items.last_mut() {
            last.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    items.iter().map(|item| unescape(item).trim().to_owned()).filter(|item| !item.is_empty()).collect()
}
