//! JSON-LD 1.1 to RDF: documents through our decoder, plans and, where those do not reach, the full processor.

use crate::rdf::same;
use connectors::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
    kit::{jsonld::Emitter, rdf::LineWriter},
};
use house_tests::{Score, shared};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::Arc};

fn quads(document: &[u8], base: &str, folder: PathBuf, site: String) -> Result<Vec<u8>, String> {
    let choice: FormatChoice =
        serde_json::from_value(json!({ "jsonld": { "base": base } })).expect("a format");
    let mut decoder = choice.decoder(&Limits::default()).expect("is read");
    let mut decoded = Decoded::default();
    decoder.push(document, &mut decoded).map_err(|error| error.to_string())?;
    decoder.finish(&mut decoded).map_err(|error| error.to_string())?;
    if let Some((_, reject)) = decoded.take_rejected().first() {
        return Err(reject.message.to_string());
    }
    let loader = Arc::new(move |url: &str| fs::read(folder.join(url.strip_prefix(&site)?)).ok());
    let mut emitter = Emitter::new(Some(base.to_owned())).with_loader(loader);
    let (mut writer, mut losses) = (LineWriter::default(), bus_core::loss::LossReport::default());
    while let Some(batch) = decoded.next_batch() {
        emitter.enter(&batch).map_err(|error| error.to_string())?;
        emitter.emit(&batch, &mut writer, &mut losses).map_err(|error| error.to_string())?;
    }
    Ok(writer.out)
}

fn case(entry: &Value, folder: &std::path::Path, site: &str) -> Result<(), String> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let base =
        entry["option"]["base"].as_str().map_or_else(|| format!("{site}{}", text("input")), str::to_owned);
    let input = fs::read(folder.join(text("input"))).map_err(|error| error.to_string())?;
    let read = quads(&input, &base, folder.to_owned(), site.to_owned());
    match entry["@type"][0].as_str() {
        Some("jld:NegativeEvaluationTest") => match read {
            Err(_) => Ok(()),
            Ok(quads) => {
                Err(format!("{} was read as {}", text("expectErrorCode"), String::from_utf8_lossy(&quads)))
            }
        },
        Some("jld:PositiveSyntaxTest") => read.map(|_| ()),
        _ => {
            let expected = fs::read(folder.join(text("expect"))).map_err(|error| error.to_string())?;
            same(&read?, &expected)
        }
    }
}

#[test]
fn to_rdf() {
    let Some(folder) = shared("conformance/jsonld-api/tests") else { return };
    let manifest = fs::read(folder.join("toRdf-manifest.jsonld")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let site = manifest["baseIri"].as_str().expect("a base").to_owned();
    let mut score = Score::new("JSON-LD toRdf");
    for entry in manifest["sequence"].as_array().expect("entries") {
        let option = &entry["option"];
        let left_out = option["specVersion"] == "json-ld-1.0"
            || option["normative"] == false
            || entry["option"].get("produceGeneralizedRdf").is_some()
            || entry["option"].get("rdfDirection").is_some();
        if !left_out {
            score.case(entry["@id"].as_str().unwrap_or_default(), case(entry, &folder, &site));
        }
    }
    score.finish(440, KNOWN);
}

const KNOWN: &[(&str, &str)] = &[
    ("#te077", "the option expandContext is not offered: contexts come with the records"),
    ("#tc013", "oxjsonld: a property-scoped context ends too late"),
    ("#tc029", "JSON-LD 1.1 only, no processing mode 1.0"),
    ("#ttn01", "JSON-LD 1.1 only, no processing mode 1.0"),
    ("#tep02", "JSON-LD 1.1 only, no processing mode 1.0"),
    ("#ter21", "JSON-LD 1.1 only, no processing mode 1.0"),
    ("#ter42", "JSON-LD 1.1 only, no processing mode 1.0"),
    ("#tli12", "oxjsonld refuses the base of this test"),
];
