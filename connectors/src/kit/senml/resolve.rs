use super::{LABELS, Reading, exact::Exact, settings::Now};
use crate::contract::FormatError;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bus_core::{
    Message,
    error::Reject,
    msg,
    record::{BatchBuilder, BuildError, Object, Precision, Timestamp, Value},
};

/// Applies base fields to one record after the other: RFC 8428, 4.6.
#[derive(Debug)]
pub(super) struct Resolver {
    reading: Reading,
    name: String,
    time: Exact,
    unit: String,
    value: Exact,
    sum: Option<Exact>,
    version: Option<i64>,
    begun: bool,
    /// The full name of the record at hand.
    full: String,
}

/// Why a record is not taken.
pub(super) enum Wrong {
    /// This one is wrong.
    Record(Reject),
    /// The pack must be refused.
    Pack(FormatError),
}

impl From<Reject> for Wrong {
    fn from(reject: Reject) -> Self {
        Self::Record(reject)
    }
}

impl From<FormatError> for Wrong {
    fn from(error: FormatError) -> Self {
        Self::Pack(error)
    }
}

const SUPPORTED: i64 = 10;

/// Base64 for URLs; padding is tolerated.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Resolver {
    pub(super) const fn new(reading: Reading) -> Self {
        Self {
            reading,
            name: String::new(),
            time: Exact::ZERO,
            unit: String::new(),
            value: Exact::ZERO,
            sum: None,
            version: None,
            begun: false,
            full: String::new(),
        }
    }

    pub(super) fn received(&mut self, now: Timestamp) {
        self.reading.now = self.reading.now.or(Some(Now(now)));
    }

    /// Writes the resolved record; its time in microseconds, or `None` if it only sets base fields.
    pub(super) fn resolve(
        &mut self,
        record: Value<'_>,
        out: &mut BatchBuilder,
    ) -> Result<Option<i64>, Wrong> {
        let Value::Object(object) = record else {
            return Err(Reject::new(msg!("a SenML record is an object")).into());
        };
        for (key, _) in object.iter() {
            if key.ends_with('_') {
                let message = msg!(
                    "the pack has the field `{label}`, which must be understood and is not",
                    label = &**key
                );
                return Err(FormatError::new(message).into());
            }
        }
        self.bases(object)?;
        if object.iter().all(|(key, _)| key.starts_with('b')) {
            return Ok(None);
        }
        self.begun = true;
        self.record(object, out).map(Some)
    }

    fn bases(&mut self, object: Object<'_>) -> Result<(), Wrong> {
        if let Some(version) = object.get("bver") {
            self.version(version)?;
        }
        if let Some(name) = text(object, "bn")? {
            name.clone_into(&mut self.name);
        }
        if let Some(unit) = text(object, "bu")? {
            unit.clone_into(&mut self.unit);
        }
        if let Some(time) = number(object, "bt")? {
            self.time = time;
        }
        if let Some(value) = number(object, "bv")? {
            self.value = value;
        }
        if let Some(sum) = number(object, "bs")? {
            self.sum = Some(sum);
        }
        Ok(())
    }

    fn version(&mut self, version: Value<'_>) -> Result<(), FormatError> {
        let Some(version) = Exact::of(version).and_then(Exact::to_int).filter(|version| *version > 0) else {
            return Err(FormatError::new(msg!("`bver` is a positive integer")));
        };
        if version > SUPPORTED {
            let message = msg!(
                "SenML version {version} is newer than {supported}, which is known here",
                version = version,
                supported = SUPPORTED
            );
            return Err(FormatError::new(message));
        }
        let known = self.version.or(self.begun.then_some(SUPPORTED));
        if known.is_some_and(|known| known != version) {
            return Err(FormatError::new(msg!("the pack mixes versions of SenML")));
        }
        self.version = Some(version);
        Ok(())
    }

    fn record(&mut self, object: Object<'_>, out: &mut BatchBuilder) -> Result<i64, Wrong> {
        self.full.clear();
        self.full.push_str(&self.name);
        self.full.push_str(text(object, "n")?.unwrap_or_default());
        check_name(&self.full).map_err(|message| Reject::field("n", message))?;
        let (micros, places) = self.moment(number(object, "t")?.unwrap_or(Exact::ZERO))?;
        let values = ["v", "vs", "vb", "vd"];
        if values.iter().filter(|label| object.get(label).is_some()).count() > 1 {
            return Err(Reject::new(msg!("a record has at most one of v, vs, vb and vd")).into());
        }
        let sum = number(object, "s")?;
        let value = number(object, "v")?;
        if sum.is_none() && !values.iter().any(|label| object.get(label).is_some()) {
            return Err(Reject::new(msg!("a record needs a value (v, vs, vb or vd) or a sum (s)")).into());
        }
        let value = match value {
            Some(value) => Some(
                self.value
                    .plus(value)
                    .ok_or_else(|| Reject::field("v", msg!("the number is out of range")))?,
            ),
            None => None,
        };
        let sum = match (self.sum, sum) {
            (None, None) => None,
            (base, own) => {
                let sum = base.unwrap_or(Exact::ZERO).plus(own.unwrap_or(Exact::ZERO));
                Some(sum.ok_or_else(|| Reject::field("s", msg!("the number is out of range")))?)
            }
        };
        let update = number(object, "ut")?;
        let unit = text(object, "u")?.unwrap_or(&self.unit);
        let other = other_value(object)?;
        let time = Timestamp::at(micros, 0, places);
        let values = Values { value, other, sum, update };
        self.write((time, unit), &values, object, out)
            .map_err(|error| Reject::new(msg!("{problem}", problem = error.to_string())))?;
        Ok(micros)
    }

    fn write(
        &self,
        (time, unit): (Timestamp, &str),
        values: &Values<'_>,
        object: Object<'_>,
        out: &mut BatchBuilder,
    ) -> Result<(), BuildError> {
        out.begin_object();
        out.key("name")?;
        out.text(&self.full);
        out.key("time")?;
        out.time(time);
        if !unit.is_empty() {
            out.key("unit")?;
            out.text(unit);
        }
        values.write(out)?;
        if let Some(version) = self.version.filter(|version| *version != SUPPORTED) {
            out.key("version")?;
            out.int(version);
        }
        for (key, value) in object.iter() {
            if !key.starts_with('b') && !LABELS.iter().any(|(label, _)| *label == &**key) {
                out.key(key)?;
                out.copy(value);
            }
        }
        out.end();
        Ok(())
    }

    /// Microseconds since 1970, and how much was said.
    fn moment(&self, own: Exact) -> Result<(i64, Precision), Wrong> {
        let out_of_range = || Reject::field("t", msg!("the time is out of range"));
        let time = self.time.plus(own).ok_or_else(out_of_range)?;
        let (mut micros, _) = time.to_micros().ok_or_else(out_of_range)?;
        if time.is_relative_time() {
            micros = self.reading.now_micros()?.checked_add(micros).ok_or_else(out_of_range)?;
        }
        if micros.unsigned_abs() > LAST_MICROS {
            return Err(out_of_range().into());
        }
        let precision = match micros {
            micros if micros % 1_000_000 == 0 => Precision::Second,
            micros if micros % 1_000 == 0 => Precision::Millisecond,
            _ => Precision::Microsecond,
        };
        Ok((micros, precision))
    }
}

/// The year 9999, roughly.
const LAST_MICROS: u64 = 253_000_000_000_000_000;

/// What a record says.
struct Values<'a> {
    value: Option<Exact>,
    other: Other<'a>,
    sum: Option<Exact>,
    update: Option<Exact>,
}

impl Values<'_> {
    fn write(&self, out: &mut BatchBuilder) -> Result<(), BuildError> {
        write_number("value", self.value, out)?;
        match &self.other {
            Other::None => {}
            Other::Text(text) => {
                out.key("string")?;
                out.text(text);
            }
            Other::Bool(value) => {
                out.key("bool")?;
                out.bool(*value);
            }
            Other::Data(bytes) => {
                out.key("data")?;
                out.bytes(bytes);
            }
        }
        write_number("sum", self.sum, out)?;
        write_number("update", self.update, out)
    }
}

fn write_number(key: &str, number: Option<Exact>, out: &mut BatchBuilder) -> Result<(), BuildError> {
    let Some(number) = number else { return Ok(()) };
    out.key(key)?;
    match number.to_int() {
        Some(int) => out.int(int),
        None => out.decimal(&number.to_string()),
    }
    Ok(())
}

/// A value that is no number.
enum Other<'a> {
    None,
    Text(&'a str),
    Bool(bool),
    Data(Vec<u8>),
}

fn other_value(object: Object<'_>) -> Result<Other<'_>, Reject> {
    if let Some(text) = text(object, "vs")? {
        return Ok(Other::Text(text));
    }
    match object.get("vb") {
        None => {}
        Some(Value::Bool(value)) => return Ok(Other::Bool(value)),
        Some(_) => return Err(Reject::field("vb", msg!("`{label}` is true or false", label = "vb"))),
    }
    match object.get("vd") {
        None => Ok(Other::None),
        Some(Value::Bytes(bytes)) => Ok(Other::Data(bytes.to_vec())),
        Some(Value::Text(text)) => match BASE64.decode(text) {
            Ok(bytes) => Ok(Other::Data(bytes)),
            Err(_) => Err(Reject::field("vd", msg!("`vd` is Base64 with the alphabet for URLs"))),
        },
        Some(_) => Err(Reject::field("vd", msg!("`{label}` is text", label = "vd"))),
    }
}

fn text<'a>(object: Object<'a>, label: &str) -> Result<Option<&'a str>, Reject> {
    match object.get(label) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Reject::field(label, msg!("`{label}` is text", label = label))),
    }
}

fn number(object: Object<'_>, label: &str) -> Result<Option<Exact>, Reject> {
    let Some(value) = object.get(label) else { return Ok(None) };
    if value.as_number().is_none() {
        return Err(Reject::field(label, msg!("`{label}` is a number", label = label)));
    }
    match Exact::of(value) {
        Some(number) => Ok(Some(number)),
        None => Err(Reject::field(label, msg!("the number is out of range"))),
    }
}

/// RFC 8428, 4.5.1: letters, digits and `-:./_`, the first a letter or a digit.
pub(super) fn check_name(name: &str) -> Result<(), Message> {
    let Some(first) = name.chars().next() else {
        return Err(msg!("the record has no name, neither its own nor a base name"));
    };
    if !first.is_ascii_alphanumeric() {
        return Err(msg!("the name `{name}` must begin with a letter or a digit", name = name));
    }
    match name.chars().find(|char| !(char.is_ascii_alphanumeric() || "-:./_".contains(*char))) {
        Some(char) => Err(msg!("the name `{name}` cannot hold `{char}`", name = name, char = char)),
        None => Ok(()),
    }
}

/// Bytes as the JSON and XML forms hold them.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
