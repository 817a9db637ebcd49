//! The manual page of a connector or a format, made from its schema: what the form shows too.

mod translated;
mod words;

use crate::{Language, Message, msg};
use serde::Serialize;
use serde_json::{Map, Value};
pub use translated::translated;
pub use words::{groups, kind};

/// What there is to know about the settings of a connector or a format.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Its name.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Its settings, those within groups right after the group.
    pub settings: Vec<Setting>,
}

/// One setting on a manual page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its path, such as `format` or `fields[].name`.
    pub path: String,
    /// Its label.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What can be written there.
    pub kind: Message,
    /// Whether it must be given.
    pub required: bool,
    /// What counts where it is not given.
    pub default: Option<Value>,
    /// Values that could stand there.
    pub examples: Vec<Value>,
    /// What it is a choice between, where the choices are explained.
    pub choices: Vec<Choice>,
}

/// One of several things a setting may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// What is written.
    pub name: String,
    /// Its label.
    pub title: String,
    /// What it means.
    pub description: String,
}

impl Page {
    /// The page a schema makes, with its labels and descriptions in `language`.
    #[must_use]
    pub fn of(schema: &Value, language: Language) -> Self {
        Self::within(schema, schema, language)
    }

    /// The page of a schema that stands within another and refers to its definitions.
    #[must_use]
    pub fn within(root: &Value, schema: &Value, language: Language) -> Self {
        let mut writer = Writer { root, language, settings: Vec::new(), open: Vec::new() };
        let (schema, _) = writer.resolve(schema);
        let (title, description) = (writer.member(schema, "title"), writer.member(schema, "description"));
        writer.fields(schema, "");
        Self { title, description, settings: writer.settings }
    }
}

struct Writer<'a> {
    root: &'a Value,
    language: Language,
    settings: Vec<Setting>,
    /// The definitions being described, so that one that holds itself ends.
    open: Vec<&'a str>,
}

/// Groups within groups beyond this depth are named, not described.
const DEEPEST: usize = 6;

impl<'a> Writer<'a> {
    /// The schema a `$ref` leads to, with its name; optional values are looked through.
    fn resolve(&self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        let (mut schema, mut name) = (schema, None);
        for _ in 0..16 {
            if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
                let found = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                let Some(found) = found else { break };
                (schema, name) = (found, target.rsplit('/').next());
            } else if let Some(inner) = the_only_form(schema) {
                schema = inner;
            } else {
                break;
            }
        }
        (schema, name)
    }

    fn member(&self, schema: &Value, name: &str) -> String {
        let text = schema.get(name).and_then(Value::as_str).unwrap_or_default();
        self.language.text(text).to_owned()
    }

    fn fields(&mut self, schema: &'a Value, path: &str) {
        let required = list(schema, "required");
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.setting(field, &path, required.iter().any(|it| it == name));
        }
    }

    fn setting(&mut self, field: &'a Value, path: &str, required: bool) {
        let (schema, name) = self.resolve(field);
        // what stands at the field says more than what stands at its type
        let said = |member: &str| match self.member(field, member) {
            text if text.is_empty() => self.member(schema, member),
            text => text,
        };
        let examples = [list(field, "examples"), list(schema, "examples")];
        let examples =
            examples.into_iter().find(|examples| !examples.is_empty()).unwrap_or_default().to_vec();
        self.settings.push(Setting {
            title: said("title"),
            description: said("description"),
            kind: self.kind(field),
            required,
            default: field.get("default").or(schema.get("default")).filter(|it| !it.is_null()).cloned(),
            examples,
            choices: self.choices(schema),
            path: path.to_owned(),
        });
        if self.open.len() >= DEEPEST || name.is_some_and(|name| self.open.contains(&name)) {
            return;
        }
        self.open.push(name.unwrap_or_default());
        self.inside(schema, path);
        self.open.pop();
    }

    /// What is said of each thing a setting may be; nothing if nothing is.
    fn choices(&self, schema: &'a Value) -> Vec<Choice> {
        if is_format(schema) {
            return Vec::new();
        }
        let branches = list(schema, "oneOf").iter().chain(list(schema, "anyOf"));
        let named = branches.filter_map(|branch| {
            let tagged = branch.get("properties").and_then(Value::as_object).filter(|it| it.len() == 1);
            let tag = tagged.and_then(|fields| fields.keys().next()).map(String::as_str);
            let name = branch.get("const").and_then(Value::as_str).or(tag)?;
            let said = |member: &str| self.member(branch, member);
            Some(Choice { name: name.to_owned(), title: said("title"), description: said("description") })
        });
        let choices: Vec<Choice> = named.collect();
        let any = choices.iter().any(|it| !it.title.is_empty() || !it.description.is_empty());
        if any { choices } else { Vec::new() }
    }

    /// The settings within a group, a list of groups or groups by name.
    fn inside(&mut self, schema: &'a Value, path: &str) {
        self.fields(schema, path);
        if let Some(items) = schema.get("items") {
            let (items, _) = self.resolve(items);
            self.fields(items, &format!("{path}[]"));
        }
        if let Some(members @ Value::Object(_)) = schema.get("additionalProperties") {
            let (members, _) = self.resolve(members);
            self.fields(members, &format!("{path}.*"));
        }
        // formats have pages of their own
        if !is_format(schema) {
            for (name, form) in forms(schema) {
                let (form, _) = self.resolve(form);
                self.fields(form, &format!("{path}.{name}"));
            }
        }
    }

    /// What can be written there, in words.
    fn kind(&self, schema: &'a Value) -> Message {
        let (inner, _) = self.resolve(schema);
        let form = schema.get("x-form").or(inner.get("x-form")).and_then(Value::as_str);
        match form {
            Some("field") => return msg!("path of a field"),
            Some("expression") => return msg!("expression"),
            Some("template") => return msg!("template"),
            Some("secret") => return msg!("secret"),
            Some("code") if is_type(inner, "string") => return msg!("code"),
            _ => {}
        }
        let choices = choices(inner);
        if !choices.is_empty() {
            return msg!("one of {choices}", choices = quoted(&choices));
        }
        if is_type(inner, "array") {
            return match inner.get("items") {
                Some(items) => msg!("list: {kind}", kind = self.kind(items)),
                None => msg!("list"),
            };
        }
        if is_type(inner, "object") {
            return match inner.get("additionalProperties") {
                Some(members @ Value::Object(_)) => msg!("by name: {kind}", kind = self.kind(members)),
                _ => msg!("group"),
            };
        }
        scalar_kind(inner)
    }
}

fn scalar_kind(schema: &Value) -> Message {
    let limit = |name| schema.get(name).filter(|limit| limit.is_number()).map(ToString::to_string);
    if is_type(schema, "string") && is_type(schema, "number") {
        return msg!("text, number, `true` or `false`");
    }
    let number = if is_type(schema, "integer") {
        msg!("whole number")
    } else if is_type(schema, "number") {
        msg!("number")
    } else if is_type(schema, "boolean") {
        return msg!("`true` or `false`");
    } else if is_type(schema, "string") {
        return msg!("text");
    } else {
        return msg!("any value");
    };
    // the limits of the machine's integers say nothing to a person
    let telling = |limit: &String| limit.len() < 7;
    match (limit("minimum").filter(telling), limit("maximum").filter(telling)) {
        (Some(least), Some(most)) => {
            msg!("{kind} from {least} to {most}", kind = number, least = least, most = most)
        }
        (Some(least), None) => msg!("{kind} from {least}", kind = number, least = least),
        (None, Some(most)) => msg!("{kind} up to {most}", kind = number, most = most),
        (None, None) => number,
    }
}

/// What an optional value is when it is there.
fn the_only_form(schema: &Value) -> Option<&Value> {
    let forms = [list(schema, "anyOf"), list(schema, "oneOf"), list(schema, "allOf")];
    let mut real = forms.into_iter().flatten().filter(|form| form.get("type") != Some(&Value::from("null")));
    let only = real.next()?;
    real.next().is_none().then_some(only)
}

fn list<'a>(schema: &'a Value, name: &str) -> &'a [Value] {
    schema.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_type(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|it| it == kind),
        _ => kind == "object" && schema.get("properties").is_some(),
    }
}

/// The forms of a choice that have settings of their own, by name.
fn forms(schema: &Value) -> Vec<(&str, &Value)> {
    let branches = list(schema, "oneOf").iter().chain(list(schema, "anyOf"));
    let properties = branches.filter_map(|branch| branch.get("properties").and_then(Value::as_object));
    properties
        .filter(|fields| fields.len() == 1)
        .flat_map(Map::iter)
        .map(|(name, form)| (name.as_str(), form))
        .collect()
}

/// The names a choice is between.
fn choices(schema: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let branches = list(schema, "oneOf").iter().chain(list(schema, "anyOf"));
    for branch in [schema].into_iter().chain(branches) {
        let texts = list(branch, "enum").iter().chain(branch.get("const")).filter_map(Value::as_str);
        names.extend(texts.collect::<Vec<_>>());
    }
    names.extend(forms(schema).into_iter().map(|(name, _)| name));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn is_format(schema: &Value) -> bool {
    choices(schema).contains(&"ndjson")
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_from_a_schema() {
        let schema = json!({
            "title": "Sort", "description": "Puts records in order.", "type": "object",
            "properties": {
                "by": { "title": "Keys", "type": "array", "items": { "$ref": "#/$defs/Key" } },
                "limit": { "title": "At most", "type": ["integer", "null"], "minimum": 1, "default": null },
                "mode": { "anyOf": [{ "$ref": "#/$defs/Mode" }, { "type": "null" }], "default": "fast" },
                "names": { "type": "object", "additionalProperties": { "type": "string" } },
                "tree": { "$ref": "#/$defs/Tree" },
            },
            "required": ["by"],
            "$defs": {
                "Key": { "type": "object", "properties": {
                    "field": { "title": "Field", "type": "string", "x-form": "field", "examples": ["a.b"] },
                }, "required": ["field"] },
                "Mode": { "title": "Mode", "oneOf": [
                    { "const": "fast" },
                    { "type": "object", "properties": { "exact": { "type": "object", "properties": {
                        "digits": { "title": "Digits", "type": "integer", "minimum": 0, "maximum": 9 },
                    } } }, "required": ["exact"] },
                ] },
                "Tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/Tree" } } },
            },
        });
        let page = Page::of(&schema, Language::En);
        let lines: Vec<String> = page
            .settings
            .iter()
            .map(|it| {
                format!("{} | {} | {} | {} | {:?}", it.path, it.title, it.kind, it.required, it.default)
            })
            .collect();
        expect_test::expect![[r#"
            by | Keys | list: group | true | None
            by[].field | Field | path of a field | true | None
            limit | At most | whole number from 1 | false | None
            mode | Mode | one of `fast`, `exact` | false | Some(String("fast"))
            mode.exact.digits | Digits | whole number from 0 to 9 | false | None
            names |  | by name: text | false | None
            tree |  | group | false | None
            tree.left |  | group | false | None"#]]
        .assert_eq(&lines.join("\n"));
    }
}
