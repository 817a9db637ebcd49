use crate::{contract::Connector, formats::FormatChoice};
use bus_core::{
    catalogue::{Catalogue, Entry, Kind, Parts, SettingsProblem},
    check::conform,
    msg,
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// All connectors, by id.
pub fn connectors() -> impl Iterator<Item = &'static Connector> {
    [crate::sources::ALL, crate::transforms::ALL, crate::sinks::ALL].into_iter().flatten().copied()
}

/// The connector with this id.
#[must_use]
pub fn connector(id: &str) -> Option<&'static Connector> {
    connectors().find(|connector| connector.id() == id)
}

/// The catalogue of all connectors, for checking and planning.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connectors;

static ENTRIES: LazyLock<BTreeMap<&'static str, Entry>> =
    LazyLock::new(|| connectors().map(|connector| (connector.id(), connector.entry())).collect());

/// What is wrong with the format of a sink that is only read.
fn unwritable(settings: &Value) -> Option<SettingsProblem> {
    let format = settings.get("format")?;
    let id = format.as_str().or_else(|| format.as_object()?.keys().next().map(String::as_str))?;
    let written = FormatChoice::of_id(id)?.encoder().is_some();
    (!written).then(|| SettingsProblem {
        path: "format".to_owned(),
        message: msg!("`{format}` can be read, but not written", format = id),
        advice: Some(msg!("choose another format")),
    })
}

impl Catalogue for Connectors {
    fn entry(&self, id: &str) -> Option<&Entry> {
        ENTRIES.get(id)
    }

    fn ids(&self) -> Vec<&'static str> {
        ENTRIES.keys().copied().collect()
    }

    fn check_settings(&self, id: &str, settings: &Value) -> Vec<SettingsProblem> {
        match (connector(id), self.entry(id)) {
            (Some(connector), Some(entry)) => settings_problems(connector, entry, settings),
            _ => vec![SettingsProblem {
                path: String::new(),
                message: msg!("there is no connector `{id}`", id = id),
                advice: None,
            }],
        }
    }

    fn parts(&self, id: &str, settings: &Value) -> Parts {
        connector(id).map_or(Parts::Whole, |connector| connector.parts(settings))
    }
}

/// The schema of a format's settings, and what it stands in: they are part of those of `file`.
#[must_use]
pub fn format_schema(id: &str) -> Option<(&'static Value, &'static Value)> {
    let root = &ENTRIES.get("file")?.schema;
    let choice = root.pointer("/$defs/FormatChoice")?;
    let forms = choice.get("oneOf").and_then(Value::as_array)?;
    forms.iter().find_map(|form| Some((root, form.get("properties")?.get(id)?)))
}

/// What is wrong with settings. The parse that starts the step decides whether anything is; since it stops
/// at its first finding, the schema then says what else.
fn settings_problems(connector: &Connector, entry: &Entry, settings: &Value) -> Vec<SettingsProblem> {
    let Err(first) = connector.start(settings) else {
        return unwritable(settings).filter(|_| entry.kind == Kind::Sink).into_iter().collect();
    };
    let mut problems = conform(&entry.schema, settings);
    let covered = |path: &str| problems.iter().any(|problem| problem.path == path);
    // an unknown field is named by the schema; a parse without it may find what the schema cannot say
    let mut known = settings.clone();
    for problem in &problems {
        remove(&mut known, &problem.path);
    }
    let parsed = if problems.is_empty() { Some(first) } else { connector.start(&known).err() };
    if let Some(parsed) = parsed
        && !covered(&parsed.path)
        && !problems.iter().any(|problem| problem.path.starts_with(&parsed.path))
    {
        problems.push(parsed);
    }
    problems
}

/// Takes the field at `path` out of an object; leaves items of lists alone.
fn remove(value: &mut Value, path: &str) {
    let Some((head, tail)) = path.split_once('.') else {
        if let Value::Object(fields) = value {
            fields.shift_remove(path);
        }
        return;
    };
    let (key, index) = match head.split_once('[') {
        Some((key, index)) => (key, index.strip_suffix(']').and_then(|index| index.parse::<usize>().ok())),
        None => (head, None),
    };
    let inner = value.get_mut(key).and_then(|inner| match index {
        Some(index) => inner.get_mut(index),
        None => Some(inner),
    });
    if let Some(inner) = inner {
        remove(inner, tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::Language;
    use serde_json::json;

    fn said(id: &str, settings: &Value) -> Vec<String> {
        let problems = Connectors.check_settings(id, settings);
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn several_problems_at_once() {
        assert_eq!(
            said("limit", &json!({ "recods": 1, "x": 2 })),
            ["recods: unknown field `recods`", "x: unknown field `x`"]
        );
        assert_eq!(
            said("limit", &json!({ "records": -1, "x": 2 })),
            ["records: at least 0 is needed here, not -1", "x: unknown field `x`"]
        );
        assert!(said("limit", &json!({ "records": 1 })).is_empty());
    }

    #[test]
    fn what_writes_takes_no_format_that_is_only_read() {
        for format in [json!("ods"), json!({ "ods": {} })] {
            let said = said("file-out", &json!({ "path": "a", "format": format }));
            assert_eq!(said, ["format: `ods` can be read, but not written"]);
        }
    }

    #[test]
    fn what_the_schema_cannot_say_comes_too() {
        let mut settings = json!({ "a": [{ "b": { "c": 1, "d": 2 } }] });
        remove(&mut settings, "a[0].b.c");
        assert_eq!(settings, json!({ "a": [{ "b": { "d": 2 } }] }));
    }

    #[test]
    fn what_parsers_of_settings_say_speaks_french() {
        let of_http = |url: &str| ("http", json!({ "url": url }));
        let of_generator =
            |values: Value| ("generator", json!({ "fields": [{ "name": "n", "values": values }] }));
        let of_file = |format: Value| ("file", json!({ "path": "a", "format": format }));
        for ((id, settings), french) in [
            (of_http("example.org"), "`example.org` n’est pas une adresse qui commence par"),
            (of_http("https://example.org:99999/"), "le port de `https://example.org:99999/` n’est pas"),
            (of_http("https://[::1/"), "n’est pas une adresse comme https://example.org/data.csv"),
            (of_http("https://ada:secret@example.org/"), "un mot de passe n’a pas sa place"),
            (
                of_generator(json!({ "integer": { "least": 2, "most": 1 } })),
                "le plus petit nombre, 2, est plus grand",
            ),
            (of_generator(json!({ "time": { "start": "soon" } })), "`soon` n’est pas un moment comme"),
            (of_file(json!({ "xml": { "item": "a b" } })), "`a b` n’est pas un nom d’élément"),
            (of_file(json!({ "senml": { "now": "soon" } })), "`soon` n’est pas un moment avec son fuseau"),
        ] {
            let problems = Connectors.check_settings(id, &settings);
            let said: Vec<String> = problems.iter().map(|it| it.message.text(Language::Fr)).collect();
            assert!(said.iter().any(|said| said.contains(french)), "{settings}: {said:?}");
        }
    }
}
