//! `infer`: what the data of a file looks like.

use crate::program::{Folder, semantic_bus};
use serde_json::Value;

const TABLE: &str = "insee;nom;puissance;mise_en_service;taux
01004;Ambérieu-en-Bugey;22;28/03/2026;0,5
75056;Paris;50;01/04/2026;1,25
2A004;Ajaccio;7;15/04/2026;3,0
";

#[test]
fn types_codes_and_dates_are_found() {
    let folder = Folder::with(&[("bornes.csv", TABLE)]);
    let done = folder.run(&["infer", "bornes.csv", "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let schema: Value = serde_json::from_str(&done.out).expect("JSON");
    let field = |name: &str| {
        let fields = schema["fields"].as_array().expect("fields").iter();
        fields.clone().find(|field| field["path"] == name).unwrap_or(&Value::Null)
    };
    assert_eq!(schema["records"], 3);
    assert_eq!(
        (&field("insee")["type"], &field("insee")["format"]),
        (&"text".into(), &"insee-commune".into())
    );
    assert_eq!(field("puissance")["type"], "integer");
    assert_eq!(field("mise_en_service")["pattern"], "dd/MM/yyyy");
    assert_eq!(field("taux")["type"], "number");
    let said = folder.run(&["infer", "bornes.csv", "--lang", "fr"]).out;
    assert!(said.contains("insee: ") || said.contains("insee : "), "{said}");
}

#[test]
fn standard_input_some_records_and_refused_ones() {
    let lines = "{\"a\":1}\nnonsense\n{\"a\":2}\n";
    let done = semantic_bus(&["infer", "-", "--from", "ndjson", "--json"], lines);
    let schema: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(schema["records"], 2);
    assert!(done.err.contains("1 records cannot be read and are left out; the first: 2: "), "{}", done.err);
    let many = "{\"a\":1}\n".repeat(50_000);
    let done = semantic_bus(&["infer", "-", "--from", "ndjson", "--records", "10", "--json"], &many);
    let schema: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((done.code, &schema["records"]), (0, &10.into()));
}

#[test]
fn what_cannot_be_looked_at() {
    for (arguments, code, said) in [
        (&["infer", "gone.csv"][..], 1, "gone.csv"),
        (&["infer", "-", "--from", "cvs"], 2, "there is no format `cvs`: did you mean `csv`?"),
        (&["infer", "-", "--from", "csv: { delimitr: x }"], 2, "did you mean `delimiter`?"),
        (
            &["infer", "-", "--from", "csv", "--records", "many"],
            2,
            "`many` is not possible for `--records <NUMBER>`",
        ),
    ] {
        let done = semantic_bus(arguments, "");
        assert_eq!((done.code, done.out.as_str()), (code, ""), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(said), "{arguments:?}: {}", done.err);
    }
}
