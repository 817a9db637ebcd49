use crate::contract::Context;
use bus_core::{error::StepError, msg};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::{borrow::Cow, fmt};

const WRITTEN: &str = "{ secret: its-name }";

/// A password, key or token, named and not written: `{ secret: ban-key }`.
///
/// What it names comes from the vault or the environment when the step runs, and from nowhere else: it
/// stands in no document, log or report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Secret {
    secret: String,
}

/// What a [`Secret`] names; shows itself to nobody who does not ask.
pub struct Revealed(String);

impl Revealed {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl Secret {
    /// What it names.
    ///
    /// # Errors
    /// When there is no secret of that name.
    pub fn reveal(&self, context: &Context) -> Result<Revealed, StepError> {
        context.secret(&self.secret).map(Revealed).ok_or_else(|| {
            StepError::settings(msg!(
                "there is no secret `{name}`: keep it in the vault, or in the environment as SEMANTIC_BUS_SECRET_…",
                name = &self.secret
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            secret: String,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.is_string() {
            // the text is not repeated: it may be the secret itself
            return Err(D::Error::custom(msg!(
                "a secret is named, not written: `{example}`",
                example = WRITTEN
            )));
        }
        let named: Named = serde_json::from_value(value)
            .map_err(|_| D::Error::custom(msg!("a secret is written `{example}`", example = WRITTEN)))?;
        Ok(Self { secret: named.secret })
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "x-form": "secret",
            "properties": { "secret": { "type": "string" } },
            "required": ["secret"],
            "additionalProperties": false,
        })
    }

    fn inline_schema() -> bool {
        true
    }
}
