use bus_core::{
    catalogue::Catalogue as _,
    check::conform,
    manual::Page,
    workflow::{references, substitute},
};
use connectors::Connectors;
use serde_json::{Map, Value, json};
use std::fs;

/// The settings of every case, with the connector's id and the case's name.
fn settings() -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for id in Connectors.ids() {
        let folder = house_tests::root().join("tests/cases").join(id);
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let case = house_tests::yaml(&text).unwrap_or_default();
            let settings = case.get("settings").cloned().unwrap_or_else(|| json!({}));
            found.push((id.to_owned(), entry.path().display().to_string(), settings));
        }
    }
    found
}

/// What a form is drawn from, and what starts the step, must be of one mind.
#[test]
fn schemas_accept_what_the_parse_accepts() {
    let mut wrong = Vec::new();
    for (id, case, settings) in settings() {
        if !references(&settings).is_empty() || !Connectors.check_settings(&id, &settings).is_empty() {
            continue;
        }
        let schema = &Connectors.entry(&id).expect("a connector").schema;
        for problem in conform(schema, &settings) {
            wrong.push(format!("{case}: {}: {}", problem.path, problem.message));
        }
    }
    assert!(wrong.is_empty(), "the schema refuses what the parse accepts: {wrong:#?}");
}

/// A field that does not exist is named, wherever it stands, together with the nearest that does.
#[test]
fn unknown_settings_are_named() {
    let mut wrong = Vec::new();
    for (id, case, mut settings) in settings() {
        if !Connectors.check_settings(&id, &settings).is_empty() {
            continue;
        }
        settings["no_such_setting"] = json!(1);
        let problems = Connectors.check_settings(&id, &settings);
        if problems.len() != 1 || problems.iter().any(|problem| problem.path != "no_such_setting") {
            wrong.push(format!("{case}: {problems:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every setting has a page entry with a label.
#[test]
fn every_setting_is_in_the_manual() {
    for id in Connectors.ids() {
        let schema = &Connectors.entry(id).expect("a connector").schema;
        let page = Page::of(schema, bus_core::Language::En);
        let settings = schema.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        assert!(page.settings.len() >= settings, "{id}");
        assert!(page.settings.iter().all(|setting| !setting.path.is_empty()), "{id}");
    }
}

/// A text without parameters is left as it is.
#[test]
fn parameters_leave_other_texts_alone() {
    for (_, case, settings) in settings() {
        if !settings.to_string().contains("${") {
            assert_eq!(substitute(&settings, &Map::new()).value, settings, "{case}");
        }
    }
}
