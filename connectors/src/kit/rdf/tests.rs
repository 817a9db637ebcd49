//! What holds for all RDF: reading cut anywhere is reading whole, and records are the same triples again.

use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use bus_core::{loss::LossReport, record::Batch};
use oxrdf::{
    BlankNode, Dataset, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term,
    dataset::CanonicalizationAlgorithm,
};
use proptest::prelude::*;

fn decode(format: &str, bytes: &[u8], step: usize) -> Vec<Batch> {
    let mut decoder = FormatChoice::of_id(format).unwrap().decoder(&Limits::default()).unwrap();
    let mut decoded = Decoded::default();
    for chunk in bytes.chunks(step.max(1)) {
        decoder.push(chunk, &mut decoded).unwrap_or_else(|error| panic!("{error} in {}", text(bytes)));
    }
    decoder.finish(&mut decoded).unwrap_or_else(|error| panic!("{error} in {}", text(bytes)));
    let rejected = decoded.take_rejected();
    assert!(rejected.is_empty(), "{rejected:?} in {}", text(bytes));
    std::iter::from_fn(|| decoded.next_batch()).collect()
}

fn encode(format: &str, batches: &[Batch]) -> Vec<u8> {
    let mut encoder = FormatChoice::of_id(format).unwrap().encoder().unwrap();
    let (mut out, mut losses) = (Vec::new(), LossReport::default());
    for batch in batches {
        encoder.encode(batch, &mut out, &mut losses).unwrap();
    }
    encoder.finish(&mut out, &mut losses).unwrap();
    assert!(losses.is_empty(), "{losses:?}");
    out
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The dataset in a form that does not depend on labels.
fn canonical(lines: &[u8]) -> String {
    let mut dataset: Dataset = oxttl::NQuadsParser::new()
        .for_slice(lines)
        .map(|quad| quad.unwrap_or_else(|error| panic!("{error}: {}", text(lines))))
        .collect();
    dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
    let mut quads: Vec<String> = dataset.iter().map(|quad| quad.to_string()).collect();
    quads.sort();
    quads.join("\n")
}

fn iri() -> impl Strategy<Value = NamedNode> {
    let names = [
        "https://example.org/a",
        "https://example.org/ns#b",
        "urn:x:y",
        "mailto:a@b.fr",
        "https://example.org/é/%20",
        "geo:1,2",
    ];
    (0..names.len(), 0..3_u8)
        .prop_map(move |(name, number)| NamedNode::new(format!("{}{number}", names[name])).unwrap())
}

fn literal() -> impl Strategy<Value = Literal> {
    let xsd = |name: &str| NamedNode::new(format!("http://www.w3.org/2001/XMLSchema#{name}")).unwrap();
    let lexical = prop_oneof![
        "-?[0-9]{1,3}(\\.[0-9]{1,3})?([eE][-+]?[0-9])?",
        "2026-0[1-9]-1[0-9](T0[0-9]:30:00(Z|\\+01:00)?)?",
        "true|false|1|INF",
        "[a-z @:_\"\\\\\n\té]{0,6}"
    ];
    let types = ["string", "integer", "decimal", "double", "boolean", "date", "dateTime", "token", "gYear"];
    prop_oneof![
        lexical.clone().prop_map(Literal::new_simple_literal),
        (lexical.clone(), "fr|en|pt-BR")
            .prop_map(|(value, tag)| Literal::new_language_tagged_literal(value, tag).unwrap()),
        (lexical, 0..types.len())
            .prop_map(move |(value, kind)| Literal::new_typed_literal(value, xsd(types[kind]))),
    ]
}

fn blank() -> impl Strategy<Value = BlankNode> {
    (0..4_u8).prop_map(|number| BlankNode::new(format!("n{number}")).unwrap())
}

fn node() -> impl Strategy<Value = NamedOrBlankNode> {
    prop_oneof![iri().prop_map(Into::into), blank().prop_map(NamedOrBlankNode::from)]
}

fn dataset(graphs: bool) -> impl Strategy<Value = Vec<Quad>> {
    // XML has no name for some properties
    let property = iri().prop_filter("a name", move |iri| {
        graphs || iri.as_str().contains("/a") || iri.as_str().contains('#')
    });
    let predicate = prop_oneof![property, Just(oxrdf::vocab::rdf::TYPE.into_owned())];
    let object =
        prop_oneof![iri().prop_map(Term::from), blank().prop_map(Term::from), literal().prop_map(Term::from)];
    let graph = prop_oneof![
        Just(GraphName::DefaultGraph),
        iri().prop_map(GraphName::from),
        blank().prop_map(GraphName::from)
    ];
    let quad = (node(), predicate, object, graph)
        .prop_map(move |(s, p, o, g)| Quad::new(s, p, o, if graphs { g } else { GraphName::DefaultGraph }));
    proptest::collection::vec(quad, 0..12)
}

fn lines(quads: &[Quad]) -> Vec<u8> {
    quads.iter().map(|quad| format!("{quad} .\n")).collect::<String>().into_bytes()
}

fn prefixed(quads: &[Quad], trig: bool) -> Vec<u8> {
    let serializer = oxttl::TriGSerializer::new()
        .with_prefix("ns", "https://example.org/ns#")
        .and_then(|serializer| serializer.with_prefix("geo", "https://example.org/"))
        .and_then(|serializer| serializer.with_prefix("x", "urn:x:"))
        .unwrap();
    assert!(trig || quads.iter().all(|quad| quad.graph_name.is_default_graph()));
    let mut writer = serializer.for_writer(Vec::new());
    for quad in quads {
        writer.serialize_quad(quad).unwrap();
    }
    writer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_are_the_same_triples_again(quads in dataset(true), step in 1..40_usize) {
        let wanted = canonical(&lines(&quads));
        for (format, input) in [("nquads", lines(&quads)), ("trig", prefixed(&quads, true))] {
            let batches = decode(format, &input, step);
            // in JSON-LD a number has no other form than its value
            let rounded = wanted.contains("#decimal>") || wanted.contains("#double>");
            for target in ["nquads", "trig", "jsonld"].into_iter().filter(|target| !(rounded && *target == "jsonld")) {
                let written = encode(target, &batches);
                let again = encode("nquads", &decode(target, &written, step));
                prop_assert_eq!(&canonical(&again), &wanted, "{} to {}: {}", format, target, text(&written));
            }
        }
    }

    #[test]
    fn triples_in_every_syntax(quads in dataset(false), step in 1..40_usize) {
        let wanted = canonical(&lines(&quads));
        let batches = decode("turtle", &prefixed(&quads, false), step);
        for target in ["ntriples", "turtle", "rdfxml"] {
            let written = encode(target, &batches);
            let again = encode("nquads", &decode(target, &written, step));
            prop_assert_eq!(&canonical(&again), &wanted, "{}: {}", target, text(&written));
        }
    }

    #[test]
    fn nothing_breaks_a_reader(input in "[<>\"'.;,@#\\[\\](){}\\\\ \n:_a-c0-9^é]{0,60}", format in 0..5_usize) {
        let format = ["ntriples", "nquads", "turtle", "trig", "rdfxml"][format];
        let mut decoder = FormatChoice::of_id(format).unwrap().decoder(&Limits::default()).unwrap();
        let mut decoded = Decoded::default();
        if decoder.push(input.as_bytes(), &mut decoded).is_ok() {
            let _ended = decoder.finish(&mut decoded);
        }
    }
}
