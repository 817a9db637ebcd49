//! The real binary on workflows that use others as steps, and on steps that are switched off.

use crate::program::Folder;
use serde_json::Value;
use std::fs;

const INNER: &str = "version: 1
name: Cleaning
parameters:
  town: { default: Rennes }
  least: { type: integer, default: 2 }
steps:
  - { id: entry, connector: workflow-input, settings: { sample: [{ n: 5 }] } }
  - { id: enough, connector: filter, settings: { expression: 'n >= params.least' } }
  - { id: named, connector: map, settings: { fields: [{ name: town, value: { template: '${town}' } }] } }
  - { id: exit, connector: workflow-output }
links: [entry -> enough -> named -> exit]
";

const OUTER: &str = "version: 1
name: Outer
parameters:
  where: { default: Brest }
steps:
  - { id: numbers, connector: records, settings: { records: [{ n: 1 }, { n: 2 }, { n: 3 }] } }
  - id: clean
    connector: workflow
    settings:
      workflow: lib/clean.yaml
      parameters: [{ name: town, value: 'near ${where}' }, { name: least, value: '3' }]
  - { id: off, connector: of-the-future, settings: { what: ever }, disabled: true }
  - { id: out, connector: file-out, settings: { path: out.ndjson } }
links: [numbers -> clean -> off -> out]
";

fn folder(inner: &str) -> Folder {
    let folder = Folder::with(&[("outer.yaml", OUTER)]);
    fs::create_dir(folder.path("lib")).expect("a folder");
    folder.write("lib/clean.yaml", inner);
    folder
}

#[test]
fn a_workflow_runs_as_a_step_of_another() {
    let folder = folder(INNER);
    let done = folder.run(&["run", "outer.yaml", "--param", "where=Quimper", "--report=json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let written = fs::read_to_string(folder.path("out.ndjson")).expect("written");
    assert_eq!(written, "{\"n\":3,\"town\":\"near Quimper\"}\n");
    let report: Value = serde_json::from_str(&done.out).expect("a report");
    let ids: Vec<&str> =
        report["steps"].as_array().expect("steps").iter().filter_map(|step| step["id"].as_str()).collect();
    assert_eq!(ids, ["numbers", "clean~enough", "clean~named", "out"]);
    assert!(done.err.contains("there is no connector `of-the-future`"), "a warning: {}", done.err);
    let done = folder.run(&["plan", "outer.yaml"]);
    assert!(
        done.out
            .contains("numbers (records) -> clean~enough (filter) -> clean~named (map) -> out (file-out)"),
        "{}",
        done.out
    );
    let done = folder.run(&["run", "lib/clean.yaml"]);
    assert_eq!(done.code, 0, "by itself it runs on its sample: {}", done.err);
}

#[test]
fn what_is_wrong_in_a_workflow_inside_is_said_with_both_names() {
    let folder = folder(&INNER.replace("expression", "expresion"));
    let done = folder.run(&["check", "outer.yaml"]);
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    assert!(
        done.out.contains("step \"clean~enough\": settings.expresion: unknown field `expresion`"),
        "{}",
        done.out
    );
    folder.write(
        "lib/clean.yaml",
        "version: 1\nparameters: { town: { default: a }, least: { default: b } }\nsteps: [{ id: me, connector: workflow, settings: { workflow: clean.yaml } }]\n",
    );
    let done = folder.run(&["check", "outer.yaml"]);
    assert!(done.out.contains("in a circle: lib/clean.yaml -> clean.yaml"), "{}", done.out);
    fs::remove_file(folder.path("lib/clean.yaml")).expect("removed");
    let done = folder.run(&["run", "outer.yaml"]);
    assert!(
        done.err.contains("settings.workflow: lib/clean.yaml: there is no such file or folder"),
        "{}",
        done.err
    );
}
