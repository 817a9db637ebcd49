//! Which language the person wants, known before the command line is read: its errors are in it too.

use bus_core::Language;
use std::ffi::OsString;

/// What `--lang` says, or else the locale, or else English.
pub(crate) fn wanted(arguments: &[OsString], locale: &str) -> Language {
    let mut words =
        arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let mut asked = None;
    while let Some(word) = words.next() {
        match word.strip_prefix("--lang") {
            Some("") => asked = words.next(),
            Some(rest) => asked = rest.strip_prefix('=').or(asked),
            None => {}
        }
    }
    asked.and_then(Language::of_tag).or_else(|| Language::of_tag(locale)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_command_line_then_the_locale() {
        for (words, locale, language) in [
            ("semantic-bus check x", "fr_FR.UTF-8", Language::Fr),
            ("semantic-bus check x", "C", Language::En),
            ("semantic-bus check x", "", Language::En),
            ("semantic-bus --lang fr check x", "en_US", Language::Fr),
            ("semantic-bus check --lang=en x", "fr_FR", Language::En),
            ("semantic-bus check --lang=de x", "fr_FR", Language::Fr),
            ("semantic-bus check -- --lang=en", "fr_FR", Language::Fr),
        ] {
            let arguments: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(wanted(&arguments, locale), language, "{words} {locale}");
        }
    }
}
