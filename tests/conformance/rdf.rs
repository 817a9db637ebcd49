//! The RDF 1.1 suites, through our decoders and encoders: what is read becomes records, and records
//! become quads again; the dataset must be the expected one.

use connectors::contract::{Decoded, Limits};
use connectors::formats::FormatChoice;
use house_tests::{Score, shared};
use oxrdf::{Dataset, NamedNodeRef, NamedOrBlankNode, Term, dataset::CanonicalizationAlgorithm};
use oxttl::{NQuadsParser, TriGParser, TurtleParser};
use serde_json::json;
use std::{fs, path::Path};

const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const ENTRIES_BASE: &str = "https://w3c.github.io/rdf-tests/rdf/rdf11/";

/// Reads `bytes` as `format` and writes them as each of `targets`; wrong lines are errors here.
pub(crate) fn convert(
    bytes: &[u8],
    format: serde_json::Value,
    targets: &[&str],
) -> Result<Vec<Vec<u8>>, String> {
    let limits = Limits::default();
    let format: FormatChoice = serde_json::from_value(format).map_err(|error| error.to_string())?;
    let mut decoder = format.decoder(&limits).ok_or("not read")?;
    let mut decoded = Decoded::default();
    // cut anywhere: the result must be the same
    for chunk in bytes.chunks(7) {
        decoder.push(chunk, &mut decoded).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut decoded).map_err(|error| error.to_string())?;
    if let Some((_, reject)) = decoded.take_rejected().first() {
        return Err(format!("line {}: {}", reject.line, reject.message));
    }
    let batches: Vec<_> = std::iter::from_fn(|| decoded.next_batch()).collect();
    let write = |target: &&str| {
        let choice = FormatChoice::of_id(target).ok_or("no such format")?;
        let mut encoder = choice.encoder().ok_or("not written")?;
        let (mut out, mut losses) = (Vec::new(), bus_core::loss::LossReport::default());
        for batch in &batches {
            encoder.encode(batch, &mut out, &mut losses).map_err(|error| error.to_string())?;
        }
        encoder.finish(&mut out, &mut losses).map_err(|error| error.to_string())?;
        if losses.is_empty() { Ok(out) } else { Err(format!("losses: {losses:?}")) }
    };
    targets.iter().map(write).collect()
}

/// Whether two datasets are the same but for the labels of blank nodes.
pub(crate) fn same(a: &[u8], b: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| -> Result<Dataset, String> {
        let quads = NQuadsParser::new().for_reader(bytes);
        let mut dataset = Dataset::new();
        for quad in quads {
            dataset.insert(&quad.map_err(|error| format!("{error}: {}", String::from_utf8_lossy(bytes)))?);
        }
        dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
        Ok(dataset)
    };
    let (left, right) = (read(a)?, read(b)?);
    if left == right { Ok(()) } else { Err(format!("read\n{left}\nexpected\n{right}")) }
}

struct Entry {
    name: String,
    kind: String,
    action: String,
    result: Option<String>,
}

fn entries(folder: &Path, suite: &str) -> Vec<Entry> {
    let text = fs::read(folder.join("manifest.ttl")).expect("the manifest is there");
    let base = format!("{ENTRIES_BASE}{suite}/");
    let parser = TurtleParser::new().with_base_iri(format!("{base}manifest.ttl")).expect("an IRI");
    let graph: oxrdf::Graph =
        parser.for_reader(text.as_slice()).map(|triple| triple.expect("a manifest")).collect();
    let named = |name: &str| NamedNodeRef::new_unchecked(name).into_owned();
    let local = |term: Option<oxrdf::TermRef<'_>>| match term.map(Into::into) {
        Some(Term::NamedNode(node)) => Some(node.as_str().trim_start_matches(base.as_str()).to_owned()),
        _ => None,
    };
    let mut found = Vec::new();
    let list = graph.triples_for_predicate(&named(&format!("{MF}entries"))).next().expect("entries");
    let mut cell: Term = list.object.into();
    while let Term::BlankNode(node) = cell {
        let node = NamedOrBlankNode::from(node);
        cell = graph.object_for_subject_predicate(&node, oxrdf::vocab::rdf::REST).expect("a rest").into();
        let item = graph.object_for_subject_predicate(&node, oxrdf::vocab::rdf::FIRST).expect("an item");
        let Term::NamedNode(item) = item.into() else { continue };
        let get = |name: &str| graph.object_for_subject_predicate(&item, &named(&format!("{MF}{name}")));
        let kind = graph.object_for_subject_predicate(&item, oxrdf::vocab::rdf::TYPE);
        if let Some(Term::NamedNode(kind)) = kind.map(Into::into) {
            found.push(Entry {
                name: item.as_str().rsplit('#').next().unwrap_or_default().to_owned(),
                kind: kind.as_str().rsplit('#').next().unwrap_or_default().to_owned(),
                action: local(get("action")).expect("an action"),
                result: local(get("result")),
            });
        }
    }
    found
}

fn run(suite: &'static str, format: &str, floor: usize, known: &[(&str, &str)]) {
    let Some(folder) = shared(&format!("conformance/rdf-tests/rdf/rdf11/{suite}")) else { return };
    let mut score = Score::new(suite);
    for entry in entries(&folder, suite) {
        score.case(&entry.name, case(&folder, suite, format, &entry));
    }
    score.finish(floor, known);
}

fn case(folder: &Path, suite: &str, format: &str, entry: &Entry) -> Result<(), String> {
    let input = fs::read(folder.join(&entry.action)).map_err(|error| error.to_string())?;
    let base = format!("{ENTRIES_BASE}{suite}/{}", entry.action);
    let choice = match format {
        "ntriples" | "nquads" => json!(format),
        _ => json!({ format: { "base": base } }),
    };
    let read = convert(&input, choice, &["nquads", "trig"]);
    if entry.kind.contains("Negative") {
        return if read.is_err() { Ok(()) } else { Err("it was read".to_owned()) };
    }
    let written = read?;
    let [quads, trig] = written.as_slice() else { return Err("two targets".to_owned()) };
    let again: Result<Vec<_>, _> = TriGParser::new().for_reader(trig.as_slice()).collect();
    let again = again.map_err(|error| format!("our TriG: {error}: {}", String::from_utf8_lossy(trig)))?;
    let again: String = again.iter().map(|quad| format!("{quad} .\n")).collect();
    same(again.as_bytes(), quads).map_err(|difference| format!("TriG differs: {difference}"))?;
    match &entry.result {
        Some(result) => same(quads, &fs::read(folder.join(result)).map_err(|error| error.to_string())?),
        None => Ok(()),
    }
}

#[test]
fn n_triples() {
    run("rdf-n-triples", "ntriples", 70, &[]);
}

#[test]
fn n_quads() {
    run("rdf-n-quads", "nquads", 87, &[]);
}

#[test]
fn turtle() {
    run("rdf-turtle", "turtle", 313, &[]);
}

#[test]
fn trig() {
    run("rdf-trig", "trig", 356, &[]);
}

#[test]
fn rdf_xml() {
    run(
        "rdf-xml",
        "rdfxml",
        164,
        &[
            ("xml-canon-test001", "XML literals are kept as written, not canonicalised"),
            ("xml-canon-test002", "XML literals are kept as written, not canonicalised"),
        ],
    );
}
