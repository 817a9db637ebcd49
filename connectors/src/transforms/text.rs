//! Text cleaned up.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::edit::Editor,
};
use bus_core::{
    error::{Reject, StepError},
    path::FieldPath,
    record::{Batch, BatchBuilder, Cell, Value},
    text,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Text>("text");

/// # Clean up text
///
/// Tidies text: spaces, case, accents, HTML, invisible characters. The chosen actions are done in the order of this
/// form, whatever their order in the list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "sparkles", "x-group" = "text"))]
struct Text {
    /// # Fields
    ///
    /// The fields to clean up. If there are none, all text of the record is cleaned up, also inside lists and
    /// objects.
    #[serde(default)]
    fields: Vec<FieldPath>,
    /// # Actions
    ///
    /// What to do with the text.
    actions: Vec<Action>,
    /// # Empty text is nothing
    ///
    /// Whether a text that is empty in the end becomes an empty field.
    #[serde(default)]
    empty_to_null: bool,
}

/// What is done with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// # Remove HTML
    ///
    /// Takes tags, scripts and styles out and decodes `&eacute;`; ends of paragraphs become line ends.
    StripHtml,
    /// # Decode HTML
    ///
    /// Turns `&eacute;` and `&#233;` into `é`, and leaves tags.
    DecodeHtml,
    /// # Compose characters
    ///
    /// Writes `é` as one character, not as `e` and an accent (Unicode form NFC).
    Compose,
    /// # Remove invisible characters
    ///
    /// Takes out control characters, soft hyphens, zero-width spaces and byte order marks.
    RemoveControls,
    /// # Trim
    ///
    /// Takes spaces off both ends.
    Trim,
    /// # Collapse spaces
    ///
    /// Takes spaces off both ends and makes one of several, also of line ends and no-break spaces.
    CollapseSpaces,
    /// # Remove accents
    ///
    /// Writes `é` as `e` and `œ` as `oe`.
    RemoveAccents,
    /// # Small letters
    Lower,
    /// # Capitals
    ///
    /// Writes all in capitals, with their accents.
    Upper,
    /// # Capital at each word
    ///
    /// Writes `SAINT-ÉTIENNE` as `Saint-Étienne`.
    Title,
    /// # Capital at the start
    ///
    /// Writes only the first letter as a capital.
    Sentence,
    /// # Slug
    ///
    /// Writes text as part of a web address: `Île-de-France` becomes `ile-de-france`.
    Slug,
}

impl Transform for Text {
    async fn apply(mut self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        self.actions.sort_unstable();
        self.actions.dedup();
        if self.fields.is_empty() {
            return self.all(inputs, out).await;
        }
        let mut editor = Editor::new(self.fields.clone());
        while let Some(batch) = inputs.next().await {
            let change = |number: usize, record: Value<'_>, values: &mut BatchBuilder| {
                let value = self.fields.get(number).and_then(|field| field.get(record));
                self.change(value, values);
                Ok::<(), Reject>(())
            };
            editor.apply(&batch, &mut out, change).await?;
        }
        Ok(())
    }
}

impl Text {
    /// Cleans up the text of a field; lists of texts too.
    fn change(&self, value: Option<Value<'_>>, out: &mut BatchBuilder) {
        match value {
            Some(Value::Text(text)) => self.write(text, out),
            Some(Value::List(list)) => {
                out.begin_list();
                list.iter().for_each(|item| match item {
                    Value::Text(text) => self.write(text, out),
                    other => out.copy(other),
                });
                out.end();
            }
            Some(_) | None => out.absent(),
        }
    }

    fn write(&self, text: &str, out: &mut BatchBuilder) {
        let clean = self.actions.iter().fold(text.to_owned(), |text, action| action.apply(&text));
        if clean.is_empty() && self.empty_to_null { out.null() } else { out.text(&clean) }
    }

    /// Cleans up all text, wherever it stands.
    async fn all(&self, mut inputs: Inputs, mut out: Outputs) -> Result<(), StepError> {
        let mut builder = BatchBuilder::new();
        while let Some(batch) = inputs.next().await {
            for cell in batch.rows() {
                self.everywhere(&batch, *cell, &mut builder);
            }
            builder.set_context(batch.context().cloned());
            out.send(builder.take()).await?;
        }
        Ok(())
    }

    fn everywhere(&self, batch: &Batch, cell: Cell, out: &mut BatchBuilder) {
        match batch.resolve(cell) {
            Some(Value::Text(text)) => self.write(text, out),
            Some(Value::List(list)) => {
                out.begin_list();
                list.cells().iter().for_each(|item| self.everywhere(batch, *item, out));
                out.end();
            }
            Some(Value::Object(object)) => {
                out.begin_shaped(object.shape());
                object.cells().iter().for_each(|item| self.everywhere(batch, *item, out));
                out.end();
            }
            _ => out.put(batch, cell),
        }
    }
}

impl Action {
    fn apply(self, text: &str) -> String {
        match self {
            Self::StripHtml => text::html_strip(text),
            Self::DecodeHtml => text::html_decode(text),
            Self::Compose => text::compose(text),
            Self::RemoveControls => text::remove_controls(text),
            Self::Trim => text.trim().to_owned(),
            Self::CollapseSpaces => text::collapse_spaces(text),
            Self::RemoveAccents => text::plain(text),
            Self::Lower => text::lower(text),
            Self::Upper => text::upper(text),
            Self::Title => text::title_case(text),
            Self::Sentence => text::sentence_case(text),
            Self::Slug => text::slug(text),
        }
    }
}
