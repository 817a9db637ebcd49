//! The national schema of charging stations: all of it is understood, and its own examples keep its rules.

use bus_core::{record::Value, schema::TableSchema};
use house_tests::{Score, shared};
use std::fs;

#[test]
fn irve_examples_keep_their_rules() {
    for file in ["schema-statique.json", "schema-dynamique.json"] {
        let Some(path) = shared(&format!("fixtures/irve/fixtures/{file}")) else { return };
        let text = fs::read_to_string(path).unwrap();
        let schema = TableSchema::read(&text).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut score = Score::new("irve table schema");
        for (field, json) in schema.fields.iter().zip(json["fields"].as_array().unwrap()) {
            let example = json["example"].as_str().map_or_else(|| json["example"].to_string(), str::to_owned);
            let checked = field.rule.check(Some(Value::Text(&example)));
            score.case(&field.name, checked.map(|_| ()));
        }
        score.finish(schema.fields.len(), &[]);
    }
}
