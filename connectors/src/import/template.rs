//! Texts with places to fill in: `{$.path}` from the record, `{£.path}` from the run's parameters.

use super::{script::Path, work::Work};
use bus_core::{Message, msg};

/// A piece of such a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Item(Path),
    Parameter(Path),
}

/// Stands around the name of a parameter in settings until braces of the data have been told from ours.
pub(super) const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        let of_record = after.starts_with('$');
        match after
            .split_once('}')
            .filter(|(path, _)| (of_record || path.starts_with('£')) && !path.contains('{'))
        {
            Some((path, after)) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                let path = Path::read(path);
                pieces.push(if of_record { Piece::Item(path) } else { Piece::Parameter(path) });
                rest = after;
            }
            None => {
                plain.push('{');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// Whether something of the record is filled in.
pub(super) fn reads_record(text: &str) -> bool {
    pieces(text).iter().any(|piece| matches!(piece, Piece::Item(_)))
}

impl Work<'_> {
    /// A text for a setting that is the same for all records: parameters become `${name}`.
    pub(super) fn setting(&mut self, text: &str) -> Result<String, Message> {
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out += &text,
                Piece::Parameter(path) => out += &self.parameter(&path),
                Piece::Item(path) => {
                    let path = path.to_string();
                    return Err(msg!(
                        "a field of the records (`{path}`) stands in a setting that is the same for all",
                        path = path
                    ));
                }
            }
        }
        Ok(out)
    }

    /// A text for a setting that is a template of ours.
    pub(super) fn template(&mut self, text: &str) -> Result<String, Message> {
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out += &text.replace('{', "{{").replace('}', "}}"),
                Piece::Parameter(path) => out += &self.parameter(&path),
                Piece::Item(path) => {
                    let path = self.field(&path)?;
                    let whole = path.is_empty();
                    out +=
                        &if whole { "{to_json(record)}".to_owned() } else { format!("{{{}}}", path.field()) };
                }
            }
        }
        Ok(out)
    }

    /// Where a parameter is filled in.
    pub(super) fn parameter(&mut self, path: &Path) -> String {
        let name = super::script::parameter_name(path);
        let [open, close] = MARKS;
        let marked = format!("{open}{name}{close}");
        self.parameters.insert(name);
        marked
    }
}
