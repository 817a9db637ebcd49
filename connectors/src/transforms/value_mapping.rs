//! Values translated by a table.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::{Editor, target},
};
use bus_core::{
    catalogue::{IN, Input},
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Value},
    text,
};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<ValueMapping>("value-mapping");

/// # Value mapping
///
/// Translates values by a table: codes to labels, spellings to one spelling. The table is typed in here, or comes in
/// by the port `table`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "arrow-right-left", "x-group" = "fields"))]
struct ValueMapping {
    /// # Field
    ///
    /// The field whose values are translated. In a list, each item is.
    field: FieldPath,
    /// # Into
    ///
    /// Where the result goes. If empty, it replaces the value.
    #[serde(default)]
    into: Option<FieldPath>,
    /// # Table
    ///
    /// What becomes what. Of two lines for one value the first counts.
    #[serde(default)]
    table: Vec<Line>,
    /// # Column of the values
    ///
    /// For a table from the port: its field with the values to find.
    #[serde(default = "from")]
    from: FieldPath,
    /// # Column of the translations
    ///
    /// For a table from the port: its field with what they become.
    #[serde(default = "to")]
    to: FieldPath,
    /// # Match
    ///
    /// What of a value must be equal.
    #[serde(default, rename = "match")]
    how: Match,
    /// # Ignore case
    ///
    /// Whether capitals and small letters are the same.
    #[serde(default)]
    ignore_case: bool,
    /// # Ignore accents
    ///
    /// Whether `é` and `e` are the same.
    #[serde(default)]
    ignore_accents: bool,
    /// # Values not in the table
    ///
    /// What becomes of them.
    #[serde(default)]
    unmatched: Unmatched,
    /// # Default
    ///
    /// The text that values not in the table become, if that is chosen above.
    #[serde(default)]
    default: String,
}

fn from() -> FieldPath {
    FieldPath::of_key("from")
}

fn to() -> FieldPath {
    FieldPath::of_key("to")
}

/// One line of the table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// # From
    ///
    /// The value to find.
    from: String,
    /// # To
    ///
    /// What it becomes.
    to: String,
}

/// What of a value must be equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Match {
    /// # The whole value
    #[default]
    Exact,
    /// # A word in it
    ///
    /// Each word (or run of words) of the text that stands in the table is translated, the rest stays.
    Word,
}

/// What becomes of values not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Unmatched {
    /// # Keep
    ///
    /// They stay as they are.
    #[default]
    Keep,
    /// # Default
    ///
    /// They become the default text.
    Default,
    /// # Nothing
    ///
    /// The field becomes empty.
    Null,
    /// # Refuse the record
    ///
    /// The record goes to the errors.
    Reject,
}

const TABLE: &str = "table";

impl Transform for ValueMapping {
    const INPUTS: &'static [Input] = &[Input::required(IN), Input::optional(TABLE)];

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut table = Table::new(context.limits().step_memory);
        for line in &self.table {
            table.add(self.key(&line.from), Value::Text(&line.to))?;
        }
        while let Some(batch) = inputs.next_from(TABLE).await {
            for record in batch.records() {
                let mut key = String::new();
                let named = self.from.get(record).is_some_and(|value| value.write_plain(&mut key));
                match (named, self.to.get(record)) {
                    (true, Some(value)) => table.add(self.key(&key), value)?,
                    (false, _) => {
                        out.reject(
                            record,
                            &Reject::field(self.from.to_string(), msg!("a value is required")),
                        );
                    }
                    (true, None) => {
                        out.reject(record, &Reject::field(self.to.to_string(), msg!("a value is required")));
                    }
                }
            }
        }
        let table = table.finish();
        let mut editor = Editor::new(vec![target(&self.field, self.into.as_ref())?]);
        while let Some(batch) = inputs.next_from(IN).await {
            let change =
                |_: usize, record: Value<'_>, values: &mut BatchBuilder| self.change(record, &table, values);
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

impl ValueMapping {
    /// A value as it is looked up.
    fn key(&self, value: &str) -> String {
        let value = value.trim();
        let value = if self.ignore_accents { text::plain(value) } else { value.to_owned() };
        if self.ignore_case { value.to_lowercase() } else { value }
    }

    fn change(&self, record: Value<'_>, table: &Found, out: &mut BatchBuilder) -> Result<(), Reject> {
        match self.field.get(record) {
            None => out.absent(),
            Some(value @ (Value::Null | Value::Masked(_) | Value::Object(_) | Value::Bytes(_))) => {
                out.copy(value);
            }
            Some(Value::List(list)) => {
                out.begin_list();
                for item in list.iter() {
                    self.translate(item, table, out)?;
                }
                out.end();
            }
            Some(value) => self.translate(value, table, out)?,
        }
        Ok(())
    }

    fn translate(&self, value: Value<'_>, table: &Found, out: &mut BatchBuilder) -> Result<(), Reject> {
        let mut plain = String::new();
        if !value.write_plain(&mut plain) {
            out.copy(value);
            return Ok(());
        }
        if let Some(found) = table.get(&self.key(&plain)) {
            out.copy(found);
            return Ok(());
        }
        if self.how == Match::Word
            && let Some(text) = self.words(&plain, table)
        {
            out.text(&text);
            return Ok(());
        }
        match self.unmatched {
            Unmatched::Keep => out.copy(value),
            Unmatched::Default => out.text(&self.default),
            Unmatched::Null => out.null(),
            Unmatched::Reject => {
                let problem = msg!("`{value}` is not in the table", value = plain);
                return Err(Reject::field(self.field.to_string(), problem));
            }
        }
        Ok(())
    }

    /// The text with the words of the table translated, the longest run of words first; `None` if there are none.
    fn words(&self, plain: &str, table: &Found) -> Option<String> {
        let words: Vec<(usize, usize)> = word_places(plain);
        let mut out = String::with_capacity(plain.len());
        let (mut done, mut word, mut any) = (0, 0, false);
        while let Some((start, _)) = words.get(word).copied() {
            let last = words.len().min(word + table.most_words);
            let found = (word..last).rev().find_map(|to| {
                let end = words.get(to)?.1;
                Some((to, end, table.get(&self.key(plain.get(start..end)?))?))
            });
            match found {
                Some((to, end, value)) => {
                    out.push_str(plain.get(done..start)?);
                    value.write_plain(&mut out);
                    (done, word, any) = (end, to + 1, true);
                }
                None => word += 1,
            }
        }
        out.push_str(plain.get(done..)?);
        any.then_some(out)
    }
}

/// Where each word of a text starts and ends, in bytes.
fn word_places(text: &str) -> Vec<(usize, usize)> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut inside = false;
    for (place, char) in text.char_indices() {
        if char.is_alphanumeric() || char == '_' {
            let end = place + char.len_utf8();
            match places.last_mut() {
                Some(last) if inside => last.1 = end,
                _ => places.push((place, end)),
            }
            inside = true;
        } else {
            inside = false;
        }
    }
    places
}

/// The table while it comes.
struct Table {
    keys: FxHashMap<String, usize>,
    values: BatchBuilder,
    bytes: usize,
    limit: usize,
    most_words: usize,
}

/// The table, to look up in.
struct Found {
    keys: FxHashMap<String, usize>,
    values: Batch,
    most_words: usize,
}

impl Table {
    fn new(limit: usize) -> Self {
        Self { keys: FxHashMap::default(), values: BatchBuilder::new(), bytes: 0, limit, most_words: 1 }
    }

    fn add(&mut self, key: String, value: Value<'_>) -> Result<(), StepError> {
        if self.keys.contains_key(&key) {
            return Ok(());
        }
        self.bytes += key.len() + size_of::<(String, usize)>();
        if self.bytes + self.values.size() > self.limit {
            return Err(StepError::data(msg!(
                "the table is larger than the memory of a step (limit `step_memory`); use the step `join` instead"
            )));
        }
        self.most_words = self.most_words.max(word_places(&key).len());
        self.keys.insert(key, self.values.len());
        self.values.copy(value);
        Ok(())
    }

    fn finish(mut self) -> Found {
        Found { keys: self.keys, values: self.values.take(), most_words: self.most_words }
    }
}

impl Found {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        self.keys.get(key).map(|row| self.values.record(*row))
    }
}
