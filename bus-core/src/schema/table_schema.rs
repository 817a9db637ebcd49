use super::{Kind, KnownFormat, Rule};
use crate::{
    Message, msg,
    time::{Hints, parse_any},
};
use regex::RegexBuilder;
use serde_json::Value as Json;
use std::fmt;

/// A [Table Schema](https://specs.frictionlessdata.io/table-schema/), as schema.data.gouv.fr publishes them.
#[derive(Debug, Clone)]
pub struct TableSchema {
    /// The rules, by field, in the order of the columns.
    pub fields: Vec<NamedRule>,
    /// The fields that together name a row.
    pub primary_key: Vec<String>,
}

/// The rule of one column.
#[derive(Debug, Clone)]
pub struct NamedRule {
    /// The name of the column.
    pub name: String,
    /// What it must keep.
    pub rule: Rule,
    /// Whether no value may come twice.
    pub unique: bool,
}

/// Why a text is not a Table Schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchemaError(Message);

impl TableSchemaError {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for TableSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for TableSchemaError {}

impl From<TableSchemaError> for Message {
    fn from(error: TableSchemaError) -> Self {
        error.0
    }
}

/// Compiled patterns larger than this would cost too much memory.
const LARGEST_PATTERN: usize = 1 << 20;

impl TableSchema {
    /// Reads a schema from its JSON text.
    ///
    /// # Errors
    /// When it is no JSON, has no fields, or a field has a type or pattern that cannot be understood.
    pub fn read(json: &str) -> Result<Self, TableSchemaError> {
        let schema: Json = serde_json::from_str(json).map_err(|error| {
            TableSchemaError(msg!("the schema is no JSON: {problem}", problem = error.to_string()))
        })?;
        let fields = schema.get("fields").and_then(Json::as_array).ok_or_else(|| {
            TableSchemaError(msg!("the schema has no list `fields`; it must be a Table Schema"))
        })?;
        let missing = match schema.get("missingValues") {
            Some(Json::Array(_)) => texts(schema.get("missingValues")),
            _ => Vec::new(),
        };
        let fields = fields.iter().enumerate().map(|(place, field)| named_rule(place, field, &missing));
        let primary_key = match schema.get("primaryKey") {
            Some(Json::String(name)) => vec![name.clone()],
            other => texts(other),
        };
        Ok(Self { fields: fields.collect::<Result<_, _>>()?, primary_key })
    }
}

fn texts(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.map(|item| item.as_str().map_or_else(|| item.to_string(), ToOwned::to_owned)).collect()
}

fn named_rule(place: usize, field: &Json, missing: &[String]) -> Result<NamedRule, TableSchemaError> {
    let name = field.get("name").and_then(Json::as_str).ok_or_else(|| {
        TableSchemaError(msg!("field {number} of the schema has no name", number = place + 1))
    })?;
    let none = Json::Null;
    let limits = field.get("constraints").unwrap_or(&none);
    let flag = |key: &str| limits.get(key).and_then(Json::as_bool).unwrap_or(false);
    let count =
        |key: &str| limits.get(key).and_then(Json::as_u64).and_then(|count| usize::try_from(count).ok());
    let mut rule = Rule {
        required: flag("required"),
        values: texts(limits.get("enum")),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        missing: missing.to_vec(),
        ..Rule::default()
    };
    set_kind(&mut rule, field, name)?;
    set_bounds(&mut rule, limits);
    if let Some(pattern) = limits.get("pattern").and_then(Json::as_str) {
        let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(LARGEST_PATTERN).build();
        rule.pattern = Some(whole.map_err(|_| {
            TableSchemaError(msg!(
                "field `{field}` of the schema: the pattern `{pattern}` cannot be used",
                field = name,
                pattern = pattern
            ))
        })?);
    }
    Ok(NamedRule { name: name.to_owned(), rule, unique: flag("unique") })
}

fn set_kind(rule: &mut Rule, field: &Json, name: &str) -> Result<(), TableSchemaError> {
    let text = |key: &str| field.get(key).and_then(Json::as_str);
    let form = text("format").unwrap_or("default");
    rule.kind = match text("type").unwrap_or("string") {
        "string" => {
            rule.format = match form {
                "email" => Some(KnownFormat::Email),
                "uri" => Some(KnownFormat::Url),
                "uuid" => Some(KnownFormat::Uuid),
                _ => None,
            };
            Kind::Text
        }
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => {
            let or = |key: &str, usual: [&str; 4]| match texts(field.get(key)) {
                none if none.is_empty() => usual.map(ToOwned::to_owned).to_vec(),
                given => given,
            };
            rule.true_values = or("trueValues", ["true", "True", "TRUE", "1"]);
            rule.false_values = or("falseValues", ["false", "False", "FALSE", "0"]);
            Kind::Boolean
        }
        kind @ ("date" | "datetime") => {
            let usual = if kind == "date" { "yyyy-MM-dd" } else { "" };
            let pattern = match form {
                "default" => usual,
                "any" => "",
                other => other,
            };
            if !pattern.is_empty() {
                let pattern = pattern.strip_prefix("fmt:").unwrap_or(pattern).parse();
                rule.dates.push(pattern.map_err(|error| {
                    TableSchemaError(msg!(
                        "field `{field}` of the schema: {problem}",
                        field = name,
                        problem = super::pattern_problem(&error)
                    ))
                })?);
            }
            if kind == "date" { Kind::Date } else { Kind::Time }
        }
        "year" => Kind::Year,
        "geopoint" => Kind::Position,
        "array" => Kind::List,
        "object" | "geojson" => Kind::Object,
        "any" | "time" | "duration" | "yearmonth" => Kind::Any,
        other => {
            return Err(TableSchemaError(msg!(
                "field `{field}` of the schema has the type `{type}`, which is unknown",
                field = name,
                type = other
            )));
        }
    };
    Ok(())
}

fn set_bounds(rule: &mut Rule, limits: &Json) {
    let bound = |key: &str| match limits.get(key) {
        Some(Json::Number(number)) => Some(number.to_string()),
        Some(Json::String(text)) => Some(text.clone()),
        _ => None,
    };
    let (minimum, maximum) = (bound("minimum"), bound("maximum"));
    if matches!(rule.kind, Kind::Date | Kind::Time) {
        let time = |text: Option<String>| text.and_then(|text| parse_any(&text, &Hints::default()));
        (rule.earliest, rule.latest) = (time(minimum), time(maximum));
    } else {
        let number = |text: Option<String>| text.and_then(|text| crate::numbers::read(&text));
        (rule.minimum, rule.maximum) = (number(minimum), number(maximum));
    }
}
