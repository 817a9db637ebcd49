//! The patterns of Transform: JSON whose texts are paths (`$.path`, `£.path`), expressions (`=…`), texts with
//! places to fill in, or themselves.

use super::{
    script::{self, Kind, Missing, Path, Root, Writer, Written, entry, quoted},
    template::{Piece, pieces},
    work::Work,
};
use bus_core::msg;
use serde_json::{Map, Value, json};

/// What a text of a pattern means.
enum Meaning<'a> {
    Itself(&'a str),
    Item(Path),
    Parameter(Path),
    Expression(&'a str),
    Filled(Vec<Piece>),
}

fn meaning(text: &str) -> Meaning<'_> {
    let trimmed = text.trim();
    let path = |start: char| {
        let rest = trimmed.strip_prefix(start)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| Path::read(rest))
    };
    if let Some(path) = path('$') {
        return Meaning::Item(path);
    }
    if let Some(path) = path('£') {
        return Meaning::Parameter(path);
    }
    if let Some(expression) = trimmed.strip_prefix('=').filter(|rest| !rest.is_empty()) {
        return Meaning::Expression(expression);
    }
    let pieces = pieces(text);
    match pieces.as_slice() {
        [Piece::Item(path)] => Meaning::Item(path.clone()),
        [Piece::Parameter(path)] => Meaning::Parameter(path.clone()),
        pieces if pieces.iter().any(|piece| !matches!(piece, Piece::Text(_))) => {
            Meaning::Filled(pieces.to_vec())
        }
        _ => Meaning::Itself(text),
    }
}

/// Whether this is more than a text, as it is where JSON was damaged.
pub(super) fn is_pattern(pattern: &Value) -> bool {
    !matches!(pattern, Value::String(text) if matches!(meaning(text), Meaning::Itself(_)))
}

/// An expression that was not translated: where it stands in the pattern, what it is, and why.
pub(super) struct Kept {
    pub(super) place: Path,
    pub(super) text: String,
    pub(super) trouble: script::Trouble,
}

/// Writes patterns as expressions.
pub(super) struct Patterns {
    pub(super) writer: Writer,
    pub(super) kept: Vec<Kept>,
}

impl Patterns {
    pub(super) fn new(root: Root) -> Self {
        Self { writer: Writer::new(root), kept: Vec::new() }
    }

    /// The value of a pattern. What has no translation stays as text and is told in `kept`.
    pub(super) fn value(&mut self, pattern: &Value, place: &Path) -> Written {
        match pattern {
            Value::String(text) => self.text(text, place),
            Value::Array(items) => {
                let mut texts = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let place = place.then(&index.to_string());
                    texts.push(self.value(item, &place).or_null().text);
                }
                Written::list(&texts)
            }
            Value::Object(fields) => {
                let mut texts = Vec::new();
                for (key, value) in fields {
                    let value = self.value(value, &place.then(key));
                    texts.push(entry(key, &value));
                }
                Written::object(&texts)
            }
            other => Written::literal(other),
        }
    }

    fn text(&mut self, text: &str, place: &Path) -> Written {
        let outcome = match meaning(text) {
            Meaning::Itself(text) => return Written::text(text),
            Meaning::Item(path) => self.writer.item(&path, 0),
            Meaning::Parameter(path) => return self.writer.parameter(&path),
            Meaning::Expression(source) => {
                script::parse(source).and_then(|expression| self.writer.value(&expression))
            }
            Meaning::Filled(pieces) => {
                let parts: Vec<_> = pieces.into_iter().map(|piece| self.piece(piece)).collect();
                parts.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| Written::joined(&parts))
            }
        };
        outcome.unwrap_or_else(|trouble| {
            let text = text.to_owned();
            self.kept.push(Kept { place: place.clone(), text: text.clone(), trouble });
            Written::text(&text)
        })
    }

    fn piece(&mut self, piece: Piece) -> Result<Written, script::Trouble> {
        match piece {
            Piece::Text(text) => Ok(Written::text(&text)),
            Piece::Item(path) => self.writer.item(&path, 0),
            Piece::Parameter(path) => Ok(self.writer.parameter(&path)),
        }
    }

    /// A value for where it stands alone: what is true or false is false where it cannot be computed.
    pub(super) fn alone(written: Written) -> Written {
        if written.kind == Kind::Bool && written.missing == Missing::Fails {
            return Written::certain(format!("try({}, false)", written.text), Kind::Bool);
        }
        written
    }
}

/// A list of fields for the step `map`.
pub(super) struct Fields {
    pub(super) patterns: Patterns,
    pub(super) fields: Vec<Value>,
    base: Path,
}

impl Fields {
    pub(super) fn new(base: &Path) -> Self {
        Self { patterns: Patterns::new(Root::Record(base.clone())), fields: Vec::new(), base: base.clone() }
    }

    /// The fields of an object, nested ones by their path.
    pub(super) fn object(&mut self, pattern: &Map<String, Value>, below: &Path) {
        for (key, value) in pattern {
            let place = below.then(key);
            match value {
                Value::Object(fields) if !fields.is_empty() => self.object(fields, &place),
                value => self.field(&place, value),
            }
        }
    }

    /// One field.
    pub(super) fn field(&mut self, place: &Path, pattern: &Value) {
        let name = place.target();
        if let Value::String(text) = pattern {
            match meaning(text) {
                Meaning::Itself(text) => {
                    return self.fields.push(json!({ "name": name, "value": { "constant": text } }));
                }
                Meaning::Item(path) => {
                    let below = path.below(&self.base).filter(|path| !path.is_empty());
                    if let Some(path) = below {
                        return self.fields.push(json!({ "name": name, "value": { "field": path.field() } }));
                    }
                }
                _ => {}
            }
        }
        if !pattern.is_array() && !pattern.is_object() && !pattern.is_string() {
            return self.fields.push(json!({ "name": name, "value": { "constant": pattern } }));
        }
        let before = self.patterns.kept.len();
        let written = Patterns::alone(self.patterns.value(pattern, place));
        if self.patterns.kept.len() > before && pattern.is_string() {
            return self.fields.push(json!({ "name": name, "value": { "constant": pattern } }));
        }
        let mut field = json!({ "name": name, "value": { "expression": written.text } });
        if written.missing != Missing::Never {
            field["on_error"] = "leave-out".into();
        }
        self.fields.push(field);
    }
}

impl Work<'_> {
    /// Lists what a pattern kept as text.
    pub(super) fn kept(&mut self, kept: Vec<Kept>, fields: &[Value]) {
        for Kept { place, text, trouble } in kept {
            let target = place.target();
            let number = fields.iter().position(|field| field["name"] == target.as_str());
            let setting = number
                .map_or_else(|| "settings".to_owned(), |number| format!("settings.fields[{number}].value"));
            let source = text.trim().trim_start_matches('=');
            let column = trouble.column(source) + (text.len() - source.len()).min(1);
            let place = place.to_string();
            let problem = if place.is_empty() {
                trouble.problem
            } else {
                msg!("`{field}`: {problem}", field = place, problem = trouble.problem)
            };
            self.review(&setting, &text, problem, column);
        }
    }

    /// Puts a value for each record in its place: lists become records.
    pub(super) fn replace_records(&mut self, value: &Value) {
        let settings =
            json!({ "fields": [{ "name": ITEM, "value": value, "on_error": "leave-out" }], "rest": "drop" });
        self.step("", "map", settings);
        self.step("items", "explode", json!({ "field": ITEM, "place": "flat" }));
        if !self.focused {
            self.base_after = Path::default();
        }
    }

    /// Rewrites what stands at the focus within each record; `body` is over the variable of [`ITEM_NAME`].
    pub(super) fn rewrite_within(&mut self, path: &Path, each: bool, body: &str) {
        let names = path.names();
        let Some((first, rest)) = names.split_first() else { return };
        let writer = Writer::new(Root::Record(Path::default()));
        let start = writer.start(first);
        let expression = applied(&start, rest, (each, body), 1);
        let expression = format!("try({expression}, {start})");
        let name = Path::default().then(first).target();
        let field = json!({ "name": name, "value": { "expression": expression }, "on_error": "leave-out" });
        self.step("", "map", json!({ "fields": [field] }));
    }
}

/// The field in which a value stands that is no object.
const ITEM: &str = "value";
/// The variable that stands for what the focus is on.
pub(super) const ITEM_NAME: &str = "it";

/// Works along a path, through lists and objects.
fn applied(current: &str, names: &[String], (each, body): (bool, &str), depth: usize) -> String {
    let over = |name: &str, inner: &str| {
        let list = format!("(type({current}) == list ? {current} : [{current}]).map({name}, {inner})");
        let done = format!("done{depth}");
        format!("cel.bind({done}, {list}, type({current}) == list ? {done} : {done}[0])")
    };
    match names.split_first() {
        None if each => over(ITEM_NAME, body),
        None => format!("cel.bind({ITEM_NAME}, {current}, {body})"),
        Some((name, rest)) => {
            let variable = format!("at{depth}");
            let inner = applied(&format!("{variable}[{}]", quoted(name)), rest, (each, body), depth + 1);
            over(&variable, &format!("merge({variable}, {{{}: {inner}}})", quoted(name)))
        }
    }
}
