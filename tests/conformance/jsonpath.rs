//! The JSONPath compliance test suite of RFC 9535: selected values, their normalized paths, invalid queries.

use bus_core::{path::JsonPath, record::BatchBuilder};
use house_tests::{Score, shared};
use serde_json::Value as Json;
use std::fs;

/// What is wrong with how a case came out.
fn run(case: &Json) -> Result<(), String> {
    let path: Result<JsonPath, _> = case["selector"].as_str().unwrap_or_default().parse();
    if case["invalid_selector"].as_bool() == Some(true) {
        return path.map_or(Ok(()), |_| Err("accepted".to_owned()));
    }
    let path = path.map_err(|error| error.to_string())?;
    let mut builder = BatchBuilder::new();
    builder.json(&case["document"]).map_err(|error| error.to_string())?;
    let batch = builder.take();
    let values: Json = path.select(batch.record(0)).into_iter().map(|value| value.to_json()).collect();
    let paths: Json = path.locate(batch.record(0)).into_iter().map(|(path, _)| path).collect();
    let any_of = |one: &str, many: &str, actual: &Json| match (case.get(one), case[many].as_array()) {
        (Some(expected), _) => expected == actual,
        (None, Some(allowed)) => allowed.contains(actual),
        (None, None) => true,
    };
    if !any_of("result", "results", &values) {
        return Err(format!("selected {values}"));
    }
    if !any_of("result_paths", "results_paths", &paths) {
        return Err(format!("at {paths}"));
    }
    Ok(())
}

#[test]
fn rfc_9535() {
    let Some(file) = shared("conformance/jsonpath-rfc9535/cts.json") else { return };
    let suite: Json = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut score = Score::new("JSONPath RFC 9535");
    for case in suite["tests"].as_array().unwrap() {
        score.case(case["name"].as_str().unwrap_or_default(), run(case));
    }
    score.finish(703, &[]);
}
