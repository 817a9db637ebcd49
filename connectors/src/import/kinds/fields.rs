//! Transform, value mapping and other work on the fields of a record.

use crate::import::{
    pattern::{Fields, ITEM_NAME, Patterns, is_pattern},
    script::{self, Kind, Path, Root, Writer, quoted},
    work::{Done, Scope, Work},
};
use bus_core::msg;
use serde_json::{Value, json};

pub(super) fn transform(work: &mut Work<'_>) -> Done {
    let pattern = work.given.json(&["transformObject", "transform", "configObject"]);
    let pattern = pattern.filter(is_pattern).ok_or_else(|| msg!("it has no pattern"))?;
    let keeps = work.given.flag(&["keepSource"]);
    if let Scope::Within(path) = work.scope.clone() {
        let mut patterns = Patterns::new(Root::Local(ITEM_NAME));
        let value = patterns.value(&pattern, &Path::default()).or_null();
        let body = if keeps && pattern.is_object() {
            format!("merge({ITEM_NAME}, {})", value.text)
        } else {
            value.text
        };
        let whole = work.is_whole();
        work.rewrite_within(&path, !whole, &body);
        work.absorb(patterns.writer);
        work.kept(patterns.kept, &[]);
        return Ok(());
    }
    let base = work.base.clone();
    let mut fields = Fields::new(&base);
    match &pattern {
        Value::Object(members) => {
            fields.object(members, &Path::default());
            let rest = if keeps { "keep" } else { "drop" };
            let settings = json!({ "fields": fields.fields, "rest": rest });
            work.step("", "map", settings);
            if !work.focused {
                work.base_after = Path::default();
            }
            if keeps && !base.is_empty() {
                let base = base.to_string();
                work.differs(msg!(
                    "the fields stand in the records here, and stood beside `{field}`",
                    field = base
                ));
            }
        }
        other => {
            let value = Patterns::alone(fields.patterns.value(other, &Path::default()));
            work.replace_records(&json!({ "expression": value.text }));
        }
    }
    work.absorb(fields.patterns.writer);
    work.kept(fields.patterns.kept, &fields.fields);
    Ok(())
}

pub(super) fn value_mapping(work: &mut Work<'_>) -> Done {
    let Scope::Within(path) = work.scope.clone() else {
        return Err(msg!("it does not say which field is mapped: its focus is on no field of the records"));
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let lines = work.given.objects(&["mappingTable"]);
    let table: Vec<Value> = lines
        .iter()
        .map(|line| json!({ "from": text(line.get("flowValue")), "to": text(line.get("replacementValue")) }))
        .filter(|line| line["from"] != "")
        .collect();
    if table.is_empty() && !work.around.second {
        return Err(msg!("it has no table"));
    }
    let mut settings = json!({ "field": path.field() });
    if !table.is_empty() {
        settings["table"] = table.into();
    }
    if work.around.second {
        settings["from"] = "in".into();
        settings["to"] = "out".into();
        work.second = Some((0, "table"));
    }
    for (theirs, ours) in [("ignoreCase", "ignore_case"), ("ignoreAccent", "ignore_accents")] {
        if work.given.flag(&[theirs]) {
            settings[ours] = true.into();
        }
    }
    if work.given.flag(&["wholeWord"]) {
        settings["match"] = "word".into();
    } else {
        work.differs(msg!("a value must be in the table as a whole; parts of a text are not looked for"));
    }
    if work.given.flag(&["forgetOriginalValue"]) {
        settings["unmatched"] = "null".into();
    } else {
        work.note(msg!("values that are not in the table stay as they are"));
    }
    work.step("", "value-mapping", settings);
    Ok(())
}

/// A JavaScript expression over the item.
pub(super) fn evaluation(work: &mut Work<'_>) -> Done {
    let names = ["jsString", "evalString", "evaluation", "expression", "script", "code", "js"];
    let source = work.given.text(&names).ok_or_else(|| msg!("it has no expression"))?;
    let source = source.trim().trim_start_matches('=').to_owned();
    let root = match work.scope {
        Scope::Records => Root::Record(work.base.clone()),
        Scope::Within(_) => Root::Local(ITEM_NAME),
    };
    let mut writer = Writer::new(root);
    let value =
        script::parse(&source).and_then(|expression| writer.value(&expression)).map_err(|trouble| {
            let column = trouble.column(&source);
            msg!(
                "the expression `{text}` has no translation: column {column}: {problem}",
                text = source.as_str(),
                column = column,
                problem = trouble.problem
            )
        })?;
    work.absorb(writer);
    match work.scope.clone() {
        Scope::Within(path) => {
            let whole = work.is_whole();
            work.rewrite_within(&path, !whole, &value.text);
        }
        Scope::Records => {
            work.replace_records(&json!({ "expression": value.text }));
            if value.kind != Kind::Object {
                work.differs(msg!("a result that is no object stands in the field `value`"));
            }
        }
    }
    Ok(())
}

pub(super) fn regex(work: &mut Work<'_>) -> Done {
    let pattern = work
        .given
        .text(&["regex", "regexp", "pattern"])
        .ok_or_else(|| msg!("it has no regular expression"))?;
    let pattern = match pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((inner, flags)) if flags.chars().all(|flag| flag.is_ascii_alphabetic()) => {
            let flags: String = flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 's')).collect();
            if flags.is_empty() { inner.to_owned() } else { format!("(?{flags}){inner}") }
        }
        _ => pattern,
    };
    if regex::Regex::new(&pattern).is_err() {
        return Err(msg!("`{pattern}` is no regular expression here", pattern = pattern));
    }
    let path = match (&work.scope, work.given.text(&["valuePath", "path", "field"])) {
        (Scope::Within(path), _) => path.clone(),
        (Scope::Records, Some(path)) => work.field(&Path::read(&path))?,
        (Scope::Records, None) => return Err(msg!("it does not say on which field it works")),
    };
    let body = format!("extract_all({ITEM_NAME}, {})", quoted(&pattern));
    work.rewrite_within(&path, true, &body);
    work.differs(msg!("the field becomes the list of what is found: its group where the expression has one"));
    Ok(())
}

pub(super) fn slugify(work: &mut Work<'_>) -> Done {
    let mut fields = Vec::new();
    for entry in work.given.objects(&["fields", "slugFields", "specificFields"]) {
        if let Some(name) = entry.get("field").or_else(|| entry.get("path")).and_then(Value::as_str) {
            fields.push(Path::read(name));
        }
    }
    fields.extend(work.given.text(&["field", "path", "pathToSlugify"]).map(|path| Path::read(&path)));
    fields.retain(|field| !field.is_empty());
    match work.scope.clone() {
        Scope::Within(path) if fields.is_empty() => {
            work.rewrite_within(&path, true, &format!("slug({ITEM_NAME})"));
            Ok(())
        }
        Scope::Within(path) => {
            let fields: Vec<String> = fields.iter().map(|field| path.join(field).field()).collect();
            work.step("", "text", json!({ "fields": fields, "actions": ["slug"] }));
            Ok(())
        }
        Scope::Records if fields.is_empty() => Err(msg!("it does not say on which field it works")),
        Scope::Records => {
            let mut names = Vec::new();
            for field in &fields {
                names.push(work.field(field)?.field());
            }
            work.step("", "text", json!({ "fields": names, "actions": ["slug"] }));
            Ok(())
        }
    }
}

/// A JSON-LD frame: its context gives the records their meaning.
pub(super) fn json_ld(work: &mut Work<'_>) -> Done {
    work.on_records_only()?;
    let names = ["jsonLdFrame", "frame", "jsonLdTransformation", "configObject", "context", "jsonld"];
    let frame = work.given.json(&names).ok_or_else(|| msg!("it has no frame"))?;
    let context = frame.get("@context").cloned().unwrap_or(frame);
    if !matches!(context, Value::Object(_) | Value::Array(_)) {
        return Err(msg!("the context of its frame is not written in it"));
    }
    work.step("", "set-context", json!({ "context": context }));
    work.differs(msg!("the records get the frame's context; they are not arranged after its shape"));
    Ok(())
}
