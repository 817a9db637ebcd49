use bus_core::{Message, msg};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::{borrow::Cow, fmt};
use url::{ParseError, Url};

/// The address of something on the web, as typed in a form: `http` or `https`, with a host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(Url);

impl Address {
    /// The address.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for Address {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        let of_web = || msg!("`{text}` is not an address that begins with https:// or http://", text = &text);
        let url = Url::parse(text.trim()).map_err(|problem| match problem {
            ParseError::RelativeUrlWithoutBase => of_web(),
            ParseError::InvalidPort => msg!("the port in `{text}` is no number up to 65535", text = &text),
            _ => msg!("`{text}` is not an address such as https://example.org/data.csv", text = &text),
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(of_web());
        }
        if url.password().is_some() {
            return Err(msg!("a password does not belong in an address: use the setting `auth`"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uri" })
    }

    fn inline_schema() -> bool {
        true
    }
}
