//! The export file, read as tolerantly as it was written.

use super::{given::Given, report::ImportError, script::Path};
use bus_core::msg;
use serde_json::{Map, Value};

/// The largest export that is read, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// The most components and links of one export.
const MOST_PARTS: usize = 5_000;

/// An export.
#[derive(Debug, Default)]
pub(super) struct Export {
    pub(super) components: Vec<Component>,
    pub(super) links: Vec<Wire>,
    /// A name, where somebody added one.
    pub(super) name: String,
}

/// A component.
#[derive(Debug, Default, Clone)]
pub(super) struct Component {
    pub(super) id: String,
    /// Its kind as the export has it.
    pub(super) called: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) position: Option<(i32, i32)>,
    pub(super) settings: Map<String, Value>,
    pub(super) focus: Option<Focus>,
    /// The focus as it was written, to keep it.
    pub(super) focus_written: Map<String, Value>,
}

/// The deeper focus: work on what stands at a path, and put the result back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Focus {
    pub(super) path: Path,
    /// The whole of what stands there is worked on at once, and not item by item.
    pub(super) whole: bool,
    /// A pause between items, in milliseconds.
    pub(super) pause: f64,
}

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wire {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) second: bool,
}

pub(super) fn read(text: &str) -> Result<Export, ImportError> {
    let wrong = |message| ImportError { message, place: None };
    if text.len() > MOST_BYTES {
        let message = msg!("the export is larger than the {limit} bytes that are read", limit = MOST_BYTES);
        return Err(wrong(message));
    }
    let text = text.trim_start_matches('\u{feff}');
    let document: Value = serde_json::from_str(text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split(" at line").next().unwrap_or_default().to_owned();
        ImportError {
            message: msg!("this is not JSON: {reason}", reason = reason),
            place: Some((error.line(), error.column())),
        }
    })?;
    let not_an_export = || {
        wrong(msg!(
            "this is not an export of the Semantic Bus: an object with the lists `components` and `links` is expected"
        ))
    };
    let document = document.as_object().ok_or_else(not_an_export)?;
    let components = document.get("components").and_then(Value::as_array).ok_or_else(not_an_export)?;
    let none = Vec::new();
    let links = match document.get("links") {
        None | Some(Value::Null) => &none,
        Some(Value::Array(links)) => links,
        Some(_) => return Err(not_an_export()),
    };
    if components.len() > MOST_PARTS || links.len() > MOST_PARTS {
        let message = msg!("the export has more than {limit} components or links", limit = MOST_PARTS);
        return Err(wrong(message));
    }
    Ok(Export {
        components: components.iter().map(component).collect(),
        links: links.iter().map(wire).collect(),
        name: Given::new(document).text(&["name"]).unwrap_or_default(),
    })
}

/// An id, also as MongoDB writes it: `{"$oid": "…"}`.
fn id(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        Some(Value::Object(fields)) => id(fields.get("$oid").or_else(|| fields.get("_id"))),
        _ => String::new(),
    }
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Map::new(),
    }
}

fn component(value: &Value) -> Component {
    let Some(fields) = value.as_object() else { return Component::default() };
    let given = Given::new(fields);
    let coordinate = |name: &str| {
        let number = given.number(&[name])?;
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
        (number.abs() < 1e6).then_some(number.round() as i32)
    };
    let focus_written = object(fields.get("deeperFocusData"));
    Component {
        id: id(fields.get("_id").or_else(|| fields.get("id"))),
        called: given.text(&["module"]).unwrap_or_default().trim().to_owned(),
        name: given.text(&["name"]).unwrap_or_default().trim().to_owned(),
        description: given.text(&["description"]).unwrap_or_default().trim().to_owned(),
        position: coordinate("graphPositionX").zip(coordinate("graphPositionY")),
        settings: object(fields.get("specificData")),
        focus: focus(&focus_written).or_else(|| focus(&object(fields.get("specificData")))),
        focus_written,
    }
}

/// The focus, also under its earlier names.
fn focus(written: &Map<String, Value>) -> Option<Focus> {
    let given = Given::new(written);
    let path = Path::read(&given.text(&["dfobPath", "dfobpath"]).or_else(|| {
        // `path` meant the focus only beside its companions
        written
            .keys()
            .any(|key| key.starts_with("dfob") || key == "beanNb" || key == "activateDf")
            .then_some(())?;
        given.text(&["path"])
    })?);
    let off = written.contains_key("activateDf") && !given.flag(&["activateDf"]);
    if off {
        return None;
    }
    Some(Focus {
        path,
        whole: given.flag(&["keepArray", "dfobKeepArray"]),
        pause: given.number(&["delayMs"]).unwrap_or(0.0),
    })
}

fn wire(value: &Value) -> Wire {
    let empty = Map::new();
    let fields = value.as_object().unwrap_or(&empty);
    let second = Given::new(fields).text(&["targetInput"]).is_some_and(|input| input == "second");
    Wire { source: id(fields.get("source")), target: id(fields.get("target")), second }
}
