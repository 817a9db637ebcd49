//! Workflow documents: old ones load for ever, saving changes nothing, the published schema is current.

use bus_core::{
    check::{Problem, conform},
    workflow::{
        Link, LiveTrigger, Missed, Parameter, ParameterType, Port, Position, Schedule, Step, Trigger,
        Workflow,
    },
    yaml,
};
use proptest::prelude::*;
use std::{fs, path::Path};

fn folder(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn load(text: &str) -> Workflow {
    let lines = |problems: Vec<Problem>| problems.iter().map(|it| format!("{it}\n")).collect::<String>();
    Workflow::load(text).map_err(lines).expect("a workflow").workflow
}

#[test]
fn documents_of_version_1_load_for_ever() {
    let mut seen = 0;
    for entry in fs::read_dir(folder("tests/documents/v1")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let workflow = load(&text);
        let saved = workflow.to_yaml();
        let again = load(&saved);
        assert_eq!(again, workflow, "{}", path.display());
        assert_eq!(again.to_yaml(), saved, "{}", path.display());
        assert_eq!(load(&workflow.to_json().to_string()), workflow, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn what_everything_says() {
    let workflow = load(include_str!("documents/v1/everything.yaml"));
    assert_eq!(workflow.links.len(), 6);
    assert_eq!(workflow.links[0], Link::between("stations", "powerful"));
    assert_eq!(workflow.links[1], Link::between("powerful", "carte"));
    assert_eq!(workflow.links[2], Link::new(Port::new("stations", "errors"), Port::new("refusés", "in")));
    assert_eq!(workflow.parameters.get("plain").map(|it| it.kind), Some(ParameterType::Text));
    assert_eq!(workflow.triggers.len(), 6);
}

#[test]
fn json_keeps_its_text_exactly() {
    let workflow = load(include_str!("documents/v1/written-by-a-program.json"));
    assert_eq!(workflow.name, "As JSON \u{1f680}");
    let records = &workflow.steps[0].settings["records"][0];
    assert_eq!(records["insee"], "01234");
    assert!(records["none"].is_null());
}

#[test]
fn the_published_schema_is_current() {
    let path = folder("../workflows/workflow.schema.json");
    let current = format!("{:#}\n", Workflow::schema());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == current, "{} is not current: run this test with BLESS=1", path.display());
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = "version: 1
nmae: x
steps:
  - id: a
    conector: file
    settings: [1]
  - id: 7
    connector: discard
    position: { x: 1.5 }
parameters:
  p: { type: txt }
links:
  - a
triggers:
  - schedul: { cron: x }
";
    let problems = Workflow::load(text).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        line 2, column 1: nmae: unknown field `nmae`; did you mean `name`?
        line 5, column 5: step "a": conector: unknown field `conector`; did you mean `connector`?
        line 6, column 5: step "a": settings: a group of fields is needed here, not a list
        line 7, column 5: steps[1].id: a text is needed here, not `7`; write it in quotes: "7"
        line 9, column 5: steps[1].position.y: this has to be given
        line 9, column 17: steps[1].position.x: a whole number is needed here, not `1.5`
        line 11, column 8: parameters.p.type: unknown choice `txt`; did you mean `text`?
        line 13, column 5: links[0]: `a` is not a link; write `step -> step` or `step.port -> step.port`; in a chain of several only its ends may have ports
        line 15, column 5: triggers[0].schedul: unknown choice `schedul`; did you mean `schedule`?"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn one_thing_wrong() {
    for (text, said) in [
        ("", "this is not a workflow document; begin with `version: 1`"),
        (
            "version: 2",
            "line 1, column 1: version: this document is of version 2; this program reads up to 1",
        ),
        ("version: one", "line 1, column 1: version: a whole number is needed here, not a text"),
        ("name: x", "line 1, column 1: version: this has to be given"),
        ("version: 1\nversion: 1", "line 2, column 1: `version` stands here twice"),
        ("version: 1\nlinks: [a]", "line 2, column 9: links[0]: `a` is not a link; write `step -> step`"),
        (
            "version: 1\nparameters: { a-b: {} }",
            "line 2, column 15: parameters.a-b: `a-b` cannot be the name of a parameter; use letters",
        ),
    ] {
        let problems = Workflow::load(text).unwrap_err();
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(all.join("\n").starts_with(said), "{text:?}: {all:?}");
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-zé][a-z0-9_-]{0,6}"
}

fn step() -> impl Strategy<Value = Step> {
    let settings = prop::collection::vec((word(), any::<String>()), 0..3);
    let position = prop::option::of((any::<i32>(), any::<i32>()).prop_map(|(x, y)| Position { x, y }));
    (word(), any::<String>(), word(), settings, position, "[ -~\n]{0,30}").prop_map(
        |(id, name, connector, settings, position, note)| {
            let settings = settings.into_iter().map(|(key, value)| (key, value.into())).collect();
            Step { id, name, connector, settings, position, note, disabled: false, ..Step::default() }
        },
    )
}

fn workflow() -> impl Strategy<Value = Workflow> {
    let parameter =
        (any::<i64>(), any::<bool>(), any::<String>()).prop_map(|(default, given, description)| {
            let (kind, choices) = (ParameterType::Integer, Vec::new());
            Parameter { kind, default: given.then(|| default.into()), choices, description }
        });
    let parameters = prop::collection::vec(("[a-z][a-z0-9_]{0,5}", parameter), 0..3);
    let port = || (word(), word()).prop_map(|(step, port)| Port::new(step, port));
    let link = prop_oneof![
        (word(), word()).prop_map(|(from, to)| Link::between(&from, &to)),
        (port(), port()).prop_map(|(from, to)| Link::new(from, to)),
    ];
    let trigger = prop_oneof![
        Just(Trigger::Manual),
        (any::<String>(), word()).prop_map(|(cron, zone)| Trigger::Schedule(Schedule {
            cron,
            zone,
            missed: Missed::Skip
        })),
        (any::<u32>(), any::<u32>())
            .prop_map(|(messages, seconds)| Trigger::Live(LiveTrigger { messages, seconds })),
    ];
    let lists = (
        prop::collection::vec(step(), 0..4),
        prop::collection::vec(link, 0..4),
        prop::collection::vec(trigger, 0..3),
    );
    (any::<String>(), any::<String>(), parameters, lists).prop_map(
        |(name, description, parameters, (steps, links, triggers))| {
            let mut workflow = Workflow { description, steps, links, triggers, ..Workflow::new(name) };
            for (name, parameter) in parameters {
                workflow.parameters.insert(name, parameter);
            }
            workflow
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn saving_changes_nothing(workflow in workflow()) {
        let saved = workflow.to_yaml();
        let loaded = Workflow::load(&saved).map_err(|it| TestCaseError::fail(format!("{it:?}\n{saved}")))?;
        prop_assert_eq!(&loaded.workflow, &workflow, "{}", saved);
        prop_assert!(conform(&Workflow::schema(), &yaml::read(&saved).unwrap().value).is_empty());
        prop_assert_eq!(loaded.workflow.to_yaml(), saved);
    }
}
