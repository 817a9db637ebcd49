//! Records held against rules.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::Editor,
};
use bus_core::{
    Message,
    catalogue::Parts,
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
    schema::{Checked, Kind, KnownFormat, Rule, TableSchema},
    time::{DatePattern, Hints, parse_any},
};
use regex::RegexBuilder;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Validate>("validate");

/// # Validate
///
/// Lets through the records that keep the rules; the others go to the errors, each with all that is wrong with it.
///
/// Rules are written here, or come from a Table Schema, as schema.data.gouv.fr publishes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "shield-check", "x-group" = "check"))]
struct Validate {
    /// # Rules
    ///
    /// What each field must keep.
    #[serde(default)]
    fields: Vec<FieldRule>,
    /// # Table Schema
    ///
    /// A Table Schema as JSON text. Rules written above go before those of the schema.
    #[serde(default)]
    #[schemars(extend("x-form" = "code"))]
    schema: Option<String>,
    /// # File of a Table Schema
    ///
    /// The name of a file that holds a Table Schema. A relative name starts at the folder of the workflow.
    #[serde(default)]
    schema_file: Option<String>,
    /// # Convert
    ///
    /// Whether values take the type of their rule, so that the text `12,5` becomes a number.
    #[serde(default = "yes")]
    convert: bool,
    /// # No other fields
    ///
    /// Whether a record with fields that have no rule is refused.
    #[serde(default)]
    no_other_fields: bool,
}

const fn yes() -> bool {
    true
}

/// What one field must keep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FieldRule {
    /// # Field
    ///
    /// The field that is checked.
    field: FieldPath,
    /// # Required
    ///
    /// Whether the field must be there and not empty.
    #[serde(default)]
    required: bool,
    /// # Type
    ///
    /// The type of the value.
    #[serde(default, rename = "type")]
    kind: Kind,
    /// # Known form
    ///
    /// A form that the text must have.
    #[serde(default)]
    format: Option<KnownFormat>,
    /// # At least
    ///
    /// The smallest number.
    #[serde(default)]
    minimum: Option<serde_json::Number>,
    /// # At most
    ///
    /// The largest number.
    #[serde(default)]
    maximum: Option<serde_json::Number>,
    /// # Not before
    ///
    /// The first date or time, such as `2020-01-01`.
    #[serde(default)]
    earliest: Option<String>,
    /// # Not after
    ///
    /// The last date or time.
    #[serde(default)]
    latest: Option<String>,
    /// # Pattern
    ///
    /// A regular expression that the whole text matches.
    #[serde(default)]
    pattern: Option<String>,
    /// # One of
    ///
    /// The values there may be.
    #[serde(default)]
    values: Vec<String>,
    /// # Shortest
    ///
    /// The fewest characters, or items of a list.
    #[serde(default)]
    min_length: Option<usize>,
    /// # Longest
    ///
    /// The most characters, or items of a list.
    #[serde(default)]
    max_length: Option<usize>,
    /// # Unique
    ///
    /// Whether no value may come twice; the second one is refused.
    #[serde(default)]
    unique: bool,
    /// # Dates are written
    ///
    /// The forms of dates, such as `dd/MM/yyyy`. If there is none, all usual ones are understood.
    #[serde(default)]
    dates: Vec<DatePattern>,
}

/// One field with its compiled rule.
struct Checker {
    field: FieldPath,
    rule: Rule,
}

impl Transform for Validate {
    fn parts(&self) -> Parts {
        // a Table Schema may have values that come once, too
        let alone = self.schema.is_none() && self.schema_file.is_none();
        if alone && !self.fields.iter().any(|rule| rule.unique) { Parts::Each } else { Parts::Whole }
    }

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut judge = Judge::new(&self, &context)?;
        let targets = judge.checkers.iter().map(|checker| checker.field.clone()).collect();
        let mut editor = Editor::new(targets);
        while let Some(batch) = inputs.next().await {
            let change = |number: usize, record: Value<'_>, values: &mut BatchBuilder| {
                if number == 0 {
                    judge.begin(record);
                }
                judge.check(number, record, values);
                if number + 1 == judge.checkers.len() { judge.verdict(record) } else { Ok(()) }
            };
            editor.apply(&batch, &mut out, change).await?;
            if judge.seen_too_many {
                return Err(StepError::data(msg!(
                    "there are too many different values to know in memory which come twice; use the step `deduplicate`"
                )));
            }
        }
        Ok(())
    }
}

/// All rules, and what was found of the record at hand.
struct Judge {
    checkers: Vec<Checker>,
    convert: bool,
    no_other_fields: bool,
    /// Groups of fields whose values together come once, with what was seen.
    unique: Vec<(Vec<usize>, FxHashSet<u64>)>,
    most_seen: usize,
    seen_too_many: bool,
    wrong: Vec<(String, Message)>,
}

impl Judge {
    fn new(set: &Validate, context: &Context) -> Result<Self, StepError> {
        let mut checkers = Vec::new();
        let mut unique: Vec<Vec<usize>> = Vec::new();
        for rule in &set.fields {
            if rule.unique {
                unique.push(vec![checkers.len()]);
            }
            checkers.push(rule.checker()?);
        }
        if let Some(schema) = set.table_schema(context)? {
            let places: FxHashMap<&str, usize> =
                schema.fields.iter().enumerate().map(|(place, field)| (field.name.as_str(), place)).collect();
            let first = checkers.len();
            let key = schema.primary_key.iter().filter_map(|name| Some(first + places.get(name.as_str())?));
            let key: Vec<usize> = key.collect();
            if !key.is_empty() {
                unique.push(key);
            }
            for field in schema.fields {
                if field.unique {
                    unique.push(vec![checkers.len()]);
                }
                checkers.push(Checker { field: FieldPath::of_key(&field.name), rule: field.rule });
            }
        }
        if checkers.is_empty() {
            return Err(StepError::settings(msg!("there are no rules; write some, or name a Table Schema")));
        }
        Ok(Self {
            checkers,
            convert: set.convert,
            no_other_fields: set.no_other_fields,
            unique: unique.into_iter().map(|fields| (fields, FxHashSet::default())).collect(),
            most_seen: context.limits().step_memory / 16,
            seen_too_many: false,
            wrong: Vec::new(),
        })
    }

    fn begin(&mut self, record: Value<'_>) {
        self.wrong.clear();
        let Some(object) = record.as_object() else {
            return self.wrong.push((String::new(), msg!("the record is no object")));
        };
        if !self.no_other_fields {
            return;
        }
        for (key, _) in object.iter() {
            let known = self.checkers.iter().any(|checker| {
                matches!(checker.field.segments().first(), Some(bus_core::path::Segment::Key(name)) if **name == **key)
            });
            if !known {
                self.wrong
                    .push((FieldPath::of_key(key).to_string(), msg!("there is no rule for this field")));
            }
        }
    }

    fn check(&mut self, number: usize, record: Value<'_>, values: &mut BatchBuilder) {
        let Some(checker) = self.checkers.get(number) else { return };
        let value = checker.field.get(record);
        match checker.rule.check(value) {
            Ok(Checked::Same(_)) => values.absent(),
            Ok(checked) if self.convert && value.is_some() => checked.write(values),
            Ok(_) => values.absent(),
            Err(problem) => {
                self.wrong.push((checker.field.to_string(), problem));
                values.absent();
            }
        }
    }

    /// Refuses the record if anything is wrong with it.
    fn verdict(&mut self, record: Value<'_>) -> Result<(), Reject> {
        if self.wrong.is_empty() {
            self.check_unique(record);
        }
        let mut wrong = std::mem::take(&mut self.wrong).into_iter();
        let Some((field, problem)) = wrong.next() else { return Ok(()) };
        let mut rest = wrong.peekable();
        if rest.peek().is_none() {
            return Err(Reject::field(field, problem));
        }
        let all = rest.fold(named(&field, problem), |all, (field, problem)| {
            msg!("{all}; {more}", all = all, more = named(&field, problem))
        });
        Err(Reject::field(field, all))
    }

    /// Values count as seen only with the records that are good.
    fn check_unique(&mut self, record: Value<'_>) {
        let mut new = Vec::new();
        for (group, (fields, seen)) in self.unique.iter().enumerate() {
            let mut hasher = DefaultHasher::new();
            let mut any = false;
            let mut text = String::new();
            for value in fields.iter().filter_map(|field| self.checkers.get(*field)?.field.get(record)) {
                let before = text.len();
                any |= value.write_plain(&mut text) && text.len() > before;
                text.push('\u{1f}');
            }
            if !any {
                continue;
            }
            // of as many values as fit in memory, two share their 64 bits once in millions of runs
            text.hash(&mut hasher);
            let hash = hasher.finish();
            if seen.contains(&hash) {
                let names = fields.iter().filter_map(|field| self.checkers.get(*field));
                let names: Vec<String> = names.map(|checker| checker.field.to_string()).collect();
                let value = text.trim_end_matches('\u{1f}').replace('\u{1f}', ", ");
                self.wrong.push((names.join(", "), msg!("`{value}` came before", value = value)));
            } else {
                new.push((group, hash));
            }
        }
        if !self.wrong.is_empty() {
            return;
        }
        for (group, hash) in new {
            if let Some((_, seen)) = self.unique.get_mut(group) {
                seen.insert(hash);
            }
        }
        let total: usize = self.unique.iter().map(|(_, seen)| seen.len()).sum();
        self.seen_too_many = total > self.most_seen;
    }
}

fn named(field: &str, problem: Message) -> Message {
    if field.is_empty() { problem } else { msg!("{field}: {problem}", field = field, problem = problem) }
}

impl Validate {
    fn table_schema(&self, context: &Context) -> Result<Option<TableSchema>, StepError> {
        let text = match (&self.schema, &self.schema_file) {
            (Some(_), Some(_)) => {
                return Err(StepError::settings(msg!(
                    "`schema` and `schema_file` exclude each other; take one out"
                )));
            }
            (Some(text), None) => text.clone(),
            (None, Some(name)) => fs::read_to_string(context.path(name)?).map_err(|error| {
                let reason = error.to_string();
                StepError::settings(msg!("{file}: cannot be read: {reason}", file = name, reason = reason))
            })?,
            (None, None) => return Ok(None),
        };
        TableSchema::read(&text).map(Some).map_err(|error| StepError::settings(error.into()))
    }
}

/// Compiled patterns larger than this would cost too much memory.
const LARGEST_PATTERN: usize = 1 << 20;

impl FieldRule {
    fn checker(&self) -> Result<Checker, StepError> {
        let at = |error: StepError| error.at(msg!("rule of `{field}`", field = self.field.to_string()));
        let pattern = match &self.pattern {
            None => None,
            Some(pattern) => {
                let whole =
                    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(LARGEST_PATTERN).build();
                Some(whole.map_err(|error| {
                    let last = error.to_string();
                    let reason =
                        last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    at(StepError::settings(msg!(
                        "`{pattern}` is no pattern: {reason}",
                        pattern = pattern,
                        reason = reason
                    )))
                })?)
            }
        };
        let time = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => parse_any(text, &Hints { partial: true, ..Hints::default() })
                .map(Some)
                .ok_or_else(|| at(StepError::settings(msg!("`{value}` is no date or time", value = text)))),
        };
        let rule = Rule {
            required: self.required,
            kind: self.kind,
            format: self.format,
            minimum: self.minimum.as_ref().map(ToString::to_string),
            maximum: self.maximum.as_ref().map(ToString::to_string),
            earliest: time(&self.earliest)?,
            latest: time(&self.latest)?,
            pattern,
            values: self.values.clone(),
            min_length: self.min_length,
            max_length: self.max_length,
            dates: self.dates.clone(),
            ..Rule::default()
        };
        Ok(Checker { field: self.field.clone(), rule })
    }
}
