//! Limits by their names: each can be set from outside, and says what it is for.
//!
//! A limit is a number among the settings of something: its name is that of the field, its meaning the comment
//! there.

use crate::{Message, msg, nearest::nearest};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A limit as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// What it limits: an English text of the translation table.
    pub meaning: String,
    /// What it is unless said, as a person would write it.
    pub usual: String,
}

/// Settings of which those that are numbers are limits.
pub trait Limited: Default + Serialize + DeserializeOwned + JsonSchema {
    /// All limits, as they are declared.
    #[must_use]
    fn known() -> Vec<Known> {
        let schema = schemars::schema_for!(Self).to_value();
        let meaning = |name: &str| schema["properties"][name]["description"].as_str().unwrap_or_default();
        let known = |(name, value): (String, Value)| {
            let number = value.as_u64()?;
            let usual = if name.ends_with("_seconds") { number.to_string() } else { short(number) };
            Some(Known { meaning: meaning(&name).replace('\n', " "), usual, name })
        };
        values(&Self::default()).into_iter().filter_map(known).collect()
    }

    /// Gives the limit `name` another value, a number or one with `K`, `M` or `G` (1024, 1024², 1024³) behind;
    /// `false` if there is no limit of that name here.
    ///
    /// # Errors
    /// When the text is no such number.
    fn set(&mut self, name: &str, text: &str) -> Result<bool, Message> {
        let mut values = values(self);
        let Some(value) = values.get_mut(name).filter(|value| value.is_u64()) else { return Ok(false) };
        let wrong = || {
            msg!(
                "limit `{name}`: `{text}` is not a number such as 500000, 64M or 2G",
                name = name,
                text = text
            )
        };
        *value = size(text).ok_or_else(wrong)?.into();
        *self = serde_json::from_value(Value::Object(values)).map_err(|_| wrong())?;
        Ok(true)
    }
}

fn values(limits: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(values)) => values,
        _ => Map::new(),
    }
}

/// What is said of a limit that there is not.
#[must_use]
pub fn unknown(name: &str, known: &[Known]) -> Message {
    match nearest(name, known.iter().map(|known| known.name.as_str())) {
        Some(near) => msg!("there is no limit `{name}`: did you mean `{near}`?", name = name, near = near),
        None => {
            let known: Vec<_> = known.iter().map(|known| format!("`{}`", known.name)).collect();
            msg!("there is no limit `{name}`; known are {known}", name = name, known = known.join(", "))
        }
    }
}

const UNITS: [(&str, u64); 3] = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)];

/// A number as people write sizes: `500000`, or one with `K`, `M` or `G` (1024, 1024², 1024³) behind; none that is 0.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_uppercase();
    let (digits, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((&text, 1));
    digits.trim_end().parse::<u64>().ok()?.checked_mul(factor).filter(|number| *number > 0)
}

fn short(number: u64) -> String {
    let unit = UNITS.iter().find(|(_, factor)| number > 0 && number.is_multiple_of(*factor));
    unit.map_or_else(|| number.to_string(), |(unit, factor)| format!("{}{unit}", number / factor))
}

/// A span of time among settings: whole seconds (`#[serde(with = "bus_core::limits::seconds")]`).
pub mod seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    /// Writes it.
    ///
    /// # Errors
    /// When whoever writes cannot.
    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.as_secs())
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not a whole number.
    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::time::Duration;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Some {
        /// How long, in seconds.
        #[serde(rename = "wait_seconds", with = "seconds")]
        #[schemars(with = "u64")]
        wait: Duration,
        /// How deep.
        depth: usize,
        names: Vec<String>,
    }

    impl Default for Some {
        fn default() -> Self {
            Self { wait: Duration::from_secs(1_024), depth: 64 << 10, names: vec!["a".to_owned()] }
        }
    }

    impl Limited for Some {}

    #[test]
    fn numbers_are_limits_and_nothing_else_is() {
        let known: Vec<_> = Some::known()
            .into_iter()
            .map(|Known { name, meaning, usual }| format!("{name}: {meaning} [{usual}]"))
            .collect();
        assert_eq!(known, ["wait_seconds: How long, in seconds. [1024]", "depth: How deep. [64K]"]);
        let mut some = Some::default();
        assert_eq!((some.set("wait_seconds", "120"), some.set("depth", "2k")), (Ok(true), Ok(true)));
        assert_eq!(some.set("names", "1"), Ok(false));
        let names = vec!["a".to_owned()];
        assert_eq!(some, Some { wait: Duration::from_secs(120), depth: 2_048, names });
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in ["", "many", "-1", "0", "1.5M", "99999999999G"] {
            assert!(Some::default().set("depth", wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            unknown("dept", &Some::known()).to_string(),
            "there is no limit `dept`: did you mean `depth`?"
        );
        assert_eq!(
            unknown("x", &Some::known()).to_string(),
            "there is no limit `x`; known are `wait_seconds`, `depth`"
        );
    }
}
