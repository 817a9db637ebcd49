//! Golden cases of formats: a document, the records it holds, and the document they make.

use crate::{
    mutation::{Chance, damaged, survives},
    records,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bus_core::{loss::LossReport, record::Batch};
use connectors::{
    contract::{Decoded, FormatError, Limits, Rejected},
    formats::FormatChoice,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// A golden case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// What it shows, in one line.
    pub about: String,
    settings: Option<Json>,
    input: Option<String>,
    input_base64: Option<String>,
    input_file: Option<String>,
    records: Option<Vec<Json>>,
    #[serde(default)]
    errors: Vec<Json>,
    fails: Option<String>,
    context: Option<Json>,
    output: Option<String>,
    output_base64: Option<String>,
    losses: Option<BTreeMap<String, Json>>,
}

/// What decoding made.
struct Outcome {
    batches: Vec<Batch>,
    rejected: Vec<Rejected>,
    ended: Result<(), FormatError>,
}

impl Outcome {
    fn records(&self) -> Vec<Json> {
        self.batches.iter().flat_map(|batch| batch.records().map(records::json)).collect()
    }
}

impl Golden {
    /// Decodes and encodes what the case says; `path` is the case's own.
    ///
    /// # Errors
    /// How what came of it differs from what is expected.
    pub fn run(&self, id: &str, path: &Path) -> Result<(), String> {
        let settings = self.settings.clone().unwrap_or_else(|| json!({}));
        let format: FormatChoice =
            serde_json::from_value(json!({ id: settings })).map_err(|error| error.to_string())?;
        if let Some(input) = self.input(path)? {
            let whole = decode(&format, &input, input.len().max(1))?;
            self.compare_decoded(&whole)?;
            let cut = decode(&format, &input, 1)?;
            if cut.records() != whole.records() || cut.rejected != whole.rejected || cut.ended != whole.ended
            {
                return Err(format!(
                    "cut into bytes: {} {:?} {:?}",
                    Json::from(cut.records()),
                    cut.rejected,
                    cut.ended
                ));
            }
            let context = whole.batches.iter().find_map(Batch::context);
            if let (Some(expected), true) = (&self.context, self.output.is_none())
                && context.map(AsRef::as_ref) != Some(expected)
            {
                return Err(format!("context is {context:?}, expected {expected}"));
            }
        }
        self.compare_encoded(&format)
    }

    /// Decodes the input of the case damaged in `count` ways.
    ///
    /// # Errors
    /// The damage, and how what came of it depends on the cut.
    pub fn damage(&self, id: &str, path: &Path, count: usize) -> Result<(), String> {
        let settings = self.settings.clone().unwrap_or_else(|| json!({}));
        let format: FormatChoice =
            serde_json::from_value(json!({ id: settings })).map_err(|error| error.to_string())?;
        let Some(input) = self.input(path)? else { return Ok(()) };
        let mut chance = Chance::new(&path.display().to_string());
        for number in 0..count {
            let bytes = damaged(&input, &mut chance);
            survives(&format, &bytes, number % 7 + 1)
                .map_err(|difference| format!("{}\n{difference}", String::from_utf8_lossy(&bytes)))?;
        }
        Ok(())
    }

    fn input(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        if let Some(text) = &self.input_base64 {
            let text: String = text.split_whitespace().collect();
            return BASE64.decode(text).map(Some).map_err(|error| error.to_string());
        }
        if let Some(name) = &self.input_file {
            return fs::read(path.with_file_name(name)).map(Some).map_err(|error| format!("{name}: {error}"));
        }
        Ok(self.input.as_ref().map(|text| text.as_bytes().to_vec()))
    }

    fn compare_decoded(&self, outcome: &Outcome) -> Result<(), String> {
        match (&outcome.ended, &self.fails) {
            (Err(error), Some(reason)) if error.to_string().contains(reason.as_str()) => {}
            (Ok(()), None) => {}
            (ended, reason) => return Err(format!("ended with {ended:?}, expected {reason:?}")),
        }
        if let Some(expected) = &self.records {
            let actual = Json::from(outcome.records());
            if !records::same(&actual, &Json::from(expected.clone())) {
                return Err(format!("records:\n  actual   {actual}\n  expected {}", json!(expected)));
            }
        }
        let fits = |(_, reject): &Rejected, expected: &Json| {
            let number = |name: &str| expected.get(name).and_then(Json::as_u64);
            expected["reason"].as_str().is_none_or(|part| reject.message.to_string().contains(part))
                && number("line").is_none_or(|line| line == reject.line)
                && number("column").is_none_or(|column| column == reject.column)
                && expected["field"].as_str().is_none_or(|field| field == reject.field)
        };
        let rejected = &outcome.rejected;
        if rejected.len() != self.errors.len() || !rejected.iter().zip(&self.errors).all(|(a, b)| fits(a, b))
        {
            return Err(format!("errors:\n  actual   {rejected:?}\n  expected {}", json!(self.errors)));
        }
        Ok(())
    }

    fn compare_encoded(&self, format: &FormatChoice) -> Result<(), String> {
        let expected = match (&self.output, &self.output_base64) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(text)) => {
                BASE64.decode(text.split_whitespace().collect::<String>()).map_err(|e| e.to_string())?
            }
            (None, None) => return Ok(()),
        };
        let records = self.records.as_deref().unwrap_or_default();
        let mut encoder = format.encoder().ok_or("this format is only read")?;
        let (mut out, mut losses) = (Vec::new(), LossReport::default());
        let mut batch = records::batch(records);
        batch.set_context(self.context.clone().map(Arc::new));
        encoder.encode(&batch, &mut out, &mut losses).map_err(|error| error.to_string())?;
        encoder.finish(&mut out, &mut losses).map_err(|error| error.to_string())?;
        if out != expected {
            let (out, expected) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
            return Err(format!("output:\n{out}\nexpected:\n{expected}"));
        }
        let Some(expected) = &self.losses else { return Ok(()) };
        let actual: BTreeMap<String, Json> =
            losses.iter().map(|(path, entries)| (path.to_owned(), json!(entries))).collect();
        if &actual == expected {
            Ok(())
        } else {
            Err(format!("losses:\n  actual   {}\n  expected {}", json!(actual), json!(expected)))
        }
    }
}

fn decode(format: &FormatChoice, input: &[u8], step: usize) -> Result<Outcome, String> {
    let mut decoder = format.decoder(&Limits::default()).ok_or("this format is only written")?;
    let mut out = Decoded::default();
    let pushed = input.chunks(step).try_for_each(|bytes| decoder.push(bytes, &mut out));
    let ended = pushed.and_then(|()| decoder.finish(&mut out));
    out.cut();
    let mut batches = Vec::new();
    while let Some(batch) = out.next_batch() {
        batches.push(batch);
    }
    Ok(Outcome { batches, rejected: out.take_rejected(), ended })
}
