//! The real binary, asked for what needs no run: check, plan, connectors, manual, schema, completions.

use crate::program::{Folder, semantic_bus};
use expect_test::expect;

const WRONG: &str = "version: 1
steps:
  - id: places
    connector: recods
  - id: first
    connector: limit
    settings: { recods: 2 }
  - { id: end, connector: discard }
links:
  - places -> first -> ennd
";

const RIGHT: &str = "version: 1
parameters:
  many: { type: integer, default: 2 }
steps:
  - { id: places, connector: records, settings: { records: [{ n: 1 }, { n: 2 }] } }
  - { id: first, connector: limit, settings: { records: '${many}' } }
  - { id: end, connector: discard }
links:
  - places -> first -> end
";

#[test]
fn check_says_everything_at_once() {
    let folder = Folder::with(&[("wrong.yaml", WRONG)]);
    let done = folder.run(&["check", "wrong.yaml"]);
    assert_eq!(done.code, 3);
    expect![[r#"
        error: line 4, column 5: step "places": connector: there is no connector `recods`
             4 |     connector: recods
               |     ^
               = did you mean `records`?
        warning: line 5, column 5: step "first": nothing takes the records of this step
             5 |   - id: first
               |     ^
               = link it to a step, or remove it
        error: line 7, column 17: step "first": settings.recods: unknown field `recods`
             7 |     settings: { recods: 2 }
               |                 ^
               = did you mean `records`?
        error: line 8, column 5: step "end": nothing is linked to its input `in`
             8 |   - { id: end, connector: discard }
               |     ^
               = link a step to it: `step -> end`
        error: line 10, column 5: links[0]: there is no step `ennd`
            10 |   - places -> first -> ennd
               |     ^
               = did you mean `end`?
    "#]]
    .assert_eq(&done.out);
    expect![[r#"
        wrong.yaml: errors: 4, warnings: 1
    "#]]
    .assert_eq(&done.err);
}

#[test]
fn check_speaks_french_and_json() {
    let folder = Folder::with(&[("wrong.yaml", WRONG), ("right.yaml", RIGHT)]);
    let done = folder.run(&["--lang", "fr", "check", "wrong.yaml"]);
    assert!(
        done.out.contains(
            "erreur : ligne 4, colonne 5 : étape « places » : connector : il n’y a pas de connecteur `recods`"
        ),
        "{}",
        done.out
    );
    let done = folder.run(&["check", "--json", "wrong.yaml", "right.yaml"]);
    let found: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(found[0]["line"], 4);
    assert_eq!(found[0]["step"], "places");
    assert_eq!(found[0]["advice"], "did you mean `records`?");
    let done = folder.run(&["check", "right.yaml"]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", "right.yaml: nothing to say\n"));
}

#[test]
fn documents_come_from_standard_input_too() {
    assert_eq!(semantic_bus(&["check", "-"], RIGHT).code, 0);
    assert_eq!(semantic_bus(&["check", "-"], "a: [").code, 3);
    let plan = semantic_bus(&["plan", "-"], RIGHT);
    assert_eq!(
        plan.out,
        "stage 1: places (records)\n\
         stage 2: first (limit) -> end (discard) [all parts together]\n  from stage 1: places -> first\n\
         a run is one task:\n  places: how much it brings shows only while it is read\n"
    );
    assert_eq!(semantic_bus(&["plan", "-"], WRONG).code, 3);
}

#[test]
fn a_file_that_is_not_there() {
    let done = semantic_bus(&["check", "nowhere.yaml"], "");
    assert_eq!(done.code, 4);
    assert!(done.err.starts_with("error: nowhere.yaml: "), "{}", done.err);
}

#[test]
fn wrong_command_lines_are_explained() {
    for (arguments, said) in [
        (&["chekc"][..], "error: there is no command `chekc`; did you mean `check`?"),
        (&["check"], "error: missing: <WORKFLOW>..."),
        (&["check", "--jsn", "x"], "error: `--jsn` means nothing here; did you mean `--json`?"),
        (&["--lang", "de", "check", "x"], "error: `de` is not possible for `--lang <LANGUAGE>`"),
        (&["--lang=fr", "chekc"], "erreur : il n’y a pas de commande `chekc`"),
        (&["manual", "limti"], "error: there is no connector `limti`: did you mean `limit`?"),
    ] {
        let done = semantic_bus(arguments, "");
        assert_eq!(done.code, 2, "{arguments:?}");
        assert!(done.err.starts_with(said), "{arguments:?}: {}", done.err);
        assert_eq!(done.out, "");
    }
}

#[test]
fn help_in_both_languages() {
    let english = semantic_bus(&["check", "--help"], "");
    assert_eq!((english.code, english.err.as_str()), (0, ""));
    assert!(english.out.contains("Usage: semantic-bus check") && english.out.contains("Prints this help"));
    let french = semantic_bus(&["--lang", "fr", "--help"], "");
    assert!(french.out.contains("Utilisation : semantic-bus") && french.out.contains("Codes de sortie"));
    assert!(semantic_bus(&["--version"], "").out.starts_with("semantic-bus 0."));
}

#[test]
fn the_manual_of_every_connector_and_format() {
    let list = semantic_bus(&["connectors"], "").out;
    let json: serde_json::Value =
        serde_json::from_str(&semantic_bus(&["connectors", "--json"], "").out).expect("JSON");
    for entry in json.as_array().expect("a list") {
        let id = entry["id"].as_str().expect("an id");
        assert!(list.contains(&format!("  {id} ")), "{id} is not listed");
        let page = semantic_bus(&["manual", id], "");
        assert!(page.code == 0 && page.out.contains(&format!("`{id}`")), "{id}");
        assert_eq!(semantic_bus(&["schema", id], "").code, 0);
    }
    let page = semantic_bus(&["manual", "limit"], "").out;
    for part in
        ["Limit — `limit` (transform)", "Inputs: `in`", "required", "For example: 100", "gives at `out`:"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(semantic_bus(&["manual", "ndjson"], "").out.contains(".ndjson"));
}

#[test]
fn completions_and_schema() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(semantic_bus(&["completions", shell], "").out.contains("semantic-bus"), "{shell}");
    }
    let schema: serde_json::Value = serde_json::from_str(&semantic_bus(&["schema"], "").out).expect("JSON");
    assert_eq!(schema["properties"]["version"]["$ref"], "#/$defs/Version");
}
