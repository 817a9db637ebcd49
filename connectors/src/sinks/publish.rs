//! Data offered to the outside.

use crate::contract::{Connector, Context, Inputs, Offer, Outputs, Receipt, Sink};
use bus_core::{error::StepError, msg};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::{borrow::Cow, num::NonZeroU32};

pub(crate) static CONNECTOR: Connector = Connector::sink::<Publish>("publish");

/// # Publish
///
/// Offers the records to the outside, at an address of their own, in the format that is asked for.
///
/// What was published before stays until all records are there; then they take its place at once. Repeating a run
/// publishes the same again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "globe", "x-group" = "output"))]
struct Publish {
    /// # Name in the address
    ///
    /// The last part of `/data/…`: small letters, digits and `-`. It belongs to the first workflow that takes it.
    slug: Slug,
    /// # Title
    ///
    /// What readers see above the data.
    #[serde(default)]
    title: String,
    /// # Description
    ///
    /// What the data is, where it comes from.
    #[serde(default)]
    description: String,
    /// # Access
    ///
    /// Who may read it.
    #[serde(default)]
    access: Access,
    /// # Hours kept
    ///
    /// How long it is kept, if not as long as the rest of what the workflow makes.
    #[serde(default)]
    hours: Option<NonZeroU32>,
}

/// Who may read published data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Access {
    /// # Everybody
    #[default]
    Public,
    /// # Whoever may see the workflow
    ///
    /// With a session or an API key.
    Key,
}

/// A name that can stand in an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Slug(String);

const MOST_LETTERS: usize = 63;

impl TryFrom<String> for Slug {
    type Error = bus_core::Message;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let ends = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > MOST_LETTERS || ends || !text.chars().all(known) {
            return Err(msg!(
                "`{text}` cannot stand in an address: use small letters, digits and `-`, such as `bornes-de-recharge`",
                text = text
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Slug {
    fn schema_name() -> Cow<'static, str> {
        "Slug".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["bornes-de-recharge"] })
    }

    fn inline_schema() -> bool {
        true
    }
}

impl Sink for Publish {
    async fn write(self, mut input: Inputs, _: Outputs, context: Context) -> Result<Receipt, StepError> {
        let Slug(slug) = self.slug;
        let address = format!("/data/{slug}");
        let offer = Offer {
            title: if self.title.is_empty() { slug.clone() } else { self.title },
            slug,
            description: self.description,
            public: self.access == Access::Public,
            hours: self.hours.map(NonZeroU32::get),
        };
        let mut receipt = Receipt::default();
        let Some(publisher) = context.publisher() else {
            while let Some(batch) = input.next().await {
                receipt.written += batch.len() as u64;
            }
            context.go_on()?;
            let nowhere = msg!(
                "{address}, which only a server serves (`semantic-bus serve`): nothing was kept",
                address = address
            );
            receipt.target = Some(nowhere.text(context.language()));
            return Ok(receipt);
        };
        let mut edition = publisher.begin(&offer).await?;
        while let Some(batch) = input.next().await {
            edition.add(&batch).await?;
            receipt.written += batch.len() as u64;
        }
        // an input that ended because the run did is not the whole
        context.go_on()?;
        edition.finish().await?;
        receipt.target = Some(address);
        Ok(receipt)
    }
}
