//! Which parameters the steps of a workflow use.

use super::{Step, Workflow, references};
use crate::Message;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

impl Workflow {
    /// The values of the parameters for a run in which some steps are `replaced` by others, such as a file in
    /// place of an address. What no other step uses need not be given, and stays without a value.
    ///
    /// # Errors
    /// As of [`Parameters::bind`](super::Parameters::bind).
    pub fn bind(
        &self,
        given: &Map<String, Value>,
        replaced: impl Fn(&str) -> bool,
    ) -> Result<Map<String, Value>, Vec<(String, Message)>> {
        let needed = self.needed(replaced);
        self.parameters.bind(given, |name| needed.contains(name))
    }

    /// The parameters that steps use which are not `replaced`.
    pub fn needed(&self, replaced: impl Fn(&str) -> bool) -> BTreeSet<String> {
        self.steps.iter().filter(|step| !replaced(&step.id)).flat_map(uses).collect()
    }
}

/// The parameters that a step uses.
fn uses(step: &Step) -> BTreeSet<String> {
    let settings = std::iter::once(&step.settings).chain(&step.scopes);
    let settings = settings.map(|settings| Value::Object(settings.clone()));
    let of = |settings: Value| {
        let written = references(&settings).into_iter().map(|(name, _)| name);
        written.chain(in_expressions(&settings)).collect::<Vec<_>>()
    };
    settings.flat_map(of).collect()
}

/// The names of parameters in expressions and templates, such as `params.region` and `params["region"]`.
pub(crate) fn in_expressions(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => text.match_indices(PARAMS).filter_map(|(at, _)| named(text, at)).collect(),
        Value::Array(items) => items.iter().flat_map(in_expressions).collect(),
        Value::Object(fields) => fields.values().flat_map(in_expressions).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => BTreeSet::new(),
    }
}

const PARAMS: &str = "params";

/// The name behind the word `params` that stands at a place in a text.
fn named(text: &str, at: usize) -> Option<String> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (before, after) = (text.get(..at)?, text.get(at.checked_add(PARAMS.len())?..)?);
    if before.ends_with(is_letter) {
        return None;
    }
    if let Some(name) = after.strip_prefix('.') {
        let name = name.split(|letter| !is_letter(letter)).next()?;
        return (!name.is_empty()).then(|| name.to_owned());
    }
    let inside = after.strip_prefix('[')?.trim_start();
    let quote = inside.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    inside.strip_prefix(quote)?.split_once(quote).map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_only_a_replaced_step_uses_need_not_be_given() {
        let text = "{ version: 1, parameters: { sheet: {}, year: { type: integer }, unused: {} }, steps: [
            { id: in, connector: http, settings: { url: '${sheet}' } },
            { id: f, connector: filter, settings: { keep: 'year == params.year' } } ] }";
        let workflow = Workflow::load(text).unwrap().workflow;
        let missing = |given: Value, replaced: &str| {
            let bound = workflow.bind(given.as_object().unwrap(), |step| step == replaced);
            bound.map_or_else(|wrong| wrong.into_iter().map(|(name, _)| name).collect(), |_| Vec::new())
        };
        assert_eq!(missing(json!({}), ""), ["sheet", "year"]);
        assert_eq!(missing(json!({ "year": 2026 }), "in"), [""; 0]);
        assert_eq!(missing(json!({ "sheet": "x" }), "f"), [""; 0]);
        assert_eq!(
            missing(json!({ "year": "x" }), "f"),
            ["sheet", "year"],
            "what is given is right, or refused"
        );
    }

    #[test]
    fn names_are_found_in_expressions() {
        for (text, name) in [
            ("a > params.year", Some("year")),
            ("params['a b']", Some("a b")),
            ("params[ \"é\" ]", Some("é")),
            ("{params.nom_1}!", Some("nom_1")),
            ("myparams.x", None),
            ("?params=1", None),
            ("params.", None),
            ("params[name]", None),
        ] {
            assert_eq!(in_expressions(&json!([{ "x": text }])).first().map(String::as_str), name, "{text}");
        }
    }
}
