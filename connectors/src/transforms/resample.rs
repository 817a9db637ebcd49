//! Brings time series onto fixed slots.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, kind_of, readers},
        lookup::numbered,
        order::write_key,
        owned::Owned,
        series::{Cell, Filled, Label, Meaning, Reading, Rules, Series},
        settings::at_least_one,
        spill::{Disk, Sorter},
    },
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Key, Precision, Timestamp, Value},
    time::{Clash, Slot, Zone},
};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Resample>("resample");

/// # Resample
///
/// Brings readings of meters and sensors onto fixed slots of time: 10 minutes, hours, days, months. Days follow the clocks of a zone, so that they have 23 or 25 hours when the clock is changed. What was not measured is not made up: each slot says which share of it is covered, and whether it is complete, partial or missing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "chart-column", "x-group" = "time"))]
struct Resample {
    /// # Time
    ///
    /// The field with the time of the reading.
    #[schemars(extend("examples" = ["time"]))]
    time: FieldPath,
    /// # Values
    ///
    /// The values to bring onto slots.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(length(min = 1), extend("examples" = [[{ "field": "power", "meaning": "power", "result": "energy" }]]))]
    values: Vec<Quantity>,
    /// # Slot
    ///
    /// How long the slots are.
    slot: Slot,
    /// # Zone
    ///
    /// The zone whose clocks the slots follow, and in which times without an offset are read.
    #[serde(default = "paris")]
    zone: Zone,
    /// # Series
    ///
    /// Fields that tell the series apart: the meter, the site.
    #[serde(default)]
    by: Vec<FieldPath>,
    /// # Unit
    ///
    /// The field with the unit of the values: it tells series apart too, and goes out with `h` added or taken away where power becomes energy or energy power.
    #[serde(default)]
    unit: Option<FieldPath>,
    /// # Time of a reading
    ///
    /// Which end of its interval the time of a reading names.
    #[serde(default)]
    label: Label,
    /// # Interval of a reading
    ///
    /// How long a reading counts. If nothing is said, until the next one (or since the last one).
    #[serde(default)]
    interval: Option<Slot>,
    /// # Longest time between readings
    ///
    /// Readings further apart than this have a gap between them. If nothing is said, a gap is half as long again as the time between the readings before it.
    #[serde(default)]
    longest: Option<Slot>,
    /// # Time of a slot
    ///
    /// Which end of the slot its time names.
    #[serde(default)]
    slot_label: Label,
    /// # Other end
    ///
    /// The name of a field that gets the other end of the slot.
    #[serde(default)]
    #[schemars(extend("examples" = ["end"]))]
    other_end: Option<String>,
    /// # Leave out missing slots
    ///
    /// Writes no record for a slot of which nothing is known.
    #[serde(default)]
    skip_missing: bool,
    /// # Readings come in order
    ///
    /// Trusts that the readings of each series come in the order of time: slots go out at once and nothing needs sorting. Readings that are late are refused.
    #[serde(default)]
    sorted: bool,
}

/// # Quantity
///
/// A value and what it means.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Quantity {
    /// # Field
    ///
    /// The field with the value.
    field: FieldPath,
    /// # Meaning
    ///
    /// What the value says about the time around it.
    meaning: Meaning,
    /// # Result
    ///
    /// What goes out: the same kind of quantity, or the energy of a power, or the mean power of an energy.
    #[serde(default)]
    result: Output,
    /// # Name
    ///
    /// The name of the result; without one, that of the field.
    #[serde(default)]
    name: Option<String>,
    /// # End of the counter
    ///
    /// The value at which a counter starts again from 0, such as 1000000 for one of six digits. Without it, a counter that goes back is taken for a new one.
    #[serde(default)]
    rollover: Option<f64>,
}

/// What goes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Output {
    /// # The same
    ///
    /// The mean of a power or of moments, the sum of energies, the difference of an index.
    #[default]
    Same,
    /// # Energy
    ///
    /// The energy of a power: W become Wh.
    Energy,
    /// # Power
    ///
    /// The mean power of an energy or an index: Wh become W.
    Power,
}

fn paris() -> Zone {
    "Europe/Paris".parse().unwrap_or_else(|_| Zone::utc())
}

impl Transform for Resample {
    const REGROUPS: bool = true;

    async fn apply(self, mut inputs: Inputs, out: Outputs, context: Context) -> Result<(), StepError> {
        let mut step = Step::new(&self, out)?;
        let mut sorter = Sorter::new(&Disk::of(&context), context.limits().step_memory / 2);
        while let Some(batch) = inputs.next().await {
            context.go_on()?;
            step.emitter.follow(&batch, &mut step.out).await?;
            for record in batch.records() {
                let at = match step.time(record) {
                    Ok(at) => at,
                    Err(reject) => {
                        step.out.reject(record, &reject);
                        continue;
                    }
                };
                if self.sorted {
                    step.add(at, record).await?;
                } else {
                    let mut key = step.key.clone();
                    write_key(Some(Value::Int(at)), &mut key);
                    sorter.push_with(&key, |out| {
                        out.begin_list();
                        out.int(at);
                        out.copy(record);
                        out.end();
                    })?;
                }
            }
        }
        let mut sorted = sorter.finish()?;
        while sorted.advance()? {
            let Some((at, record)) = numbered(sorted.record()) else { continue };
            step.read_key(record);
            if !step.series.contains_key(&step.key) {
                // sorted by series: the one before has ended
                step.finish().await?;
            }
            step.add(at, record).await?;
        }
        step.finish().await?;
        step.emitter.flush(&mut step.out).await
    }
}

/// Series whose state is held at once, when readings are not sorted by series.
const MOST_SERIES: usize = 50_000;

/// The series and where their slots go.
struct Step<'a> {
    settings: &'a Resample,
    rules: Rules,
    time: Field,
    by: Vec<Field>,
    fields: Vec<Field>,
    names: Vec<Key>,
    series: FxHashMap<Vec<u8>, (Batch, Series)>,
    /// The last local time of each series, to tell the two passes of an hour apart that comes twice.
    local: FxHashMap<Vec<u8>, i64>,
    key: Vec<u8>,
    out: Outputs,
    emitter: Emitter,
}

impl<'a> Step<'a> {
    fn new(settings: &'a Resample, out: Outputs) -> Result<Self, StepError> {
        let time = Field::new(&settings.time);
        let by = readers(settings.by.iter().chain(&settings.unit));
        let fields = readers(settings.values.iter().map(|value| &value.field));
        let names: Vec<Key> = std::iter::zip(&fields, &settings.values)
            .map(|(field, value)| value.name.as_deref().map_or_else(|| field.name(), Key::from))
            .collect();
        let mut all: Vec<Key> = [time.name(), "coverage".into(), "quality".into(), "events".into()].into();
        all.extend(by.iter().map(Field::name).chain(names.iter().cloned()));
        all.extend(settings.other_end.as_deref().map(Key::from));
        let mut known = std::collections::HashSet::new();
        if let Some(double) = all.iter().find(|name| !known.insert(Key::clone(name))) {
            return Err(StepError::settings(msg!(
                "two results are called `{name}`: give one of them another name",
                name = double
            )));
        }
        let rules = Rules {
            slot: settings.slot,
            zone: settings.zone.clone(),
            quantities: settings.values.iter().map(|value| (value.meaning, value.rollover)).collect(),
            label: settings.label,
            interval: settings.interval,
            longest: settings.longest,
        };
        Ok(Self {
            settings,
            rules,
            time,
            by,
            fields,
            names,
            series: FxHashMap::default(),
            local: FxHashMap::default(),
            key: Vec::new(),
            out,
            emitter: Emitter::default(),
        })
    }

    fn read_key(&mut self, record: Value<'_>) {
        self.key.clear();
        for field in &mut self.by {
            write_key(field.get(record), &mut self.key);
        }
    }

    /// The instant of a reading, and whether its values can be used.
    fn time(&mut self, record: Value<'_>) -> Result<i64, Reject> {
        self.read_key(record);
        for field in &mut self.fields {
            match field.get(record) {
                None | Some(Value::Null | Value::Masked(_)) => {}
                Some(value) if value.as_number().is_some() => {}
                Some(value) => {
                    return Err(Reject::field(
                        field.path().to_string(),
                        msg!("this is {kind}, not a number: convert the field first", kind = kind_of(value)),
                    ));
                }
            }
        }
        let refuse = |message| Reject::field(self.settings.time.to_string(), message);
        let time = match self.time.get(record) {
            Some(Value::Time(time)) => Some(time),
            Some(Value::Text(text)) => Timestamp::parse(text.trim()),
            _ => None,
        };
        let Some(time) = time else {
            return Err(refuse(msg!("there is no time here: read it as a date first")));
        };
        if time.offset().is_some() {
            return Ok(time.micros());
        }
        let local = Timestamp::local(time.micros(), time.precision().max(Precision::Minute));
        let place = |clash| self.settings.zone.place(local, clash).map(Timestamp::micros);
        let at = place(Clash::Usual).map_err(|error| refuse(error.message().clone()))?;
        let last = self.local.get(&self.key).copied();
        let at = match last {
            // the clock was put back between the last reading and this one
            Some(last) if at <= last => place(Clash::Later).ok().filter(|later| *later > last).unwrap_or(at),
            _ => at,
        };
        if self.local.len() >= MOST_SERIES {
            self.local.clear();
        }
        self.local.insert(self.key.clone(), at);
        Ok(at)
    }

    async fn add(&mut self, at: i64, record: Value<'_>) -> Result<(), StepError> {
        let values = self
            .fields
            .iter_mut()
            .map(|field| field.get(record).filter(|value| !value.is_null()).map(Owned::from))
            .collect();
        if !self.series.contains_key(&self.key) {
            if self.series.len() >= MOST_SERIES {
                return Err(StepError::data(msg!(
                    "there are more than {limit} series at once: do not say that readings come in order",
                    limit = MOST_SERIES
                )));
            }
            let head = self.head(record);
            self.series.insert(self.key.clone(), (head, Series::new(&self.rules)));
        }
        let mut done = Vec::new();
        let Some((head, series)) = self.series.get_mut(&self.key) else { return Ok(()) };
        if series.add(&self.rules, Reading { at, values }, &mut done).is_err() {
            self.out.reject(
                record,
                &Reject::field(
                    self.settings.time.to_string(),
                    msg!("an earlier record of the series has this time or a later one"),
                ),
            );
            return Ok(());
        }
        for slot in done {
            write(self.settings, (&self.names, &self.time.name()), head, &slot, self.emitter.builder());
            self.emitter.flow(&mut self.out).await?;
        }
        Ok(())
    }

    /// Ends all series.
    async fn finish(&mut self) -> Result<(), StepError> {
        let mut all: Vec<_> = self.series.drain().collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, (head, mut series)) in all {
            let mut done = Vec::new();
            series.finish(&self.rules, &mut done);
            for slot in done {
                write(self.settings, (&self.names, &self.time.name()), &head, &slot, self.emitter.builder());
                self.emitter.flow(&mut self.out).await?;
            }
        }
        Ok(())
    }

    /// The fields that tell the series apart, as they go out.
    fn head(&mut self, record: Value<'_>) -> Batch {
        let mut out = BatchBuilder::new();
        out.begin_object();
        let unit = self.settings.unit.as_ref().map(|_| self.by.len() - 1);
        for (place, field) in self.by.iter_mut().enumerate() {
            let Some(value) = field.get(record) else { continue };
            if out.key(&field.name()).is_err() {
                continue;
            }
            match value {
                Value::Text(text) if Some(place) == unit => out.text(&self.settings.unit_of(text)),
                other => out.copy(other),
            }
        }
        out.end();
        out.take()
    }
}

impl Resample {
    /// The unit of the result.
    fn unit_of(&self, unit: &str) -> String {
        let changed = self.values.first().map(|value| match (value.meaning, value.result) {
            (Meaning::Power | Meaning::Moment, Output::Energy) => format!("{unit}h"),
            (Meaning::Energy | Meaning::Index, Output::Power) => {
                unit.strip_suffix('h').map_or_else(|| format!("{unit}/h"), ToOwned::to_owned)
            }
            _ => unit.to_owned(),
        });
        changed.unwrap_or_default()
    }
}

const HOUR: f64 = 3_600_000_000.0;

fn write(
    settings: &Resample,
    (names, time): (&[Key], &Key),
    head: &Batch,
    slot: &Filled,
    out: &mut BatchBuilder,
) {
    let length = slot.end.micros() - slot.start.micros();
    let covered = slot.cells.iter().map(|cell| cell.covered).min().unwrap_or(0);
    let known = slot
        .cells
        .iter()
        .any(|cell| cell.covered > 0 || cell.masked.is_some() || cell.reset || cell.moments.count() > 0);
    if settings.skip_missing && !known {
        return;
    }
    out.begin_object();
    for (key, value) in head.object(0).into_iter().flat_map(|head| head.iter()) {
        if out.key(key).is_ok() {
            out.copy(value);
        }
    }
    let (own, other) = match settings.slot_label {
        Label::Start => (slot.start, slot.end),
        Label::End => (slot.end, slot.start),
    };
    if out.key(time).is_ok() {
        out.time(own);
    }
    if let Some(name) = &settings.other_end
        && out.key(name).is_ok()
    {
        out.time(other);
    }
    for ((name, cell), value) in names.iter().zip(&slot.cells).zip(&settings.values) {
        if out.key(name).is_ok() {
            write_value(cell, value, out);
        }
    }
    write_quality((covered, length, known), slot, out);
    out.end();
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of any slot fit in 53 bits")]
fn write_value(cell: &Cell, quantity: &Quantity, out: &mut BatchBuilder) {
    if let Some(mark) = &cell.masked {
        return out.masked(mark);
    }
    let covered = cell.covered as f64;
    match (quantity.meaning, quantity.result) {
        (Meaning::Moment, Output::Same | Output::Power) => match cell.moments.mean() {
            Some(mean) => out.float(mean),
            None => out.null(),
        },
        _ if cell.covered == 0 => out.null(),
        (Meaning::Moment, Output::Energy) => match cell.moments.mean() {
            Some(mean) => out.float(mean * covered / HOUR),
            None => out.null(),
        },
        (Meaning::Power, Output::Energy) => out.float(cell.weighted / HOUR),
        (Meaning::Power, _) => out.float(cell.weighted / covered),
        (Meaning::Energy | Meaning::Index, Output::Power) => {
            out.float(cell.amount.to_f64() * HOUR / covered);
        }
        (Meaning::Energy | Meaning::Index, _) => cell.amount.write(out),
    }
}

/// The share of the slot that is covered, in words too, and what happened to counters.
#[expect(clippy::cast_precision_loss, reason = "microseconds of any slot fit in 53 bits")]
fn write_quality((covered, length, known): (i64, i64, bool), slot: &Filled, out: &mut BatchBuilder) {
    if out.key("coverage").is_ok() {
        out.float((covered as f64 / length as f64).min(1.0));
    }
    if out.key("quality").is_ok() {
        out.text(match (covered >= length, known) {
            (true, _) => "complete",
            (false, true) => "partial",
            (false, false) => "missing",
        });
    }
    let reset = slot.cells.iter().any(|cell| cell.reset);
    let rollover = slot.cells.iter().any(|cell| cell.rollover);
    if (reset || rollover) && out.key("events").is_ok() {
        out.begin_list();
        if reset {
            out.text("reset");
        }
        if rollover {
            out.text("rollover");
        }
        out.end();
    }
}
