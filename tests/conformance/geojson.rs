//! The examples of RFC 7946: each is read and comes out again, geometry, positions and bbox kept.

use bus_core::loss::LossReport;
use connectors::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use house_tests::{Score, shared};
use serde_json::{Value as Json, json};

/// Through records and back. Members of a collection belong to none of its features: like its kind, they
/// are settings of the writer.
fn through(text: &[u8], document: &Json) -> Result<Json, String> {
    let mut members = document.as_object().cloned().unwrap_or_default();
    let kind = match document["type"].as_str() {
        Some("FeatureCollection") => "collection",
        Some("Feature") => "feature",
        _ => "geometry",
    };
    ["type", "features"].iter().for_each(|name| drop(members.remove(*name)));
    let members = if kind == "collection" { members } else { serde_json::Map::new() };
    let settings = json!({ "geojson": { "document": kind, "members": members } });
    let format: FormatChoice = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let mut decoder = format.decoder(&Limits::default()).ok_or("not read")?;
    let mut encoder = format.encoder().ok_or("not written")?;
    let (mut decoded, mut written, mut losses) = (Decoded::default(), Vec::new(), LossReport::default());
    for piece in text.chunks(7) {
        decoder.push(piece, &mut decoded).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut decoded).map_err(|error| error.to_string())?;
    if let Some((_, reject)) = decoded.take_rejected().first() {
        return Err(reject.message.to_string());
    }
    while let Some(batch) = decoded.next_batch() {
        encoder.encode(&batch, &mut written, &mut losses).map_err(|error| error.to_string())?;
    }
    encoder.finish(&mut written, &mut losses).map_err(|error| error.to_string())?;
    if !losses.is_empty() {
        return Err(format!("{losses:?}"));
    }
    serde_json::from_slice(&written).map_err(|error| error.to_string())
}

#[test]
fn examples_of_the_rfc() {
    let Some(folder) = shared("conformance/geojson-rfc7946/examples") else { return };
    let mut score = Score::new("GeoJSON RFC 7946");
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".geojson") {
            continue;
        }
        let text = std::fs::read(file.path()).unwrap();
        let mut document: Json = serde_json::from_slice(&text).unwrap();
        // two fragments lack the properties that every feature must have
        if document["type"] == "Feature" && document.get("properties").is_none() {
            document["properties"] = json!({});
        }
        score.case(
            &name,
            through(&text, &document)
                .and_then(|back| if back == document { Ok(()) } else { Err(format!("came back as {back}")) }),
        );
    }
    score.finish(13, &[]);
}
