//! Describes the fields of records.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, readers},
        profile::Profile,
    },
};
use bus_core::{
    error::StepError,
    msg,
    path::FieldPath,
    record::{Object, Shape, Value},
};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Statistics>("statistics");

/// # Statistics
///
/// Describes each field in one record: how many values there are and how many are missing, null or masked, their kinds, how many are different, smallest and largest, sum, mean, standard deviation and quantiles of numbers, lengths of text, the most frequent values. Fields inside objects are described too. With more than 1000 different values their number is estimated, with more than 4096 numbers the quantiles are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "chart-no-axes-column", "x-group" = "check"))]
struct Statistics {
    /// # Fields
    ///
    /// The fields to describe; all of them if none are named.
    #[serde(default)]
    fields: Vec<FieldPath>,
    /// # Frequent values
    ///
    /// How many of the most frequent values to show.
    #[serde(default = "five")]
    top: usize,
    /// # Quantiles
    ///
    /// Which quantiles of numbers to show, from 0 to 1.
    #[serde(default = "quartiles")]
    quantiles: Vec<f64>,
}

const fn five() -> usize {
    5
}

fn quartiles() -> Vec<f64> {
    vec![0.25, 0.5, 0.75]
}

/// Fields beyond this many are not described: objects used as maps would make no end of them.
const MOST_FIELDS: usize = 1_000;

impl Transform for Statistics {
    const REGROUPS: bool = true;

    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        if let Some(wrong) = self.quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
            return Err(StepError::settings(msg!(
                "{quantile} is no quantile from 0 to 1",
                quantile = *wrong
            )));
        }
        let mut fields = Fields::default();
        let mut named = readers(&self.fields);
        let mut records = 0_u64;
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            records += batch.len() as u64;
            for record in batch.records() {
                if named.is_empty() {
                    if let Some(object) = record.as_object() {
                        fields.object(None, object);
                    }
                } else {
                    fields.named(&mut named, record);
                }
            }
        }
        let mut emitter = Emitter::default();
        for (name, profile) in &mut fields.profiles {
            let builder = emitter.builder();
            builder.begin_object();
            if builder.key("field").is_ok() {
                builder.text(name);
            }
            profile.write(records.saturating_sub(profile.count), (self.top, &self.quantiles), builder);
            builder.end();
            emitter.flow(&mut out).await?;
        }
        emitter.flush(&mut out).await
    }
}

/// A shape and where the profiles of its keys are.
type Known = (Arc<Shape>, Vec<Option<usize>>);

/// The fields in the order they came.
#[derive(Default)]
struct Fields {
    profiles: Vec<(String, Profile)>,
    places: FxHashMap<String, usize>,
    /// For each shape under a field, where the profiles of its keys are. Shapes are held, so that an address
    /// stands for one shape.
    shapes: FxHashMap<(Option<usize>, usize), Known>,
}

impl Fields {
    fn object(&mut self, parent: Option<usize>, object: Object<'_>) {
        let known = (parent, Arc::as_ptr(object.shape()).addr());
        if !self.shapes.contains_key(&known) {
            if self.shapes.len() >= MOST_FIELDS {
                self.shapes.clear();
            }
            let keys = object.shape().keys();
            let places = keys.iter().map(|key| self.place(parent, key)).collect();
            self.shapes.insert(known, (Arc::clone(object.shape()), places));
        }
        for slot in 0..object.shape().len() {
            let place = self.shapes.get(&known).and_then(|(_, places)| *places.get(slot)?);
            let (Some(place), Some(value)) = (place, object.at(slot)) else { continue };
            if let Some((_, profile)) = self.profiles.get_mut(place) {
                profile.add(value);
            }
            if let Value::Object(inner) = value {
                self.object(Some(place), inner);
            }
        }
    }

    fn named(&mut self, fields: &mut [Field], record: Value<'_>) {
        for field in fields {
            let place = self.place(None, &field.path().to_string());
            if let (Some(value), Some((_, profile))) =
                (field.get(record), place.and_then(|place| self.profiles.get_mut(place)))
            {
                profile.add(value);
            }
        }
    }

    /// Where the profile of a field is; `None` if there are too many.
    fn place(&mut self, parent: Option<usize>, key: &str) -> Option<usize> {
        let parent = parent.and_then(|parent| self.profiles.get(parent));
        let name = parent.map_or_else(|| key.to_owned(), |(parent, _)| format!("{parent}.{key}"));
        if let Some(place) = self.places.get(&name) {
            return Some(*place);
        }
        if self.profiles.len() >= MOST_FIELDS {
            return None;
        }
        let place = self.profiles.len();
        self.places.insert(name.clone(), place);
        self.profiles.push((name, Profile::default()));
        Some(place)
    }
}
