//! Imports of exports of the earlier bus: what the command writes, and that what it makes means the same.

use crate::program::{Folder, semantic_bus};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

const EXPORT: &str = r#"{"components":[
 {"_id":"64b000000000000000000001","module":"httpConsumer","name":"people",
  "specificData":{"url":"https://example.org/people","noBody":true,"headers":[{"key":"Authorization","value":"Bearer canary-token-1"}]}},
 {"_id":"64b000000000000000000002","module":"somethingElse","name":"odd","specificData":{"password":"canary-password"}},
 {"_id":"64b000000000000000000003","module":"httpProvider","name":"out","specificData":{"urlName":"people"}}],
 "links":[{"_id":"64c000000000000000000001","source":"64b000000000000000000001","target":"64b000000000000000000002"},
          {"_id":"64c000000000000000000002","source":"64b000000000000000000002","target":"64b000000000000000000003"}]}"#;

#[test]
fn a_document_and_a_report() {
    let folder = Folder::with(&[("export.json", EXPORT)]);
    let done = folder.run(&["import", "export.json", "-o", "workflow.yaml"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);
    for part in [
        "converted: 2, approximated: 0, unsupported: 1",
        "odd (somethingElse) -> odd: unsupported",
        "`people-token`",
    ] {
        assert!(done.err.contains(part), "{}", done.err);
    }
    let document = fs::read_to_string(folder.path("workflow.yaml")).expect("written");
    assert!(document.contains("secret: people-token"), "{document}");
    assert!(!document.contains("canary") && !done.err.contains("canary"), "{document}\n{}", done.err);
    let french = folder.run(&["--lang", "fr", "import", "export.json"]);
    assert!(
        french.out.starts_with("version: 1") && french.err.contains("convertis : 2"),
        "{}{}",
        french.out,
        french.err
    );
}

#[test]
fn the_report_as_data() {
    let folder = Folder::with(&[("export.json", EXPORT)]);
    let done = folder.run(&["import", "export.json", "-o", "workflow.yaml", "--report", "json"]);
    let report: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(report["unsupported"], 1);
    assert_eq!(report["secrets"], json!(["people-token", "odd-password"]));
    assert_eq!(report["steps"][1]["steps"], json!(["odd"]));
    assert!(!done.out.contains("canary"), "{}", done.out);
}

#[test]
fn what_is_no_export() {
    for (text, problem) in [
        ("{\"components\": [", "error: -: line 1, column 16: this is not JSON: EOF while parsing a list"),
        ("[1]", "error: -: this is not an export of the Semantic Bus"),
        ("{\"components\": 3}", "error: -: this is not an export of the Semantic Bus"),
        ("", "error: -: line 1, column 0: this is not JSON"),
    ] {
        let done = semantic_bus(&["import", "-"], text);
        assert_eq!(done.code, 4, "{}", done.err);
        assert!(done.err.starts_with(problem), "{}", done.err);
    }
}

/// Every export with a `run.json` beside it: imported, run with records in place of what it reads, and compared
/// with what the earlier bus made of them.
#[test]
fn imported_workflows_mean_the_same() {
    let cases = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/import"));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in fs::read_dir(cases).expect("the folder").map(|entry| entry.expect("an entry").path()) {
        let Ok(text) = fs::read_to_string(case.join("run.json")) else { continue };
        let export = fs::read_to_string(case.join("export.json")).expect("an export");
        count += 1;
        if let Err(difference) = run(&export, &serde_json::from_str(&text).expect("JSON")) {
            wrong.push(format!("{}: {difference}", case.display()));
        }
    }
    assert!(count > 8, "only {count} exports are run");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn run(export: &str, case: &Value) -> Result<(), String> {
    let folder = Folder::with(&[("export.json", export)]);
    let done = folder.run(&["import", "export.json", "-o", "workflow.yaml"]);
    if done.code != 0 {
        return Err(done.err);
    }
    let mut arguments: Vec<String> =
        ["--lang", "en", "run", "workflow.yaml", "--errors", "errors"].map(str::to_owned).to_vec();
    for (step, records) in case["inputs"].as_object().into_iter().flatten() {
        folder.write(&format!("{step}.in.json"), &records.to_string());
        arguments.extend(["--input".into(), format!("{step}={step}.in.json")]);
    }
    for (name, value) in case["params"].as_object().into_iter().flatten() {
        arguments.extend(["--param".into(), format!("{name}={}", value.as_str().unwrap_or_default())]);
    }
    let one = case["output"].as_str().map(|step| (step.to_owned(), case["expect"].clone()));
    let several = case["outputs"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(step, records)| (step.clone(), records.clone()));
    let outputs: Vec<(String, Value)> = one.into_iter().chain(several).collect();
    for (step, _) in &outputs {
        arguments.extend(["--output".into(), format!("{step}={step}.out.json")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = folder.run(&arguments);
    if done.code != 0 {
        return Err(done.err);
    }
    for (step, expected) in outputs {
        let text = fs::read_to_string(folder.path(&format!("{step}.out.json")))
            .map_err(|error| format!("{step}: {error}"))?;
        let mut found: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        if let (Some(field), Some(records)) = (case["expect_field"].as_str(), found.as_array()) {
            found = records.iter().map(|record| record[field].clone()).collect();
        }
        if !same(&found, &expected) {
            return Err(format!("{step}:\n  {found}\nand not\n  {expected}\n{}", done.err));
        }
    }
    Ok(())
}

/// Equal, numbers by value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
