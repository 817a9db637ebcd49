use super::{Place, Places, join_index, join_key};
use crate::{Message, msg};
use serde_json::{Map, Value};
use std::{collections::HashMap, fmt, mem};

/// What a text may be before it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting of lists and objects.
    pub depth: usize,
    /// Largest value with its aliases expanded, in bytes (16 a value, and its text).
    pub expanded: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 20, depth: 64, expanded: 64 << 20 }
    }
}

/// Why a text is not a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: Message,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.column, self.message)
    }
}

impl std::error::Error for YamlError {}

/// Puts a value together from the events of a reader, within limits.
pub(super) struct Builder {
    limits: Limits,
    stack: Vec<Frame>,
    root: Option<Value>,
    pub(super) places: Places,
    weight: usize,
    anchors: HashMap<usize, Value>,
}

struct Frame {
    path: String,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Object { fields: Map<String, Value>, key: Option<String> },
}

impl Builder {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            stack: Vec::new(),
            root: None,
            places: Places::default(),
            weight: 0,
            anchors: HashMap::new(),
        }
    }

    /// Whether the next scalar is the name of a field.
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Object { key: None, .. }, .. }))
    }

    /// The name of a field.
    pub(super) fn key(&mut self, name: String, place: Place) -> Result<(), YamlError> {
        self.weigh(16 + name.len(), place)?;
        let Some(Frame { path, content: Content::Object { fields, key }, .. }) = self.stack.last_mut() else {
            return Ok(());
        };
        if fields.contains_key(&name) {
            let message = msg!("`{key}` stands here twice: keep one of them", key = &name);
            return Err(YamlError { place, message });
        }
        self.places.note(&join_key(path, &name), place);
        *key = Some(name);
        Ok(())
    }

    pub(super) fn scalar(&mut self, value: Value, anchor: usize, place: Place) -> Result<(), YamlError> {
        self.weigh(weight(&value), place)?;
        self.note_item(place);
        self.add(value, anchor);
        Ok(())
    }

    pub(super) fn begin(&mut self, object: bool, anchor: usize, place: Place) -> Result<(), YamlError> {
        if self.wants_key() {
            return Err(YamlError { place, message: msg!("the name of a field must be a text") });
        }
        self.weigh(16, place)?;
        if self.stack.len() >= self.limits.depth {
            return Err(self.too_deep(place));
        }
        let path = self.next_path();
        self.note_item(place);
        let content = if object {
            Content::Object { fields: Map::new(), key: None }
        } else {
            Content::List(Vec::new())
        };
        self.stack.push(Frame { path, anchor, content });
        Ok(())
    }

    pub(super) fn end(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        let value = match frame.content {
            Content::List(items) => Value::Array(items),
            Content::Object { fields, .. } => Value::Object(fields),
        };
        self.add(value, frame.anchor);
    }

    /// A copy of what was anchored.
    pub(super) fn alias(&mut self, anchor: usize, place: Place) -> Result<(), YamlError> {
        let Some(value) = self.anchors.get(&anchor) else {
            return Err(YamlError { place, message: msg!("this alias stands inside what it names") });
        };
        if self.stack.len() + depth(value) > self.limits.depth {
            return Err(self.too_deep(place));
        }
        self.weight = self.weight.saturating_add(weight(value));
        let value = value.clone();
        self.weigh(0, place)?;
        self.note_item(place);
        self.add(value, 0);
        Ok(())
    }

    pub(super) fn finish(self) -> (Value, Places) {
        (self.root.unwrap_or(Value::Null), self.places)
    }

    /// The path of the value that comes next.
    fn next_path(&self) -> String {
        match self.stack.last() {
            None => String::new(),
            Some(Frame { path, content: Content::List(items), .. }) => join_index(path, items.len()),
            Some(Frame { path, content: Content::Object { key, .. }, .. }) => {
                join_key(path, key.as_deref().unwrap_or_default())
            }
        }
    }

    /// Notes the place of an item of a list or of the whole; fields were noted by their name.
    fn note_item(&mut self, place: Place) {
        if !matches!(self.stack.last(), Some(Frame { content: Content::Object { .. }, .. })) {
            let path = self.next_path();
            self.places.note(&path, place);
        }
    }

    fn add(&mut self, value: Value, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Object { fields, key }) => {
                if let Some(key) = mem::take(key) {
                    fields.insert(key, value);
                }
            }
        }
    }

    fn weigh(&mut self, bytes: usize, place: Place) -> Result<(), YamlError> {
        self.weight = self.weight.saturating_add(bytes);
        if self.weight <= self.limits.expanded {
            return Ok(());
        }
        let message = msg!(
            "the document grows beyond {limit} bytes here: use fewer aliases or a shorter text",
            limit = self.limits.expanded
        );
        Err(YamlError { place, message })
    }

    fn too_deep(&self, place: Place) -> YamlError {
        let message = msg!("nested deeper than {limit} levels", limit = self.limits.depth);
        YamlError { place, message }
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 16,
        Value::String(text) => 16 + text.len(),
        Value::Array(items) => items.iter().fold(16, |sum, item| sum + weight(item)),
        Value::Object(fields) => {
            fields.iter().fold(16, |sum, (key, value)| sum + 16 + key.len() + weight(value))
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
