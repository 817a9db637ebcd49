//! Texts for people, in their language.
//!
//! The English text stands in the code and is the key; the French one stands in
//! `translations/fr.toml`. Placeholders are names in braces.

use std::{cell::Cell, fmt};

static FRENCH: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/french.rs"));

/// A language the bus speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// The language a tag such as `fr`, `fr-FR` or `fr_FR.UTF-8` asks for.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The text in this language; the English one where there is no translation.
    #[must_use]
    pub fn text(self, english: &str) -> &str {
        match self {
            Self::En => english,
            Self::Fr => french(english).unwrap_or(english),
        }
    }
}

/// The French for an English text of the code, if it was translated.
#[must_use]
pub fn french(english: &str) -> Option<&'static str> {
    let place = FRENCH.binary_search_by(|(key, _)| (*key).cmp(english)).ok()?;
    FRENCH.get(place).map(|(_, french)| *french)
}

/// A text for people with its details filled in, written in the language of whoever reads it.
///
/// Made by [`msg!`](crate::msg); [`fmt::Display`] writes English.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Message {
    template: std::borrow::Cow<'static, str>,
    details: Vec<(std::borrow::Cow<'static, str>, Detail)>,
}

/// What stands for a placeholder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// The same in every language: names, numbers, data.
    Plain(String),
    /// A text that is translated in turn.
    Message(Message),
}

impl Message {
    /// A message from its English template and its details; use [`msg!`](crate::msg), whose templates
    /// the translation test can find.
    #[must_use]
    pub fn new(template: &'static str, details: Vec<(&'static str, Detail)>) -> Self {
        Self {
            template: template.into(),
            details: details.into_iter().map(|(name, detail)| (name.into(), detail)).collect(),
        }
    }

    /// The English template, with its placeholders: what tells messages apart.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The text in `language`.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out = String::new();
        let mut rest = language.text(&self.template);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            match self.details.iter().find(|(known, _)| known == name) {
                Some((_, Detail::Plain(text))) => out.push_str(text),
                Some((_, Detail::Message(message))) => out.push_str(&message.text(language)),
                None => {
                    out.push('{');
                    out.push_str(name);
                    out.push('}');
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text(Language::En);
        SHOWN.set(Some((text.clone(), self.clone())));
        f.write_str(&text)
    }
}

thread_local! {
    /// The message written as English text last on this thread, and that text.
    static SHOWN: Cell<Option<(String, Message)>> = const { Cell::new(None) };
}

/// The message that `text` was made from just now on this thread, if it was one.
///
/// Parsers of settings (`serde`) carry errors as text only: this gives back what can be read in every language.
#[must_use]
pub fn recall(text: &str) -> Option<Message> {
    SHOWN.take().filter(|(shown, _)| shown == text).map(|(_, message)| message)
}

impl From<Message> for Detail {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

macro_rules! plain_details {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Detail {
            fn from(value: $kind) -> Self {
                Self::Plain(value.to_string())
            }
        }
    )*};
}
plain_details!(
    &str,
    &String,
    String,
    usize,
    u64,
    u32,
    u16,
    i64,
    i32,
    f64,
    char,
    std::sync::Arc<str>,
    &std::sync::Arc<str>
);

/// An English text that is translated where it is shown: so the translation test finds it.
#[macro_export]
macro_rules! text {
    ($english:literal) => {
        $english
    };
}

/// A [`Message`]: an English template and its details.
///
/// ```
/// let message = bus_core::msg!("line {line}: closing quote missing", line = 12_u64);
/// assert_eq!(message.to_string(), "line 12: closing quote missing");
/// ```
#[macro_export]
macro_rules! msg {
    ($template:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::message::Message::new($template, vec![$((stringify!($name), $crate::message::Detail::from($value))),*])
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_from_its_text() {
        let message = crate::msg!("`{path}` is written twice", path = "a");
        let text = message.to_string();
        assert_eq!(recall(&text), Some(message));
        assert_eq!(recall(&text), None);
    }
}
