use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeSet;

/// Who may know whom, bottom first: a crate knows only those before it.
const HOUSE: &[&str] = &["bus-core", "connectors", "backplane", "workers", "gateway", "semantic-bus"];
/// Both know `bus-core` only.
const NEIGHBOURS: &[(&str, &str)] = &[("connectors", "backplane")];

#[test]
fn dependencies_point_one_way() {
    let metadata =
        MetadataCommand::new().current_dir(house_tests::root()).no_deps().exec().expect("cargo metadata");
    let members: BTreeSet<_> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let place = |name: &str| HOUSE.iter().position(|known| *known == name);
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let knows =
            package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        for dependency in knows.filter(|dependency| members.contains(dependency.name.as_str())) {
            let other = dependency.name.as_str();
            let allowed = match (name, place(name)) {
                ("xtask" | "house-tests", _) => true,
                ("web-ui", _) => other == "bus-core",
                (_, Some(place_of_name)) => {
                    place(other).is_some_and(|place_of_other| place_of_other < place_of_name)
                        && !NEIGHBOURS.contains(&(other, name))
                }
                (_, None) => false,
            };
            if !allowed {
                wrong.push(format!("{name} must not know {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_has_its_place() {
    let metadata =
        MetadataCommand::new().current_dir(house_tests::root()).no_deps().exec().expect("cargo metadata");
    for package in &metadata.packages {
        let name = package.name.as_str();
        assert!(
            HOUSE.contains(&name) || ["xtask", "house-tests", "test-servers", "web-ui"].contains(&name),
            "{name} stands nowhere in the house"
        );
    }
}

/// Crates with one door: only this file may name them.
const DOORS: &[(&str, &str)] = &[
    ("lapin", "backplane/src/amqp/wire.rs"),
    ("mongodb", "backplane/src/mongo/wire.rs"),
    ("axum", "gateway/"),
    ("yew", "web-ui/"),
];

#[test]
fn some_crates_have_one_door() {
    for (file, text) in crate::files::rust() {
        for (name, door) in DOORS {
            // tests look behind the door
            let is_test = file.starts_with("tests/") || file.contains("/tests/");
            let named = text.contains(&format!("{name}::")) && !is_test;
            assert!(!named || file.starts_with(door), "{file} names {name}; only {door} may");
        }
    }
}
