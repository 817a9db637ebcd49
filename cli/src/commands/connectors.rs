use crate::{
    arguments::ConnectorsArguments,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::{
    Language,
    catalogue::{Catalogue as _, Entry},
    manual::groups,
    msg,
    nearest::nearest,
};
use connectors::Connectors;
use serde_json::{Value, json};
use std::fmt::Write as _;

static CATALOGUE: Connectors = Connectors;

/// Lists the connectors, by what they are for.
pub(crate) fn run(asked: &ConnectorsArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let entries: Vec<&Entry> = CATALOGUE.ids().into_iter().filter_map(|id| CATALOGUE.entry(id)).collect();
    if asked.json {
        return terminal.data(&format!("{:#}\n", json!(entries)));
    }
    let language = terminal.language();
    let mut out = String::new();
    for (group, title) in groups() {
        let group_of = |entry: &Entry| entry.schema.get("x-group").and_then(Value::as_str) == Some(group);
        let members: Vec<&&Entry> = entries.iter().filter(|entry| group_of(entry)).collect();
        if members.is_empty() {
            continue;
        }
        let space = if out.is_empty() { "" } else { "\n" };
        writeln!(out, "{space}{}", title.text(language)).unwrap_or_default();
        for entry in members {
            let title = member(&entry.schema, "title", language);
            writeln!(out, "  {:<18} {}", entry.id, first_sentence(entry, &title, language))
                .unwrap_or_default();
        }
    }
    terminal.data(&out)
}

fn first_sentence(entry: &Entry, title: &str, language: Language) -> String {
    let description = member(&entry.schema, "description", language);
    let sentence = description.split_once(". ").map_or(description.as_str(), |(first, _)| first);
    let sentence = sentence.lines().next().unwrap_or_default().trim_end_matches('.');
    format!("{title} — {sentence}")
}

/// A text of a schema, in a language.
fn member(schema: &Value, name: &str, language: Language) -> String {
    language.text(schema.get(name).and_then(Value::as_str).unwrap_or_default()).to_owned()
}

/// The connector with this id.
pub(super) fn known(id: &str) -> Result<&'static Entry, Failure> {
    CATALOGUE.entry(id).ok_or_else(|| {
        let mut ids = CATALOGUE.ids();
        ids.extend(connectors::formats::ALL.iter().map(|format| format.id()));
        Failure::usage(match nearest(id, ids) {
            Some(near) => msg!("there is no connector `{id}`: did you mean `{near}`?", id = id, near = near),
            None => msg!("there is no connector `{id}`: `semantic-bus connectors` lists them", id = id),
        })
    })
}
