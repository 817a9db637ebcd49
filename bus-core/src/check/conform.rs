use crate::{
    Message,
    catalogue::SettingsProblem,
    msg,
    nearest::nearest,
    yaml::{join_index, join_key},
};
use serde_json::{Map, Value};

/// What keeps `value` from having the form of a JSON Schema as `schemars` writes them: unknown and
/// missing fields, wrong types, unknown choices, numbers out of range. All at once.
///
/// Says nothing about what a schema cannot say; the parse into the type finds that.
#[must_use]
pub fn conform(schema: &Value, value: &Value) -> Vec<SettingsProblem> {
    let mut conform = Conform { root: schema, found: Vec::new() };
    conform.value(schema, value, "");
    conform.found
}

struct Conform<'a> {
    root: &'a Value,
    found: Vec<SettingsProblem>,
}

impl<'a> Conform<'a> {
    fn say(&mut self, path: &str, message: Message, advice: Option<Message>) {
        self.found.push(SettingsProblem { path: path.to_owned(), message, advice });
    }

    /// The problems with `value` by itself.
    fn tried(&self, schema: &'a Value, value: &Value, path: &str) -> Vec<SettingsProblem> {
        let mut other = Conform { root: self.root, found: Vec::new() };
        other.value(schema, value, path);
        other.found
    }

    /// Follows `$ref`; other members beside it only describe.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..16 {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
            let Some(pointer) = target.strip_prefix('#') else { break };
            match self.root.pointer(pointer) {
                Some(found) => schema = found,
                None => break,
            }
        }
        schema
    }

    fn value(&mut self, schema: &'a Value, value: &Value, path: &str) {
        let schema = self.resolve(schema);
        for part in members(schema, "allOf") {
            self.value(part, value, path);
        }
        let branches = members(schema, "anyOf").iter().chain(members(schema, "oneOf"));
        let branches: Vec<&'a Value> = branches.map(|branch| self.resolve(branch)).collect();
        if !branches.is_empty() {
            self.branches(&branches, value, path);
            return;
        }
        if !self.has_type(schema, value, path) {
            return;
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, path),
            Value::Array(items) => self.list(schema, items, path),
            Value::Number(number) => self.range(schema, number.as_f64().unwrap_or(0.0), path),
            Value::String(text) => self.text(schema, text, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn has_type(&mut self, schema: &Value, value: &Value, path: &str) -> bool {
        let types = types(schema);
        if types.is_empty() || types.iter().any(|kind| is_of_type(kind, value)) {
            return true;
        }
        let wanted = types.iter().find(|kind| **kind != "null").copied().unwrap_or("null");
        self.wrong_type(wanted, value, path);
        false
    }

    fn wrong_type(&mut self, wanted: &str, value: &Value, path: &str) {
        let message =
            msg!("{wanted} is needed here, not {found}", wanted = type_name(wanted), found = found(value));
        let advice = match (wanted, value) {
            ("string", Value::Number(_) | Value::Bool(_)) => {
                Some(msg!("write it in quotes: \"{value}\"", value = value.to_string()))
            }
            ("integer" | "number", Value::String(text)) if text.parse::<f64>().is_ok() => {
                Some(msg!("write it without quotes: {value}", value = text))
            }
            ("array", _) => Some(msg!("write a list: `[…]`, or one `- …` a line")),
            _ => None,
        };
        self.say(path, message, advice);
    }

    fn object(&mut self, schema: &'a Value, fields: &Map<String, Value>, path: &str) {
        let known = schema.get("properties").and_then(Value::as_object);
        let rest = schema.get("additionalProperties");
        let mut meant = Vec::new();
        for (key, value) in fields {
            let at = join_key(path, key);
            match known.and_then(|known| known.get(key)) {
                Some(field) => self.value(field, value, &at),
                None => match rest {
                    Some(Value::Bool(false)) => {
                        let names = known.into_iter().flat_map(|known| known.keys());
                        let free = names.filter(|name| !fields.contains_key(*name)).map(String::as_str);
                        meant.extend(self.unknown_field(key, &at, &free.collect::<Vec<_>>()));
                    }
                    Some(field @ Value::Object(_)) => self.value(field, value, &at),
                    _ => {}
                },
            }
        }
        for name in members(schema, "required").iter().filter_map(Value::as_str) {
            // a name that was mistyped is said once
            if !fields.contains_key(name) && !meant.contains(&name) {
                self.say(&join_key(path, name), msg!("this has to be given"), None);
            }
        }
    }

    /// Says that a field is unknown; returns the name that was probably meant.
    fn unknown_field<'n>(&mut self, key: &str, path: &str, names: &[&'n str]) -> Option<&'n str> {
        let near = nearest(key, names.iter().copied());
        let advice = match near {
            Some(name) => msg!("did you mean `{name}`?", name = name),
            None if names.is_empty() => msg!("remove it"),
            None => msg!("known are {names}", names = quoted(names)),
        };
        self.say(path, msg!("unknown field `{key}`", key = key), Some(advice));
        near
    }

    fn list(&mut self, schema: &'a Value, items: &[Value], path: &str) {
        let first = members(schema, "prefixItems");
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or_else(|| schema.get("items")) {
                self.value(schema, item, &join_index(path, index));
            }
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            self.say(path, msg!("at least {count} items are needed here", count = least), None);
        }
    }

    fn range(&mut self, schema: &Value, number: f64, path: &str) {
        let limit = |name| schema.get(name).and_then(Value::as_f64);
        if let Some(least) = limit("minimum").filter(|least| number < *least) {
            self.say(
                path,
                msg!("at least {least} is needed here, not {number}", least = least, number = number),
                None,
            );
        }
        if let Some(most) = limit("maximum").filter(|most| number > *most) {
            self.say(
                path,
                msg!("at most {most} is possible here, not {number}", most = most, number = number),
                None,
            );
        }
    }

    fn text(&mut self, schema: &Value, text: &str, path: &str) {
        if let Some(choices) = choices(schema)
            && !choices.contains(&text)
        {
            self.unknown_choice(text, path, &choices);
        }
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
        if (text.chars().count() as u64) < least {
            self.say(path, msg!("a text is needed here"), None);
        }
    }

    fn unknown_choice(&mut self, text: &str, path: &str, choices: &[&str]) {
        let message = msg!("unknown choice `{text}`", text = text);
        let advice = match nearest(text, choices.iter().copied()) {
            Some(name) => msg!("did you mean `{name}`?", name = name),
            None => msg!("known are {names}", names = quoted(choices)),
        };
        self.say(path, message, Some(advice));
    }

    /// A value that may have one of several forms: optional, or a choice with settings of its own.
    fn branches(&mut self, branches: &[&'a Value], value: &Value, path: &str) {
        let tried: Vec<_> = branches.iter().map(|branch| self.tried(branch, value, path)).collect();
        if tried.iter().any(Vec::is_empty) {
            return;
        }
        let mut tags: Vec<&str> = Vec::new();
        for tag in branches.iter().flat_map(|branch| self::tags(branch)) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        match value {
            Value::Object(fields) => {
                let tagged =
                    |branch: &Value| tags_of_object(branch).iter().any(|tag| fields.contains_key(*tag));
                if let Some(place) = branches.iter().position(|branch| tagged(branch)) {
                    self.found.extend(tried.into_iter().nth(place).unwrap_or_default());
                    return;
                }
                if let (Some(key), false) = (fields.keys().next(), tags.is_empty()) {
                    self.unknown_choice(key, &join_key(path, key), &tags);
                    return;
                }
            }
            Value::String(text) if !tags.is_empty() => {
                if tags.contains(&text.as_str()) {
                    let message = msg!("`{text}` has settings of its own", text = text);
                    let advice = msg!("write `{text}: {settings}`", text = text, settings = "{ … }");
                    self.say(path, message, Some(advice));
                } else {
                    self.unknown_choice(text, path, &tags);
                }
                return;
            }
            _ => {}
        }
        // the form of the same type says most; otherwise the first that is not "nothing"
        let same_type = |branch: &&Value| {
            let types = types(branch);
            types.is_empty() || types.iter().any(|kind| is_of_type(kind, value))
        };
        let real = |branch: &&Value| types(branch) != ["null"];
        let place = branches.iter().position(|branch| real(branch) && same_type(branch));
        let place = place.or_else(|| branches.iter().position(real)).unwrap_or(0);
        self.found.extend(tried.into_iter().nth(place).unwrap_or_default());
    }
}

fn members<'a>(schema: &'a Value, name: &str) -> &'a [Value] {
    schema.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of_type(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// The texts a schema allows, if it lists them.
fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(only) = schema.get("const") {
        return Some(only.as_str().into_iter().collect());
    }
    schema.get("enum").map(|_| members(schema, "enum").iter().filter_map(Value::as_str).collect())
}

/// The names a branch of an externally tagged choice goes by.
fn tags(branch: &Value) -> Vec<&str> {
    choices(branch).unwrap_or_else(|| tags_of_object(branch))
}

/// `{ type: object, properties: { name: … }, required: [name], additionalProperties: false }`
fn tags_of_object(branch: &Value) -> Vec<&str> {
    let required: Vec<&str> = members(branch, "required").iter().filter_map(Value::as_str).collect();
    let properties = branch.get("properties").and_then(Value::as_object).map_or(0, Map::len);
    if required.len() == 1 && properties == 1 { required } else { Vec::new() }
}

pub(super) fn type_name(kind: &str) -> Message {
    match kind {
        "boolean" => msg!("`true` or `false`"),
        "integer" => msg!("a whole number"),
        "number" => msg!("a number"),
        "array" => msg!("a list"),
        "object" => msg!("a group of fields"),
        "null" => msg!("nothing"),
        _ => msg!("a text"),
    }
}

fn found(value: &Value) -> Message {
    match value {
        Value::Null => msg!("nothing"),
        Value::Bool(_) | Value::Number(_) => msg!("`{value}`", value = value.to_string()),
        Value::String(_) => msg!("a text"),
        Value::Array(_) => msg!("a list"),
        Value::Object(_) => msg!("a group of fields"),
    }
}

pub(super) fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
