//! Splits text.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::{Field, kind_of, put_fields, rewrite},
        settings::not_empty,
    },
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    path::FieldPath,
    record::{BatchBuilder, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Split>("split");

/// # Split
///
/// Cuts the text of a field at a separator, into a list or into several fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "split", "x-group" = "text"))]
struct Split {
    /// # Field
    ///
    /// The text to cut.
    field: FieldPath,
    /// # Separator
    ///
    /// Where to cut.
    #[serde(default = "comma", deserialize_with = "not_empty")]
    #[schemars(extend("examples" = [",", ";", " - "]))]
    separator: String,
    /// # Into fields
    ///
    /// The names of fields that get the pieces, in order; the last gets all that is left. Without any, a list takes the place of the text.
    #[serde(default)]
    #[schemars(extend("examples" = [["latitude", "longitude"]]))]
    into: Vec<String>,
    /// # Keep the field
    ///
    /// Keeps the text too, when its pieces go into fields.
    #[serde(default)]
    keep: bool,
    /// # Spaces
    ///
    /// Removes spaces around the pieces.
    #[serde(default = "yes")]
    trim: bool,
    /// # Leave out empty pieces
    ///
    /// Takes several separators in a row for one.
    #[serde(default)]
    skip_empty: bool,
}

fn comma() -> String {
    ",".to_owned()
}

const fn yes() -> bool {
    true
}

impl Transform for Split {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        let mut field = Field::new(&self.field);
        let mut emitter = Emitter::default();
        let mut text = String::new();
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                text.clear();
                match field.get(record) {
                    None | Some(Value::Null | Value::Masked(_)) => emitter.builder().copy(record),
                    Some(value) if value.write_plain(&mut text) => {
                        self.write(record, &text, emitter.builder());
                    }
                    Some(value) => out.reject(
                        record,
                        &Reject::field(
                            self.field.to_string(),
                            msg!("this is {kind}: only text can be cut", kind = kind_of(value)),
                        ),
                    ),
                }
                emitter.flow_from(row, &mut out).await?;
            }
        }
        emitter.flush(&mut out).await
    }
}

impl Split {
    fn write(&self, record: Value<'_>, text: &str, out: &mut BatchBuilder) {
        let object = record.as_object();
        let (Some(object), false) = (object, self.into.is_empty()) else {
            return rewrite(out, record, &self.field, &mut |out| {
                out.begin_list();
                self.pieces(text, usize::MAX).iter().for_each(|piece| out.text(piece));
                out.end();
            });
        };
        let pieces = self.pieces(text, self.into.len());
        let removed = if self.keep { None } else { self.field.as_key() };
        out.begin_object();
        put_fields(out, object, |key| Some(key) == removed || self.into.iter().any(|name| name == key));
        for (at, name) in self.into.iter().enumerate() {
            if out.key(name).is_err() {
                continue;
            }
            match pieces.get(at) {
                Some(piece) => out.text(piece),
                None => out.absent(),
            }
        }
        out.end();
    }

    /// At most `most` pieces, of which the last holds the rest.
    fn pieces<'a>(&self, text: &'a str, most: usize) -> Vec<&'a str> {
        let tidy = |piece: &'a str| if self.trim { piece.trim() } else { piece };
        let mut pieces = Vec::new();
        let mut rest = text;
        while pieces.len() + 1 < most {
            let Some((piece, after)) = rest.split_once(&self.separator) else { break };
            let piece = tidy(piece);
            if !(self.skip_empty && piece.is_empty()) {
                pieces.push(piece);
            }
            rest = after;
        }
        while let (true, Some(after)) = (self.skip_empty, tidy(rest).strip_prefix(&self.separator)) {
            rest = after;
        }
        let rest = tidy(rest);
        if !(self.skip_empty && rest.is_empty()) {
            pieces.push(rest);
        }
        pieces
    }
}
