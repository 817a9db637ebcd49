//! Conditions as the earlier bus wrote them, after the manner of MongoDB: `{"power": {"$gt": 22}}`.

use super::{
    pattern::Patterns,
    script::{self, Kind, Path, Written, all, any, not, quoted, sure, test},
};
use bus_core::{Message, msg};
use serde_json::{Map, Value};

/// How deep conditions nest at most.
const MOST_DEPTH: usize = 24;

/// The condition as an expression; or why it has none.
pub(super) fn condition(query: &Value, patterns: &mut Patterns) -> Result<Written, Message> {
    read(query, patterns, 0)
}

fn read(query: &Value, patterns: &mut Patterns, depth: usize) -> Result<Written, Message> {
    if depth > MOST_DEPTH {
        return Err(msg!("it nests too deeply"));
    }
    let fields = match query {
        Value::Object(fields) => fields,
        Value::String(text) => return script(text, patterns),
        _ => return Err(msg!("it is no condition")),
    };
    let mut conditions = Vec::new();
    for (key, value) in fields {
        conditions.push(match key.as_str() {
            "$and" => all(several(value, patterns, depth)?),
            "$or" => any(several(value, patterns, depth)?),
            "$nor" => not(any(several(value, patterns, depth)?)),
            "$not" => not(read(value, patterns, depth + 1)?),
            "$where" => match value {
                Value::String(text) => script(text, patterns)?,
                _ => return Err(unknown(key)),
            },
            _ if key.starts_with('$') && !key.starts_with("$.") => return Err(unknown(key)),
            _ => {
                let field = patterns.writer.item(&Path::read(key), 0).map_err(|trouble| trouble.problem)?;
                on_field(&field, value, patterns, depth + 1)?
            }
        });
    }
    Ok(all(conditions))
}

fn unknown(operator: &str) -> Message {
    msg!("the condition `{operator}` has no translation", operator = operator)
}

fn several(value: &Value, patterns: &mut Patterns, depth: usize) -> Result<Vec<Written>, Message> {
    let Value::Array(items) = value else { return Err(msg!("a list of conditions is expected")) };
    items.iter().map(|item| read(item, patterns, depth + 1)).collect()
}

/// `$where`: one expression for each item.
fn script(text: &str, patterns: &mut Patterns) -> Result<Written, Message> {
    let source = text.trim().trim_start_matches('=');
    let written = script::parse(source).and_then(|expression| patterns.writer.condition(&expression));
    written.map_err(|trouble| {
        let column = trouble.column(source);
        msg!(
            "the expression `{text}` has no translation: column {column}: {problem}",
            text = source,
            column = column,
            problem = trouble.problem
        )
    })
}

fn operators(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|fields| !fields.is_empty() && fields.keys().all(|key| key.starts_with('$')))
}

fn on_field(
    field: &Written,
    value: &Value,
    patterns: &mut Patterns,
    depth: usize,
) -> Result<Written, Message> {
    if depth > MOST_DEPTH {
        return Err(msg!("it nests too deeply"));
    }
    let Some(operators) = operators(value) else { return equal(field, value, patterns) };
    let mut conditions = Vec::new();
    for (operator, value) in operators {
        let options = operators.get("$options").and_then(Value::as_str).unwrap_or_default();
        if operator != "$options" {
            conditions.push(operator_on(field, (operator, value, options), patterns, depth)?);
        }
    }
    Ok(all(conditions))
}

/// A value that is compared with.
fn literal(value: &Value, patterns: &mut Patterns) -> Result<Written, Message> {
    let before = patterns.kept.len();
    let written = patterns.value(value, &Path::default());
    if patterns.kept.len() > before {
        let trouble = patterns.kept.pop().map(|kept| kept.trouble.problem);
        return Err(trouble.unwrap_or_else(|| msg!("it is no condition")));
    }
    Ok(written.or_null())
}

fn equal(field: &Written, value: &Value, patterns: &mut Patterns) -> Result<Written, Message> {
    let value = literal(value, patterns)?;
    Ok(sure(format!("{} == {}", field.or_null().text, value.text)))
}

fn list(value: &Value, patterns: &mut Patterns) -> Result<String, Message> {
    Ok(match value {
        Value::Array(_) => literal(value, patterns)?.text,
        one => format!("[{}]", literal(one, patterns)?.text),
    })
}

fn operator_on(
    field: &Written,
    (operator, value, options): (&str, &Value, &str),
    patterns: &mut Patterns,
    depth: usize,
) -> Result<Written, Message> {
    let text = field.text.as_str();
    Ok(match operator {
        "$eq" => equal(field, value, patterns)?,
        "$ne" => {
            let value = literal(value, patterns)?;
            sure(format!("{} != {}", field.or_null().text, value.text))
        }
        "$gt" => ordered(field, ">", value, patterns)?,
        "$gte" => ordered(field, ">=", value, patterns)?,
        "$lt" => ordered(field, "<", value, patterns)?,
        "$lte" => ordered(field, "<=", value, patterns)?,
        "$between" => match value {
            Value::Array(ends) if ends.len() == 2 => {
                let from = ordered(field, ">=", &ends[0], patterns)?;
                all(vec![from, ordered(field, "<=", &ends[1], patterns)?])
            }
            _ => return Err(msg!("`$between` needs a list of two values")),
        },
        "$in" => sure(format!("{} in {}", field.or_null().text, list(value, patterns)?)),
        "$nin" => not(sure(format!("{} in {}", field.or_null().text, list(value, patterns)?))),
        "$regex" => {
            let (pattern, flags) = regex(value, options).ok_or_else(|| unknown(operator))?;
            let pattern = if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") };
            if regex::Regex::new(&pattern).is_err() {
                return Err(msg!("`{pattern}` is no regular expression here", pattern = pattern));
            }
            test(format!("matches({text}, {})", quoted(&pattern)))
        }
        "$contains" => {
            let part = literal(value, patterns)?.text;
            test(format!("try(contains({text}, {part}), {part} in {text})"))
        }
        "$notContains" => {
            let part = literal(value, patterns)?.text;
            not(test(format!("try(contains({text}, {part}), {part} in {text})")))
        }
        "$startsWith" | "$endsWith" => {
            let part = literal(value, patterns)?.text;
            test(format!("{}({text}, {part})", operator.trim_start_matches('$')))
        }
        "$exists" => {
            let there =
                value != &Value::Bool(false) && value != &Value::from(0) && value != &Value::from("false");
            let has = if field.text.ends_with(']') {
                format!("{} != null", field.or_null().text)
            } else if field.text.contains('.') {
                format!("has({text})")
            } else {
                format!("has(record.{text})")
            };
            if there { sure(has) } else { not(sure(has)) }
        }
        "$size" => test(format!("size({text}) == {}", literal(value, patterns)?.text)),
        "$all" => test(format!("sets.contains({text}, {})", list(value, patterns)?)),
        "$not" => not(on_field(field, value, patterns, depth + 1)?),
        "$type" => kind(field, value)?,
        "$elemMatch" => element(field, value, patterns, depth)?,
        _ => return Err(unknown(operator)),
    })
}

fn ordered(field: &Written, sign: &str, value: &Value, patterns: &mut Patterns) -> Result<Written, Message> {
    let written = literal(value, patterns)?;
    let plain = format!("{} {sign} {}", field.text, written.text);
    // a parameter comes as text, though a number may be meant
    if written.text.starts_with("params.") && written.kind == Kind::Text {
        return Ok(test(format!("try(double({}) {sign} double({}), {plain})", field.text, written.text)));
    }
    Ok(test(plain))
}

/// `"abc"` or `"/abc/i"`, with its flags.
fn regex(value: &Value, options: &str) -> Option<(String, String)> {
    let text = value.as_str()?;
    let flags =
        |flags: &str| flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 's' | 'x')).collect::<String>();
    match text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((pattern, after)) if after.chars().all(|flag| flag.is_ascii_alphabetic()) => {
            Some((pattern.to_owned(), flags(after)))
        }
        _ => Some((text.to_owned(), flags(options))),
    }
}

fn kind(field: &Written, value: &Value) -> Result<Written, Message> {
    let name = match value {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    let field = field.or_null().text;
    Ok(sure(match name.as_str() {
        "string" | "2" => format!("type({field}) == string"),
        "number" | "double" | "int" | "long" | "1" | "16" | "18" => format!("type({field}) in [int, double]"),
        "bool" | "boolean" | "8" => format!("type({field}) == bool"),
        "object" | "3" => format!("type({field}) == map"),
        "array" | "4" => format!("type({field}) == list"),
        "null" | "10" => format!("{field} == null"),
        _ => return Err(unknown("$type")),
    }))
}

/// A condition on the items of a list.
fn element(
    field: &Written,
    value: &Value,
    patterns: &mut Patterns,
    depth: usize,
) -> Result<Written, Message> {
    let name = ["each", "each_", "each__"].get(depth % 3).copied().unwrap_or("each");
    let mut inner = Patterns::new(script::Root::Local(name));
    let condition = match operators(value) {
        Some(operators)
            if !operators.keys().any(|key| matches!(key.as_str(), "$and" | "$or" | "$nor" | "$where")) =>
        {
            let item = Written::certain(name.to_owned(), Kind::Any);
            on_field(&item, value, &mut inner, depth + 1)?
        }
        _ => read(value, &mut inner, depth + 1)?,
    };
    patterns.writer.parameters.extend(inner.writer.parameters);
    Ok(test(format!("{}.exists({name}, {})", field.text, condition.text)))
}
