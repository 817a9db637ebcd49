//! The schema of data, found from samples, with the evidence for each guess.

mod candidates;
mod column;
mod judge;
mod names;
mod report;

use crate::record::{Key, Value};
use column::Column;
use rustc_hash::FxHashMap;
use serde::Serialize;

/// Finds a schema from records, as many as there are, in bounded memory.
///
/// ```
/// use bus_core::{Language, record::BatchBuilder, schema::Inference};
/// let mut records = BatchBuilder::new();
/// for text in ["28/03/2026", "1/4/2026"] {
///     records.json(&serde_json::json!({ "le": text })).unwrap();
/// }
/// let mut inference = Inference::new();
/// records.take().records().for_each(|record| inference.add(record));
/// let schema = inference.finish();
/// assert_eq!(schema.fields[0].pattern.as_deref(), Some("dd/MM/yyyy"));
/// ```
#[derive(Debug, Default)]
pub struct Inference {
    records: u64,
    columns: Vec<Column>,
    /// Where the field of a column stands; the record itself is column 0.
    places: FxHashMap<(usize, Key), usize>,
    left_out: u64,
}

/// What was found of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InferredSchema {
    /// How many records were looked at.
    pub records: u64,
    /// The fields, those of nested objects by their path (`address.city`, items of lists as `tags[]`).
    pub fields: Vec<InferredField>,
    /// How many values were not looked at, because there are too many different fields or they nest too deep.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// What was found of one field.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InferredField {
    /// Where it stands.
    pub path: String,
    /// `text`, `integer`, `number`, `boolean`, `date`, `time`, `object`, `list`, `bytes`, `mixed` or `empty`.
    pub r#type: &'static str,
    /// A known form: `siret`, `insee-commune`, `latitude`, `year`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// The form dates are written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whether day and month may be the other way round in every date.
    #[serde(skip_serializing_if = "is_false")]
    pub day_or_month_first: bool,
    /// Whether numbers have a decimal comma.
    #[serde(skip_serializing_if = "is_false")]
    pub decimal_comma: bool,
    /// The unit the values are measured in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<InferredUnit>,
    /// Whether every record has a value there.
    pub required: bool,
    /// Whether there are nulls or empty texts.
    pub nullable: bool,
    /// Whether no value came twice (of two or more).
    pub unique: bool,
    /// The smallest number, or the first date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<String>,
    /// The largest number, or the last date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<String>,
    /// The fewest characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// The most characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The values, where they are a few that come again and again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Counted>,
    /// The marks of values that are withheld (`S`, `nd`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<Counted>,
    /// Some values.
    pub examples: Vec<String>,
    /// How sure the guess is, from 0 to 1: it grows with the number of values and falls with those that do not fit.
    pub confidence: f64,
    /// How often there was what.
    pub counts: Counts,
    /// What speaks for and against the guess, and other guesses that were near.
    pub evidence: Vec<Evidence>,
    /// A term of a public vocabulary for the field, such as `schema:postalCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<&'static str>,
}

/// A unit that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InferredUnit {
    /// Its symbol.
    pub symbol: String,
    /// Its IRI in QUDT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qudt: Option<String>,
    /// `name` or `values`: where it was found.
    pub from: &'static str,
}

/// A value and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// How often it came.
    pub count: u64,
}

/// How often there was what in a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Values, without those below.
    pub values: u64,
    /// Records (or parents) that lack the field.
    pub absent: u64,
    /// Nulls.
    pub null: u64,
    /// Empty texts.
    pub empty: u64,
    /// Masked values.
    pub masked: u64,
}

/// How well a guess fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was guessed: a type, a known form, a pattern.
    pub guess: String,
    /// How many values fit.
    pub matched: u64,
    /// Of how many.
    pub of: u64,
    /// Some that do not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counter_examples: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// More fields than this are not looked at.
const MOST_COLUMNS: usize = 2_000;
const DEEPEST: usize = 16;

impl Inference {
    /// An inference that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { columns: vec![Column::root()], ..Self::default() }
    }

    /// Looks at one record.
    pub fn add(&mut self, record: Value<'_>) {
        self.records += 1;
        self.value(0, record, 0);
    }

    /// How many records were looked at.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    fn value(&mut self, place: usize, value: Value<'_>, depth: usize) {
        if let Some(column) = self.columns.get_mut(place) {
            column.add(value);
        }
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter() {
                    self.inside(place, key, value, depth);
                }
            }
            Value::List(list) => {
                let key: Key = "[]".into();
                for value in list.iter() {
                    self.inside(place, &key, value, depth);
                }
            }
            _ => {}
        }
    }

    fn inside(&mut self, parent: usize, key: &Key, value: Value<'_>, depth: usize) {
        let known = self.places.get(&(parent, Key::clone(key))).copied();
        let Some(place) = known.or_else(|| self.new_column(parent, key, depth)) else {
            self.left_out += 1;
            return;
        };
        self.value(place, value, depth + 1);
    }

    fn new_column(&mut self, parent: usize, key: &Key, depth: usize) -> Option<usize> {
        if self.columns.len() > MOST_COLUMNS || depth >= DEEPEST {
            return None;
        }
        let column = Column::new(self.columns.get(parent)?, parent, key);
        let place = self.columns.len();
        self.columns.push(column);
        self.places.insert((parent, Key::clone(key)), place);
        Some(place)
    }

    /// What was found so far.
    #[must_use]
    pub fn finish(&self) -> InferredSchema {
        let mut fields: Vec<InferredField> = Vec::with_capacity(self.columns.len());
        let lists = |column: &Column| column.is_item();
        for column in self.columns.iter().skip(1) {
            let parents = self.columns.get(column.parent()).map_or(0, Column::objects);
            fields.push(judge::judge(column, if lists(column) { column.seen() } else { parents }));
        }
        // records that are no objects are a field without a name
        if let Some(root) = self.columns.first()
            && root.seen() > root.objects()
        {
            fields.insert(0, judge::judge(root, self.records));
        }
        InferredSchema { records: self.records, fields, left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests;
