//! What a setting looks like: read from the JSON Schema of a connector.

use serde_json::{Map, Value};

/// One setting, as a form shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Its label; empty if the schema has none.
    pub(crate) title: String,
    /// What it is for.
    pub(crate) description: String,
    /// What counts where it is not given.
    pub(crate) default: Option<Value>,
    /// Values that could stand there.
    pub(crate) examples: Vec<Value>,
    /// What can be put there.
    pub(crate) kind: Kind,
}

/// What can be put in a setting: a closed set, so that every connector can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A line of text.
    Text,
    /// Several lines of text, or code in a language of its own.
    Long,
    /// The path of a field.
    Field,
    /// An expression.
    Expression,
    /// A text with fields filled in.
    Template,
    /// A number.
    Number {
        /// Whether it is whole.
        whole: bool,
    },
    /// Yes or no.
    Switch,
    /// One of several things.
    Choice(Vec<Branch>),
    /// A list; where the schema of its items stands.
    List(String),
    /// Settings that belong together.
    Group(Vec<Member>),
    /// Values by name; where the schema of the values stands.
    Map(String),
    /// The name of a secret in the vault.
    Secret,
    /// A text, a number, or yes or no.
    Scalar,
    /// Anything, written as JSON.
    Json,
}

/// One of the things a setting may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Branch {
    /// What is written.
    pub(crate) tag: String,
    /// Its label.
    pub(crate) title: String,
    /// What it means.
    pub(crate) description: String,
    /// Whether it may be written by its name alone.
    pub(crate) bare: bool,
    /// Where the schema of what it holds stands.
    pub(crate) content: Option<String>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Where its schema stands.
    pub(crate) pointer: String,
    /// Whether it must be given.
    pub(crate) required: bool,
}

impl Shape {
    /// The setting whose schema stands at `pointer` in `root`.
    pub(crate) fn at(root: &Value, pointer: &str) -> Self {
        let empty = Value::Bool(true);
        let field = root.pointer(pointer).unwrap_or(&empty);
        let target = resolve(root, pointer);
        let schema = root.pointer(&target).unwrap_or(&empty);
        // what stands at the field says more than what stands at its type
        let said = |member: &str| field.get(member).or_else(|| schema.get(member));
        let text = |member: &str| said(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let default = said("default").filter(|default| !default.is_null()).cloned();
        let examples = said("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        let form = said("x-form").and_then(Value::as_str).unwrap_or_default();
        let kind = kind(root, schema, &target, form);
        Self { title: text("title"), description: text("description"), default, examples, kind }
    }

    /// What a new value of this shape begins with.
    pub(crate) fn blank(&self) -> Value {
        match &self.kind {
            Kind::Switch => Value::Bool(false),
            Kind::List(_) => Value::Array(Vec::new()),
            Kind::Group(_) | Kind::Map(_) => Value::Object(Map::new()),
            Kind::Choice(branches) => {
                branches.first().map(|first| Value::from(first.tag.as_str())).unwrap_or_default()
            }
            Kind::Text
            | Kind::Long
            | Kind::Field
            | Kind::Expression
            | Kind::Template
            | Kind::Number { .. }
            | Kind::Secret
            | Kind::Scalar
            | Kind::Json => Value::from(""),
        }
    }
}

/// The tag of what stands in a choice.
pub(crate) fn tag_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(tag) => Some(tag),
        Value::Object(fields) => fields.keys().next().map(String::as_str),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// Follows references, and looks through what is optional.
fn resolve(root: &Value, pointer: &str) -> String {
    let mut pointer = pointer.to_owned();
    for _ in 0..16 {
        let Some(schema) = root.pointer(&pointer) else { break };
        if let Some(target) =
            schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'))
        {
            target.clone_into(&mut pointer);
        } else if let Some(only) = the_only_form(schema) {
            pointer = format!("{pointer}/{only}");
        } else {
            break;
        }
    }
    pointer
}

/// What an optional value is when it is there.
fn the_only_form(schema: &Value) -> Option<String> {
    let mut real = ["anyOf", "oneOf", "allOf"].into_iter().flat_map(|name| {
        let forms = schema.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let real =
            forms.iter().enumerate().filter(|(_, form)| form.get("type") != Some(&Value::from("null")));
        real.map(move |(place, form)| (format!("{name}/{place}"), form))
    });
    let (only, form) = real.next()?;
    // a single tagged form is still a choice
    let tagged = properties(form).is_some_and(|fields| fields.len() == 1) && schema.get("anyOf").is_none();
    (real.next().is_none() && !tagged && form.get("const").is_none()).then_some(only)
}

fn kind(root: &Value, schema: &Value, pointer: &str, form: &str) -> Kind {
    match form {
        "secret" => return Kind::Secret,
        "field" => return Kind::Field,
        "expression" => return Kind::Expression,
        "template" => return Kind::Template,
        "text" => return Kind::Long,
        "code" if is(schema, "string") => return Kind::Long,
        "code" => return Kind::Json,
        _ => {}
    }
    let branches = branches(root, schema, pointer);
    if !branches.is_empty() {
        return Kind::Choice(branches);
    }
    if is(schema, "array") {
        let items = schema.get("items").is_some_and(Value::is_object);
        return if items { Kind::List(format!("{pointer}/items")) } else { Kind::Json };
    }
    if is(schema, "object") {
        return object(schema, pointer);
    }
    scalar(schema)
}

fn object(schema: &Value, pointer: &str) -> Kind {
    match (properties(schema), schema.get("additionalProperties")) {
        (Some(fields), _) => {
            let required =
                schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let member = |name: &String| Member {
                name: name.clone(),
                pointer: format!("{pointer}/properties/{}", escape(name)),
                required: required.iter().any(|it| it.as_str() == Some(name)),
            };
            Kind::Group(fields.keys().map(member).collect())
        }
        (None, Some(Value::Object(_))) => Kind::Map(format!("{pointer}/additionalProperties")),
        (None, Some(Value::Bool(false))) => Kind::Group(Vec::new()),
        (None, _) => Kind::Json,
    }
}

fn scalar(schema: &Value) -> Kind {
    match (is(schema, "string"), is(schema, "number"), is(schema, "integer"), is(schema, "boolean")) {
        (true, true, ..) => Kind::Scalar,
        (true, ..) => Kind::Text,
        (_, _, true, _) => Kind::Number { whole: true },
        (_, true, ..) => Kind::Number { whole: false },
        (_, _, _, true) => Kind::Switch,
        _ => Kind::Json,
    }
}

/// The things a choice is between; those that can be written in two ways once.
fn branches(root: &Value, schema: &Value, pointer: &str) -> Vec<Branch> {
    let mut found: Vec<Branch> = Vec::new();
    let mut add = |branch: Branch| match found.iter_mut().find(|known| known.tag == branch.tag) {
        Some(known) => {
            known.bare |= branch.bare;
            known.content = known.content.take().or(branch.content);
            if known.title.is_empty() {
                (known.title, known.description) = (branch.title, branch.description);
            }
        }
        None => found.push(branch),
    };
    plain(schema).for_each(&mut add);
    for name in ["oneOf", "anyOf"] {
        let forms = schema.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (place, form) in forms.iter().enumerate() {
            plain(form).for_each(&mut add);
            if let Some((tag, _)) =
                properties(form).filter(|fields| fields.len() == 1).and_then(|it| it.iter().next())
            {
                let content = format!("{pointer}/{name}/{place}/properties/{}", escape(tag));
                let empty = Shape::at(root, &content).kind == Kind::Group(Vec::new());
                add(branch(form, tag, false, (!empty).then_some(content)));
            }
        }
    }
    found
}

/// What can be written by its name alone.
fn plain(schema: &Value) -> impl Iterator<Item = Branch> {
    let names = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
    names.filter_map(Value::as_str).map(|tag| branch(schema, tag, true, None))
}

fn branch(schema: &Value, tag: &str, bare: bool, content: Option<String>) -> Branch {
    let several = schema.get("enum").is_some();
    let text = |member: &str| schema.get(member).and_then(Value::as_str).filter(|_| !several);
    Branch {
        tag: tag.to_owned(),
        title: text("title").unwrap_or_default().to_owned(),
        description: text("description").unwrap_or_default().to_owned(),
        bare,
        content,
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn is(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|it| it == kind),
        _ => kind == "object" && schema.get("properties").is_some(),
    }
}

/// A name within a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kinds(schema: &Value) -> Vec<(String, Kind)> {
        let Kind::Group(members) = Shape::at(schema, "").kind else { return Vec::new() };
        members.into_iter().map(|member| (member.name, Shape::at(schema, &member.pointer).kind)).collect()
    }

    #[test]
    fn each_shape_of_a_setting_is_told_from_the_others() {
        let schema = json!({
            "type": "object",
            "properties": {
                "path": { "type": "string" },
                "condition": { "anyOf": [{ "$ref": "#/$defs/Expression" }, { "type": "null" }] },
                "body": { "type": ["string", "null"], "x-form": "text" },
                "records": { "type": "array", "items": true, "x-form": "code" },
                "limit": { "type": ["integer", "null"] },
                "factor": { "type": "number" },
                "keep": { "type": "boolean" },
                "by": { "type": "array", "items": { "$ref": "#/$defs/FieldPath" } },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "password": { "type": "object", "x-form": "secret", "properties": { "secret": { "type": "string" } } },
                "value": { "type": ["string", "number", "boolean", "null"] },
                "nothing": { "type": "object", "additionalProperties": false },
            },
            "$defs": {
                "Expression": { "type": "string", "x-form": "expression" },
                "FieldPath": { "type": "string", "x-form": "field" },
            },
        });
        let found: Vec<Kind> = kinds(&schema).into_iter().map(|(_, kind)| kind).collect();
        let wanted = [
            Kind::Text,
            Kind::Expression,
            Kind::Long,
            Kind::Json,
            Kind::Number { whole: true },
            Kind::Number { whole: false },
            Kind::Switch,
            Kind::List("/properties/by/items".to_owned()),
            Kind::Map("/properties/headers/additionalProperties".to_owned()),
            Kind::Secret,
            Kind::Scalar,
            Kind::Group(Vec::new()),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_choice_names_each_of_its_forms_once() {
        let schema = json!({
            "oneOf": [
                { "type": "string", "enum": ["csv", "ods"] },
                { "type": "object", "properties": { "csv": { "$ref": "#/$defs/Csv" } } },
                { "type": "object", "properties": { "ods": { "type": "object", "additionalProperties": false } } },
                { "type": "object", "properties": { "xml": { "$ref": "#/$defs/Csv" } }, "title": "XML" },
            ],
            "$defs": { "Csv": { "type": "object", "properties": { "delimiter": { "type": "string" } } } },
        });
        let Kind::Choice(branches) = Shape::at(&schema, "").kind else { panic!("no choice") };
        let told: Vec<_> =
            branches.iter().map(|it| (it.tag.as_str(), it.bare, it.content.is_some())).collect();
        assert_eq!(told, [("csv", true, true), ("ods", true, false), ("xml", false, true)]);
        assert_eq!(branches[2].title, "XML");
    }

    #[test]
    fn one_tagged_form_is_a_choice_still() {
        let schema =
            json!({ "oneOf": [{ "type": "object", "properties": { "basic": { "type": "string" } } }] });
        assert!(matches!(Shape::at(&schema, "").kind, Kind::Choice(_)));
    }

    #[test]
    fn a_schema_that_holds_itself_is_no_trouble() {
        let schema = json!({ "type": "object", "properties": { "left": { "$ref": "#" } } });
        assert!(matches!(Shape::at(&schema, "/properties/left").kind, Kind::Group(_)));
    }
}
