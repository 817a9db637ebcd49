use super::{EvalError, Evaluator, Expression, ParseError, Scope, ast::Span, error::Fail, value::Val};
use crate::{
    msg,
    path::{FieldPath, Segment},
    record::{Slot, Value},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

/// Text with places to fill in: `text {field.path or expression} text`; `{{` and `}}` stand for braces.
///
/// A template that starts as an address (`http://`, `https://`, `urn:` and the like) percent-encodes what
/// is filled in, so that it stays one address; `{raw(x)}` is filled in as it is.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    parts: Arc<[Part]>,
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    Field { path: FieldPath, span: Span, encode: bool },
    Expression { expression: Expression, encode: bool },
}

impl Template {
    /// The text it was made from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What fills it in, with `fuel` steps of work for each place. One step keeps one for all records.
    #[must_use]
    pub fn writer(&self, fuel: u64) -> TemplateWriter {
        let fillers = self.parts.iter().map(|part| Filler::of(part, fuel)).collect();
        TemplateWriter { source: Arc::clone(&self.source), parts: Arc::clone(&self.parts), fillers }
    }

    /// The path it is filled from, if it is `{path}` and nothing else.
    #[must_use]
    pub fn as_path(&self) -> Option<&FieldPath> {
        match &*self.parts {
            [Part::Field { path, .. }] => Some(path),
            _ => None,
        }
    }

    /// The text, if nothing is to be filled in.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl FromStr for Template {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let source: Arc<str> = Arc::from(text);
        let parts = parts(&source).map_err(|error| error.in_source(&source))?;
        Ok(Self { source, parts: parts.into() })
    }
}

/// Addresses that begin so are percent-encoded: a scheme, which needs no list, followed by literal text.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let letters = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'));
    letters
        && (rest.starts_with("//")
            || matches!(scheme, "urn" | "mailto" | "tel" | "geo" | "tag" | "did" | "info"))
}

fn parts(source: &Arc<str>) -> Result<Vec<Part>, ParseError> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    let mut encode = None;
    while let Some(letter) = source.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = source.get(at..).unwrap_or_default();
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push(letter);
            at += 2;
        } else if letter == '{' {
            let encode = *encode.get_or_insert_with(|| is_address(&text));
            let inner = closing(rest).ok_or_else(|| {
                ParseError::new(
                    Span::new(at, at + 1),
                    msg!("the closing brace is missing; a brace as text is written twice"),
                )
            })?;
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text).into()));
            }
            parts.push(place(source, inner, at + 1, encode)?);
            at += inner.len() + 2;
        } else if letter == '}' {
            return Err(ParseError::new(
                Span::new(at, at + 1),
                msg!("this brace closes nothing; a brace as text is written twice"),
            ));
        } else {
            text.push(letter);
            at += letter.len_utf8();
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.into()));
    }
    Ok(parts)
}

/// What stands between the brace at the start of `rest` and the one that closes it; braces in quotes do
/// not count.
fn closing(rest: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            // an apostrophe opens a text only where one can start: `{l'adresse}` is a name
            (None, '"' | '\'') => {
                let before = rest.get(..at).and_then(|before| before.chars().next_back());
                if !before.is_some_and(char::is_alphanumeric) || matches!(before, Some('r' | 'b')) {
                    quote = Some(letter);
                }
            }
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return rest.get(1..at);
                }
            }
            (None, _) => {}
        }
    }
    None
}

fn place(source: &Arc<str>, inner: &str, at: usize, encode: bool) -> Result<Part, ParseError> {
    let span = Span::new(at, at + inner.len());
    let trimmed = inner.trim();
    if trimmed.is_empty() {
        return Err(ParseError::new(span, msg!("nothing stands between the braces: name a field")));
    }
    let raw = trimmed.strip_prefix("raw(").is_some() && trimmed.ends_with(')');
    let encode = encode && !raw;
    if is_path(trimmed)
        && let Ok(path) = trimmed.parse()
    {
        return Ok(Part::Field { path, span, encode });
    }
    match inner.parse::<Expression>() {
        Ok(expression) => Ok(Part::Expression { expression, encode }),
        // names such as `Nom de l'équipement`
        Err(error) => match trimmed.parse::<FieldPath>() {
            Ok(path)
                if !trimmed.contains(['(', ')', '"', '<', '>', '=', '?', '+', '*', '%', '&', '|', '!']) =>
            {
                Ok(Part::Field { path, span, encode })
            }
            _ => Err(error.shifted(at, source)),
        },
    }
}

/// Whether this is the name of a field or a path, and no expression. `record`, `params` and `now` mean
/// what they mean in expressions.
fn is_path(text: &str) -> bool {
    if text.starts_with("[\"") {
        return true;
    }
    let root = text.split(['.', '[']).next().unwrap_or_default();
    !matches!(root, "record" | "params" | "now")
        && !text.contains([
            '(', ')', '"', '\'', '?', '<', '>', '=', '&', '|', '+', '*', '/', '%', ',', '!', '{', '}', '`',
        ])
}

/// Fills in one template on record after record.
#[derive(Debug)]
pub struct TemplateWriter {
    source: Arc<str>,
    parts: Arc<[Part]>,
    fillers: Vec<Filler>,
}

#[derive(Debug)]
enum Filler {
    Nothing,
    Slot(Slot),
    Evaluator(Box<Evaluator>),
}

impl Filler {
    fn of(part: &Part, fuel: u64) -> Self {
        match part {
            Part::Text(_) => Self::Nothing,
            Part::Field { path, .. } => match path.segments().first() {
                Some(Segment::Key(key)) => Self::Slot(Slot::new(key.clone())),
                _ => Self::Nothing,
            },
            Part::Expression { expression, .. } => Self::Evaluator(Box::new(expression.evaluator(fuel))),
        }
    }
}

impl TemplateWriter {
    /// Appends the text for one record.
    ///
    /// # Errors
    /// When a value is absent, null or has no text ([`EvalError::is_missing`] tells); nothing was appended
    /// then.
    pub fn text(&mut self, scope: &Scope<'_>, out: &mut String) -> Result<(), EvalError> {
        let before = out.len();
        for (part, filler) in self.parts.iter().zip(&mut self.fillers) {
            let from = out.len();
            let (outcome, encode) = match (part, filler) {
                (Part::Text(text), _) => {
                    out.push_str(text);
                    continue;
                }
                (Part::Field { path, span, encode }, filler) => {
                    let filled = fill(path, filler, scope, out);
                    (filled.map_err(|fail| fail.at(*span).into_error(&self.source)), *encode)
                }
                (Part::Expression { encode, .. }, Filler::Evaluator(evaluator)) => {
                    (evaluator.text(scope, out), *encode)
                }
                (Part::Expression { .. }, _) => continue,
            };
            if let Err(error) = outcome {
                out.truncate(before);
                return Err(error);
            }
            if encode {
                percent_encode(out, from);
            }
        }
        Ok(())
    }
}

fn fill(path: &FieldPath, filler: &mut Filler, scope: &Scope<'_>, out: &mut String) -> Result<(), Fail> {
    let value = match (path.segments(), filler) {
        ([_], Filler::Slot(slot)) => scope.record.as_object().and_then(|object| slot.get(object)),
        _ => path.get(scope.record),
    };
    match value {
        Some(value) if value.write_plain(out) => Ok(()),
        Some(Value::Null) => {
            let name = path.to_string();
            Err(Fail::null(msg!("`{field}` is null: it has no text", field = name.as_str()))
                .of_field(Some(&name)))
        }
        Some(value) => Val::of(value).plain_text(out).map_err(|fail| fail.of_field(Some(&path.to_string()))),
        None => {
            let name = path.to_string();
            let shape = scope.record.as_object().map(|object| object.shape());
            Err(Fail::no_field(&name, shape))
        }
    }
}

/// Encodes what was appended since `from`, so that it is one part of an IRI: only letters, digits and
/// `-._~` stay (RFC 3987, iunreserved: letters of every script).
fn percent_encode(out: &mut String, from: usize) {
    let stays = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~') || is_ucschar(letter)
    };
    let Some(tail) = out.get(from..) else { return };
    let Some(first) = tail.find(|letter| !stays(letter)) else { return };
    let tail = out.split_off(from + first);
    for letter in tail.chars() {
        if stays(letter) {
            out.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                const HEX: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
                out.push('%');
                out.push(digit(byte >> 4));
                out.push(digit(byte & 15));
            }
        }
    }
}

/// `ucschar` of RFC 3987.
fn is_ucschar(letter: char) -> bool {
    matches!(u32::from(letter), 0xA0..=0xD7FF | 0xF900..=0xFDCF | 0xFDF0..=0xFFEF | 0x10000..=0xEFFFD)
        && u32::from(letter) & 0xFFFE != 0xFFFE
        && !letter.is_whitespace()
}

/// A scalar of a settings document as text: `22` and `"22"` are the same to a template or expression.
pub(super) struct ScalarText(pub(super) String);

impl<'de> Deserialize<'de> for ScalarText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = ScalarText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ScalarText, E> {
                Ok(ScalarText(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<ScalarText, E> {
                Ok(ScalarText(value.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ScalarText, E> {
                Ok(ScalarText(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ScalarText, E> {
                Ok(ScalarText(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ScalarText, E> {
                Ok(ScalarText(format!("{number:?}")))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = ScalarText::deserialize(deserializer)?.0;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-form": "template" })
    }
}
