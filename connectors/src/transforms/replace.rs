//! Parts of text replaced.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::{Editor, target},
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
};
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Replace>("replace");

/// # Replace
///
/// Replaces parts of text, by plain words or by patterns. Rules are applied one after the other. The time it takes
/// grows with the length of the text only, whatever the pattern.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "replace", "x-group" = "text"))]
struct Replace {
    /// # Fields
    ///
    /// The fields in which to replace.
    fields: Vec<FieldPath>,
    /// # Into
    ///
    /// Where the result goes, if there is one field. If empty, it replaces the text.
    #[serde(default)]
    into: Option<FieldPath>,
    /// # Rules
    ///
    /// What is replaced by what, in this order.
    rules: Vec<Rule>,
}

/// One replacement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// # Find
    ///
    /// The text to find, or the pattern, such as `(\d+)\s*kVA`.
    find: String,
    /// # Replace by
    ///
    /// What stands there instead. With a pattern, `$1` or `${name}` is what a group found, and `$$` a dollar sign.
    #[serde(default)]
    by: String,
    /// # Pattern
    ///
    /// Whether the text to find is a regular expression (without look-around and back-references, so that it
    /// always takes linear time).
    #[serde(default)]
    pattern: bool,
    /// # Ignore case
    ///
    /// Whether capitals and small letters are the same.
    #[serde(default)]
    ignore_case: bool,
    /// # Whole words
    ///
    /// Whether only whole words are found.
    #[serde(default)]
    whole_words: bool,
    /// # Only the first
    ///
    /// Whether only the first occurrence is replaced.
    #[serde(default)]
    first: bool,
}

impl Transform for Replace {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        if self.into.is_some() && self.fields.len() > 1 {
            return Err(StepError::settings(msg!(
                "`into` is for one field; take it out or use one step a field"
            )));
        }
        let finders = self.rules.iter().enumerate().map(|(place, rule)| Finder::new(place, rule));
        let finders: Vec<Finder<'_>> = finders.collect::<Result<_, _>>()?;
        let targets = self.fields.iter().map(|field| target(field, self.into.as_ref()));
        let mut editor = Editor::new(targets.collect::<Result<_, _>>()?);
        while let Some(batch) = inputs.next().await {
            let change = |number: usize, record: Value<'_>, values: &mut BatchBuilder| {
                match self.fields.get(number).and_then(|field| field.get(record)) {
                    Some(Value::Text(text)) => {
                        let replaced =
                            finders.iter().fold(text.to_owned(), |text, finder| finder.replace(&text));
                        values.text(&replaced);
                    }
                    Some(other) if self.into.is_some() => values.copy(other),
                    Some(_) | None => values.absent(),
                }
                Ok::<(), Reject>(())
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

struct Finder<'a> {
    regex: Regex,
    rule: &'a Rule,
}

/// Compiled patterns larger than this would cost too much memory.
const LARGEST_PATTERN: usize = 1 << 20;

impl<'a> Finder<'a> {
    fn new(place: usize, rule: &'a Rule) -> Result<Self, StepError> {
        let place = || msg!("rule {number}", number = place + 1);
        if rule.find.is_empty() {
            return Err(StepError::settings(msg!("there is nothing to find")).at(place()));
        }
        let inner = if rule.pattern { rule.find.clone() } else { regex::escape(&rule.find) };
        let text =
            if rule.whole_words { format!(r"\b{{start-half}}(?:{inner})\b{{end-half}}") } else { inner };
        let mut builder = RegexBuilder::new(&text);
        let built = builder.case_insensitive(rule.ignore_case).size_limit(LARGEST_PATTERN).build();
        let regex = built.map_err(|error| {
            let last = error.to_string();
            let reason = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            StepError::settings(msg!(
                "`{pattern}` is no pattern: {reason}",
                pattern = &rule.find,
                reason = reason
            ))
            .at(place())
        })?;
        Ok(Self { regex, rule })
    }

    fn replace(&self, text: &str) -> String {
        let limit = usize::from(self.rule.first);
        if self.rule.pattern {
            self.regex.replacen(text, limit, self.rule.by.as_str()).into_owned()
        } else {
            self.regex.replacen(text, limit, regex::NoExpand(&self.rule.by)).into_owned()
        }
    }
}
