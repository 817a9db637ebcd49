use super::{Limits, Place, Places, YamlError, build::Builder, json, scalar};
use crate::msg;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::Value;
use std::borrow::Cow;

/// A text that was read: its value, and where each part of it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Where.
    pub places: Places,
}

/// Reads a YAML or JSON text, within the default [`Limits`].
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read(text: &str) -> Result<Document, YamlError> {
    read_with(text, Limits::default())
}

/// Reads a YAML or JSON text.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read_with(text: &str, limits: Limits) -> Result<Document, YamlError> {
    if text.len() > limits.bytes {
        let message = msg!("the text is longer than {limit} bytes", limit = limits.bytes);
        return Err(YamlError { place: Place { line: 1, column: 1 }, message });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(limits);
    if !json::read(text, &mut builder)? {
        events(text, &mut builder)?;
    }
    let (value, places) = builder.finish();
    Ok(Document { value, places })
}

fn events(text: &str, builder: &mut Builder) -> Result<(), YamlError> {
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| YamlError {
            place: place(error.marker()),
            message: msg!("this cannot be read as YAML: {problem}", problem = error.info()),
        })?;
        let place = place(&span.start);
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    let message = msg!("a second document begins here: write one document a file");
                    return Err(YamlError { place, message });
                }
            }
            Event::Scalar(text, _, anchor, tag) if builder.wants_key() => {
                known_tag(tag.as_ref(), "str", place)?;
                if anchor > 0 {
                    return Err(YamlError { place, message: msg!("the name of a field cannot be anchored") });
                }
                builder.key(text.into_owned(), place)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                builder.scalar(meaning(&text, style, tag.as_ref(), place)?, anchor, place)?;
            }
            Event::Alias(_) if builder.wants_key() => {
                return Err(YamlError { place, message: msg!("the name of a field must be a text") });
            }
            Event::Alias(anchor) => builder.alias(anchor, place)?,
            Event::SequenceStart(anchor, tag) => {
                known_tag(tag.as_ref(), "seq", place)?;
                builder.begin(false, anchor, place)?;
            }
            Event::MappingStart(anchor, tag) => {
                known_tag(tag.as_ref(), "map", place)?;
                builder.begin(true, anchor, place)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.end(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    Ok(())
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line() as u64, column: marker.col() as u64 + 1 }
}

fn meaning(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Cow<'_, Tag>>,
    place: Place,
) -> Result<Value, YamlError> {
    let as_text = || Value::String(text.to_owned());
    let plain = || {
        let message = msg!("`{text}` is not a number that can be held: write it in quotes", text = text);
        scalar::resolve(text).ok_or(YamlError { place, message })
    };
    match tag {
        None if style == ScalarStyle::Plain => plain(),
        None => Ok(as_text()),
        Some(tag) if !tag.is_yaml_core_schema() => {
            // `!` alone says "text"
            if tag.handle.is_empty() && tag.suffix == "!" {
                Ok(as_text())
            } else {
                Err(unknown_tag(tag, place))
            }
        }
        Some(tag) => {
            let value = if tag.suffix == "str" { as_text() } else { plain()? };
            let fits = match tag.suffix.as_str() {
                "str" => true,
                "int" => value.is_i64() || value.is_u64(),
                "float" => value.is_number(),
                "bool" => value.is_boolean(),
                "null" => value.is_null(),
                _ => return Err(unknown_tag(tag, place)),
            };
            if fits {
                return Ok(value);
            }
            let message =
                msg!("`{text}` is not what its tag `{tag}` says", text = text, tag = tag.suffix.as_str());
            Err(YamlError { place, message })
        }
    }
}

fn known_tag(tag: Option<&Cow<'_, Tag>>, suffix: &str, place: Place) -> Result<(), YamlError> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == suffix) => Err(unknown_tag(tag, place)),
        _ => Ok(()),
    }
}

fn unknown_tag(tag: &Tag, place: Place) -> YamlError {
    YamlError { place, message: msg!("the tag `{tag}` means nothing here: remove it", tag = tag.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_and_places() {
        let document = read("a: 1\nb:\n  - x: [1, 'two']\n    \"y.z\": |\n      text\n").unwrap();
        assert_eq!(document.value, json!({"a": 1, "b": [{"x": [1, "two"], "y.z": "text\n"}]}));
        let at = |path| document.places.find(path).map(|place| (place.line, place.column));
        assert_eq!(at("a"), Some((1, 1)));
        assert_eq!(at("b[0]"), Some((3, 5)));
        assert_eq!(at("b[0].x[1]"), Some((3, 12)));
        assert_eq!(at("b[0].y.z"), Some((4, 5)));
        assert_eq!(at("b[0].missing.deeper"), Some((3, 5)));
    }

    #[test]
    fn aliases_are_copies() {
        assert_eq!(read("a: &x [1, 2]\nb: *x").unwrap().value, json!({"a": [1, 2], "b": [1, 2]}));
    }

    #[test]
    fn refused_with_place() {
        for (text, problem) in [
            ("{\n\t\"é\": {\"b\": 1,\n \"b\": 2}}", "line 3, column 2: `b` stands here twice"),
            ("{\"a\": 1e999}", "line 1, column 7"),
            ("a: 1\na: 2", "line 2, column 1: `a` stands here twice"),
            ("{\"a\": 1, \"a\": 2}", "line 1, column 10: `a` stands here twice"),
            ("a: [1", "line 2, column 1: this cannot be read as YAML"),
            ("a: .nan", "line 1, column 4: `.nan` is not a number"),
            ("a: 1e999", "line 1, column 4"),
            ("a: !custom 1", "line 1, column"),
            ("a: !!int x", "line 1, column"),
            ("---\na: 1\n---\nb: 2", "a second document"),
            ("? [a]\n: 1", "the name of a field must be a text"),
            ("a: *nowhere", "line 1"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }

    #[test]
    fn billion_laughs_is_refused() {
        let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..20 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            text += &format!("a{level}: &a{level} [{items}]\n");
        }
        assert!(read(&text).unwrap_err().to_string().contains("grows beyond"));
    }

    #[test]
    fn deep_and_long_texts_are_refused() {
        assert!(read(&"[".repeat(100)).unwrap_err().to_string().contains("nested deeper"));
        assert!(read(&"[".repeat(100_000)).is_err());
        let block: String = (0..2000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert!(read(&block).unwrap_err().to_string().contains("nested deeper"));
        assert!(read(&" ".repeat(5 << 20)).unwrap_err().to_string().contains("longer than"));
    }
}
