//! The description of the API is what it says it is: OpenAPI 3.1.

use house_tests::{shared, yaml};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

#[test]
fn the_description_is_valid_openapi() {
    let document = gateway::openapi();
    let Some(folder) = shared("conformance/openapi/v3.1/schema") else { return };
    let read = |name: &str| yaml(&fs::read_to_string(folder.join(name)).expect("a file")).expect("YAML");
    let schema = read("schema.yaml");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<_> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn its_schemas_are_valid_json_schemas() {
    let document = gateway::openapi();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    assert!(schemas.len() > 10);
    for (name, schema) in schemas {
        if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let document = gateway::openapi();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut known = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(known.insert(id.to_owned()), "{method} {path}: {id} is taken");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{method} {path}");
            assert!(operation["responses"].as_object().expect("responses").len() > 1, "{method} {path}");
        }
    }
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => {
                        found.insert(reference.to_owned());
                    }
                    _ => collect(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
