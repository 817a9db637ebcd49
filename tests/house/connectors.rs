use connectors::{connectors, formats};
use std::{collections::BTreeSet, fs, path::Path};

fn files(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(house_tests::root().join("connectors/src").join(folder)).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    names
        .filter_map(|name| {
            name.strip_suffix(".rs").filter(|name| *name != "mod").map(|name| name.replace('_', "-"))
        })
        .collect()
}

#[test]
fn a_connector_is_called_like_its_file() {
    let files: BTreeSet<_> = ["sources", "transforms", "sinks"].into_iter().flat_map(files).collect();
    let ids: BTreeSet<_> = connectors().map(|connector| connector.id().to_owned()).collect();
    assert_eq!(files, ids);
}

#[test]
fn a_format_is_called_like_its_file() {
    let ids: BTreeSet<_> = formats::ALL.iter().map(|format| format.id().to_owned()).collect();
    assert_eq!(files("formats"), ids);
}

#[test]
fn every_connector_says_what_it_is() {
    for connector in connectors() {
        let (id, schema) = (connector.id(), connector.entry().schema);
        for member in ["title", "description", "x-icon", "x-group"] {
            let text = schema.get(member).and_then(|text| text.as_str());
            assert!(text.is_some_and(|text| !text.is_empty()), "{id}: no {member}");
        }
        let groups =
            ["input", "fields", "rows", "combine", "text", "time", "geo", "check", "semantic", "output"];
        assert!(
            groups.iter().any(|group| schema["x-group"] == *group),
            "{id}: unknown x-group {}",
            schema["x-group"]
        );
        for (name, setting) in schema["properties"].as_object().into_iter().flatten() {
            for member in ["title", "description"] {
                assert!(setting.get(member).is_some(), "{id}: the setting `{name}` has no {member}");
            }
        }
        assert_eq!(schema["additionalProperties"], false, "{id}: unknown settings must be refused");
    }
}

/// The editor previews a step while its settings are typed; it does not do so where that would ask others.
#[test]
fn a_connector_that_asks_something_outside_says_so() {
    for (folder, id) in ["sources", "transforms"]
        .into_iter()
        .flat_map(|folder| files(folder).into_iter().map(move |id| (folder, id)))
    {
        let path = house_tests::root()
            .join("connectors/src")
            .join(folder)
            .join(id.replace('-', "_"))
            .with_extension("rs");
        let code = fs::read_to_string(path).expect("its file");
        let asks = ["kit::http", "http::", "ban::", "TcpStream"].iter().any(|word| code.contains(word));
        let connector = connectors().find(|connector| connector.id() == id).expect("a connector");
        let says = connector.entry().schema.get("x-outside").is_some_and(|says| *says == true);
        assert!(says || !asks, "{id}: `\"x-outside\" = true` is missing in its `schemars(extend(…))`");
    }
}

#[test]
fn every_connector_has_cases_of_success_and_failure() {
    let mut poor = Vec::new();
    // a workflow in the place of a step never runs by itself: tests of the expansion and of the binary show it
    for connector in connectors().filter(|connector| connector.id() != "workflow") {
        let folder = house_tests::root().join("tests/cases").join(connector.id());
        let cases: Vec<_> =
            fs::read_dir(&folder).into_iter().flatten().flatten().map(|case| case.path()).collect();
        let text = |case: &Path| fs::read_to_string(case).unwrap_or_default();
        let fails =
            |case: &Path| ["fails:", "refuses:", "errors:"].iter().any(|word| text(case).contains(word));
        if !cases.iter().any(|case| fails(case)) || !cases.iter().any(|case| !fails(case)) {
            poor.push(connector.id());
        }
    }
    assert!(poor.is_empty(), "need a case of success and one of failure under tests/cases: {poor:?}");
}
