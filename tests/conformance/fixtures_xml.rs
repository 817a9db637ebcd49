//! XML and GeoJSON as the systems of our field really emit them: all of it is read, and comes back the same.

use bus_core::{loss::LossReport, record::Batch};
use connectors::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use house_tests::{Score, shared};
use serde_json::{Value as Json, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, extensions, found);
        } else if path.extension().is_some_and(|kind| extensions.iter().any(|known| kind == *known)) {
            found.push(path);
        }
    }
}

fn decode(settings: &Json, bytes: &[u8]) -> Result<Vec<Batch>, String> {
    let format: FormatChoice = serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
    let mut decoder = format.decoder(&Limits::default()).ok_or("not read")?;
    let mut out = Decoded::default();
    for piece in bytes.chunks(4_000) {
        decoder.push(piece, &mut out).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut out).map_err(|error| error.to_string())?;
    if let Some((_, reject)) = out.take_rejected().first() {
        return Err(reject.message.to_string());
    }
    Ok(std::iter::from_fn(|| out.next_batch()).collect())
}

fn encode(settings: &Json, batches: &[Batch]) -> Result<Vec<u8>, String> {
    let format: FormatChoice = serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
    let mut encoder = format.encoder().ok_or("not written")?;
    let (mut out, mut losses) = (Vec::new(), LossReport::default());
    for batch in batches {
        encoder.encode(batch, &mut out, &mut losses).map_err(|error| error.to_string())?;
    }
    encoder.finish(&mut out, &mut losses).map_err(|error| error.to_string())?;
    if losses.is_empty() { Ok(out) } else { Err(format!("{losses:?}")) }
}

fn json_of(batches: &[Batch]) -> Vec<Json> {
    batches.iter().flat_map(|batch| batch.records().map(|record| record.to_json())).collect()
}

/// Reads, writes, reads again: the records are the same.
fn survives(settings: &Json, bytes: &[u8]) -> Result<(), String> {
    let read = decode(settings, bytes)?;
    if read.is_empty() {
        return Err("no records".to_owned());
    }
    let again = decode(settings, &encode(settings, &read)?)?;
    if json_of(&again) == json_of(&read) { Ok(()) } else { Err("came back otherwise".to_owned()) }
}

#[test]
fn xml_of_the_field() {
    let Some(folder) = shared("fixtures") else { return };
    let mut found = Vec::new();
    files(&folder, &["xml"], &mut found);
    let mut score = Score::new("XML of the field");
    for path in found {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let bytes = fs::read(&path).unwrap();
        // a root of any name, which is then called `document`
        let read = decode(&json!({ "xml": { "item": "/*" } }), &bytes);
        let outcome = read.and_then(|batches| {
            let written = encode(&json!({ "xml": { "item": "/document" } }), &batches)?;
            let again = decode(&json!({ "xml": { "item": "/*" } }), &written)?;
            if json_of(&again) == json_of(&batches) { Ok(()) } else { Err("came back otherwise".to_owned()) }
        });
        let guessed = decode(&json!({ "xml": {} }), &bytes).map(|_| ());
        score.case(&name, outcome.and(guessed));
    }
    score.finish(30, &[]);
}

#[test]
fn geojson_of_the_field() {
    let Some(folder) = shared("fixtures") else { return };
    let mut found = Vec::new();
    files(&folder, &["geojson"], &mut found);
    let mut score = Score::new("GeoJSON of the field");
    for path in found {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        score.case(&name, survives(&json!({ "geojson": {} }), &fs::read(&path).unwrap()));
    }
    score.finish(3, &[]);
}
