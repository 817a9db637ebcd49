use bus_core::{Message, msg, nearest::nearest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the bus takes from outside before it says no. Every decoder and step honours them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest record, in bytes of the input (a CSV line, a JSON item, an XML item).
    pub record_bytes: usize,
    /// Deepest nesting of lists, objects and elements.
    pub depth: usize,
    /// Most fields in one object, columns in one table, attributes of one element.
    pub fields: usize,
    /// Most bytes of a document that can only be read whole (XLSX, ODS, zip, JSON-LD).
    pub document_bytes: usize,
    /// How many times its size compressed input may grow to.
    pub expansion_ratio: u64,
    /// Memory one step may hold before it spills to disk, in bytes.
    pub step_memory: usize,
    /// Bytes one step may spill to disk.
    pub spill_bytes: u64,
    /// Steps of work one expression may take on one record.
    pub expression_fuel: u64,
    /// Bytes one download may bring.
    pub download_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 << 20,
            depth: 128,
            fields: 10_000,
            document_bytes: 64 << 20,
            expansion_ratio: 200,
            step_memory: 32 << 20,
            spill_bytes: 16 << 30,
            expression_fuel: 100_000,
            download_bytes: 16 << 30,
        }
    }
}

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

impl Limits {
    /// All limits, in the order of their declaration.
    #[must_use]
    pub fn known() -> Vec<Known> {
        let schema = schemars::schema_for!(Self).to_value();
        let meaning = |name: &str| schema["properties"][name]["description"].as_str().unwrap_or_default();
        Self::default()
            .values()
            .into_iter()
            .map(|(name, value)| Known {
                meaning: meaning(&name).replace('\n', " "),
                usual: short(value.as_u64().unwrap_or_default()),
                name,
            })
            .collect()
    }

    /// Gives the limit `name` another value, a number or one with `K`, `M` or `G` (1024, 1024², 1024³) behind.
    ///
    /// # Errors
    /// When there is no limit of that name, or the text is no such number.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), Message> {
        let mut values = self.values();
        let Some(value) = values.get_mut(name) else {
            return Err(match nearest(name, values.keys().map(String::as_str)) {
                Some(near) => {
                    msg!("there is no limit `{name}`: did you mean `{near}`?", name = name, near = near)
                }
                None => {
                    let known: Vec<_> = values.keys().map(|name| format!("`{name}`")).collect();
                    msg!(
                        "there is no limit `{name}`; known are {known}",
                        name = name,
                        known = known.join(", ")
                    )
                }
            });
        };
        let wrong = || {
            msg!(
                "limit `{name}`: `{text}` is not a number such as 500000, 64M or 2G",
                name = name,
                text = text
            )
        };
        *value = size(text).ok_or_else(wrong)?.into();
        *self = serde_json::from_value(Value::Object(values)).map_err(|_| wrong())?;
        Ok(())
    }

    fn values(&self) -> serde_json::Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(values)) => values,
            _ => serde_json::Map::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        let known = Limits::known();
        assert_eq!(known.len(), 9);
        for Known { name, meaning, usual } in known {
            assert!(!meaning.is_empty(), "{name}");
            let mut limits = Limits::default();
            assert_eq!(limits.set(&name, &usual), Ok(()), "{name}");
            assert_eq!(limits, Limits::default(), "{name}={usual}");
            assert_eq!(limits.set(&name, "7"), Ok(()), "{name}");
            assert_ne!(limits, Limits::default(), "{name}");
        }
        let mut limits = Limits::default();
        assert_eq!(limits.set("record_bytes", "2g"), Ok(()));
        assert_eq!(limits.record_bytes, 2 << 30);
    }

    #[test]
    fn wrong_limits_say_what_is_meant() {
        let said =
            |name: &str, text: &str| Limits::default().set(name, text).map_err(|said| said.to_string());
        assert_eq!(
            said("record-byte", "1"),
            Err("there is no limit `record-byte`: did you mean `record_bytes`?".into())
        );
        for wrong in ["", "many", "-1", "0", "1.5M", "99999999999G"] {
            assert!(said("depth", wrong).is_err(), "{wrong}");
        }
    }
}
