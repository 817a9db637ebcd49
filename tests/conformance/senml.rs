//! SenML (RFC 8428): the examples in their three forms, and the rules.

use bus_core::record::{Batch, Value as Record};
use connectors::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use house_tests::{Score, shared};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// The resolved records in the words of RFC 8428.
fn read(format: &str, bytes: &[u8]) -> Result<Vec<Batch>, String> {
    let settings = json!({ format: { "now": "2017-07-14T02:40:00Z" } });
    let choice: FormatChoice = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let mut decoder = choice.decoder(&Limits::default()).ok_or("not read")?;
    let mut decoded = Decoded::default();
    for chunk in bytes.chunks(5) {
        decoder.push(chunk, &mut decoded).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut decoded).map_err(|error| error.to_string())?;
    match decoded.take_rejected().first() {
        Some((_, reject)) => Err(reject.message.to_string()),
        None => Ok(std::iter::from_fn(|| decoded.next_batch()).collect()),
    }
}

fn labelled(batches: &[Batch]) -> Vec<Value> {
    let records = batches.iter().flat_map(|batch| batch.records());
    records
        .filter_map(Record::as_object)
        .map(|object| {
            let mut fields = Map::new();
            for (key, value) in object.iter() {
                let (label, value) = match (&**key, value) {
                    ("name", value) => ("n", value.to_json()),
                    ("time", Record::Time(time)) => ("t", json!(time.micros() as f64 / 1e6)),
                    ("unit", value) => ("u", value.to_json()),
                    ("value", value) => ("v", value.to_json()),
                    ("string", value) => ("vs", value.to_json()),
                    ("bool", value) => ("vb", value.to_json()),
                    ("data", Record::Bytes(bytes)) => ("vd", base64(bytes).into()),
                    ("sum", value) => ("s", value.to_json()),
                    ("update", value) => ("ut", value.to_json()),
                    ("version", value) => ("bver", value.to_json()),
                    (other, value) => (other, value.to_json()),
                };
                fields.insert(label.to_owned(), value);
            }
            fields.into()
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            out.push(char::from(alphabet[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    out
}

/// Equal as JSON values, numbers within a millionth, whatever the order of keys.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            (a.as_f64().unwrap_or(f64::NAN) - b.as_f64().unwrap_or(f64::NAN)).abs() < 1e-6
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (a, b) => a == b,
    }
}

fn write(format: &str, batches: &[Batch]) -> Vec<u8> {
    let choice = FormatChoice::of_id(format).expect("a format");
    let mut encoder = choice.encoder().expect("is written");
    let (mut out, mut losses) = (Vec::new(), bus_core::loss::LossReport::default());
    for batch in batches {
        encoder.encode(batch, &mut out, &mut losses).expect("can be written");
    }
    encoder.finish(&mut out, &mut losses).expect("can be written");
    out
}

fn example(folder: &Path, entry: &Value) -> Result<(), String> {
    let file = |key: &str| fs::read(folder.join(entry[key].as_str().unwrap_or_default()));
    let expected: Value = serde_json::from_slice(&file("resolved").map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())?;
    for (key, format) in [("json", "senml"), ("cbor", "senml-cbor"), ("xml", "senml-xml")] {
        let batches = read(format, &file(key).map_err(|error| error.to_string())?)
            .map_err(|error| format!("{format}: {error}"))?;
        let found = Value::from(labelled(&batches));
        if !alike(&found, &expected) {
            return Err(format!("{format}: read {found}, expected {expected}"));
        }
        for target in ["senml", "senml-cbor", "senml-xml"] {
            let written = write(target, &batches);
            let again = read(target, &written).map_err(|error| {
                format!("{target} as we write it: {error}: {}", String::from_utf8_lossy(&written))
            })?;
            if labelled(&again) != labelled(&batches) {
                return Err(format!("{target} as we write it: {}", String::from_utf8_lossy(&written)));
            }
        }
    }
    Ok(())
}

#[test]
fn examples() {
    let Some(folder) = shared("conformance/senml-rfc8428") else { return };
    let index = fs::read(folder.join("examples.json")).expect("the index");
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    let mut score = Score::new("SenML examples");
    for entry in index.as_array().expect("examples") {
        score.case(entry["id"].as_str().unwrap_or_default(), example(&folder, entry));
    }
    score.finish(13, &[]);
}

#[test]
fn rules() {
    let Some(folder) = shared("conformance/senml-rfc8428") else { return };
    let rules = fs::read(folder.join("rules.json")).expect("the rules");
    let rules: Value = serde_json::from_slice(&rules).expect("JSON");
    let mut score = Score::new("SenML rules");
    for rule in rules["cases"].as_array().expect("cases") {
        let read = read("senml", rule["input"].to_string().as_bytes())
            .map(|batches| Value::from(labelled(&batches)));
        let outcome = match (read, rule["valid"].as_bool()) {
            (Err(_), Some(false)) => Ok(()),
            (Err(error), _) => Err(error),
            (Ok(found), Some(true)) if rule["resolved"].is_null() || alike(&found, &rule["resolved"]) => {
                Ok(())
            }
            (Ok(found), _) => Err(format!("read as {found}")),
        };
        score.case(rule["id"].as_str().unwrap_or_default(), outcome);
    }
    score.finish(24, &[]);
}
