//! Workflows in workflows, and steps that are switched off.

use bus_core::{
    Message,
    catalogue::{Catalogue, Entry, IN, Input, Kind, OUT, SettingsProblem},
    check::{Whole, check_whole},
    msg,
    workflow::{
        Workflow,
        expand::{Found, expand, switch_off},
    },
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

struct Known(Vec<Entry>);

fn known() -> Known {
    const ONE: &[Input] = &[Input::required(IN)];
    const MAY: &[Input] = &[Input::optional(IN)];
    const TWO: &[Input] = &[Input::required("left"), Input::required("right")];
    let entries: [(&'static str, Kind, &'static [Input], &'static [&'static str]); 7] = [
        ("source", Kind::Source, &[], &[OUT]),
        ("workflow-input", Kind::Source, &[], &[OUT]),
        ("change", Kind::Transform, ONE, &[OUT]),
        ("join", Kind::Transform, TWO, &[OUT]),
        ("workflow", Kind::Transform, MAY, &[OUT]),
        ("workflow-output", Kind::Sink, ONE, &[]),
        ("sink", Kind::Sink, ONE, &[]),
    ];
    let entry = |(id, kind, inputs, outputs)| Entry {
        id,
        kind,
        inputs,
        outputs,
        regroups: false,
        live: false,
        schema: json!(true),
    };
    Known(entries.map(entry).into_iter().collect())
}

impl Catalogue for Known {
    fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }

    fn ids(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.id).collect()
    }

    fn check_settings(&self, _: &str, settings: &Value) -> Vec<SettingsProblem> {
        let wrong = settings.get("wrong").is_some();
        let problem = SettingsProblem { path: "wrong".to_owned(), message: msg!("remove it"), advice: None };
        if wrong { vec![problem] } else { Vec::new() }
    }
}

fn workflow(text: &str) -> Workflow {
    let loaded = Workflow::load(&format!("version: 1\n{text}"));
    loaded.expect("a document").workflow
}

type Library = BTreeMap<&'static str, &'static str>;

fn find(library: &Library, name: &str) -> Result<Found, Message> {
    let text = library.get(name).ok_or_else(|| msg!("there is no workflow `{name}`", name = name))?;
    Ok(Found { key: name.to_owned(), workflow: workflow(text) })
}

fn whole(text: &str, library: &Library) -> Whole {
    let loaded = Workflow::load(&format!("version: 1\n{text}")).expect("a document");
    check_whole(&loaded, &known(), &mut |_, name| find(library, name))
}

fn problems(text: &str, library: &Library) -> Vec<String> {
    whole(text, library).problems.iter().map(ToString::to_string).collect()
}

/// Steps and links, a line each.
fn shape(workflow: &Workflow) -> String {
    let steps: Vec<&str> = workflow.steps.iter().map(|step| step.id.as_str()).collect();
    let mut links: Vec<String> = workflow.links.iter().map(ToString::to_string).collect();
    links.sort();
    format!("{}\n{}", steps.join(" "), links.join("\n"))
}

const CLEAN: &str = "
parameters: { town: { default: Rennes }, most: { type: integer, default: 3 }, price: { default: '${5}' } }
steps:
  - { id: entry, connector: workflow-input }
  - { id: a, connector: change, settings: { text: 'in ${town}', most: '${most}', price: '${price}', raw: '$${town}' } }
  - { id: b, name: Second, connector: change }
  - { id: exit, connector: workflow-output }
links: [entry -> a -> b -> exit]
";

fn library() -> Library {
    BTreeMap::from([
        ("clean", CLEAN),
        ("twice", "
parameters: { place: { default: Brest } }
steps:
  - { id: entry, connector: workflow-input }
  - { id: one, connector: workflow, settings: { workflow: clean, parameters: [{ name: town, value: 'near ${place}' }] } }
  - { id: two, connector: workflow, settings: { workflow: clean } }
  - { id: exit, connector: workflow-output }
links: [entry -> one -> two -> exit]
"),
        ("closed", "steps: [{ id: s, connector: source }, { id: t, connector: sink }]\nlinks: [s -> t]"),
        ("broken", "steps: [{ id: s, connector: source, settings: { wrong: 1 } }, { id: t, connector: sinc }]\nlinks: [s -> t]"),
        ("a", "steps: [{ id: x, connector: workflow, settings: { workflow: b } }]"),
        ("b", "steps: [{ id: y, connector: workflow, settings: { workflow: a } }]"),
    ])
}

#[test]
fn a_workflow_stands_in_the_place_of_its_step() {
    let text = "
steps:
  - { id: in, connector: source }
  - { id: other, connector: source }
  - { id: w, name: Cleaning, connector: workflow, settings: { workflow: clean } }
  - { id: out, connector: sink }
  - { id: copy, connector: sink }
  - { id: refused, connector: sink }
links: [in -> w, other -> w, w -> out, w -> copy, w.errors -> refused]
";
    let runs = whole(text, &library()).runs.expect("sound");
    assert_eq!(
        shape(&runs),
        "in other w~a w~b out copy refused
in -> w~a
other -> w~a
w~a -> w~b
w~a.errors -> refused
w~b -> copy
w~b -> out
w~b.errors -> refused"
    );
    assert_eq!(runs.step("w~b").map(|step| step.name.as_str()), Some("Cleaning › Second"));
}

#[test]
fn parameters_are_those_of_the_innermost_workflow() {
    let text = "
parameters: { town: { default: Paris }, count: { type: integer, default: 7 } }
steps:
  - { id: in, connector: source }
  - id: w
    connector: workflow
    settings: { workflow: clean, parameters: [{ name: town, value: '${town}, $${x}' }, { name: most, value: '${count}' }] }
  - { id: v, connector: workflow, settings: { workflow: twice } }
  - { id: out, connector: sink }
links: [in -> w -> v -> out]
";
    let whole = whole(text, &library());
    let runs = whole.runs.unwrap_or_else(|| panic!("{:#?}", whole.problems));
    let run: Map<String, Value> =
        json!({ "town": "Lyon", "count": 9 }).as_object().cloned().expect("an object");
    let settings = |id: &str| Workflow::settings(runs.step(id).expect("a step"), &run);
    assert_eq!(
        settings("w~a"),
        json!({ "text": "in Lyon, ${x}", "most": 9, "price": "${5}", "raw": "${town}" })
    );
    assert_eq!(
        settings("v~one~a"),
        json!({ "text": "in near Brest", "most": 3, "price": "${5}", "raw": "${town}" })
    );
    assert_eq!(settings("v~two~a")["text"], "in Rennes");
    assert_eq!(runs.step("w~a").expect("a step").values(&run)["town"], "Lyon, ${x}");
    let again: Workflow = serde_json::from_value(runs.to_json()).expect("read back");
    assert_eq!(again, runs, "what runs survives the store");
}

#[test]
fn what_is_wrong_inside_is_said_with_both_names() {
    let text = "steps: [{ id: w, connector: workflow, settings: { workflow: broken } }]";
    let found = problems(text, &library());
    assert!(found.iter().any(|text| text.contains("step \"w~s\": settings.wrong: remove it")), "{found:#?}");
    assert!(
        found.iter().any(|text| text
            .contains("step \"w~t\": connector: there is no connector `sinc`; did you mean `sink`?")),
        "{found:#?}"
    );
    assert!(found.iter().all(|text| text.starts_with("line 2, column ")), "{found:#?}");
}

#[test]
fn circles_are_named() {
    let text = "steps: [{ id: w, connector: workflow, settings: { workflow: a } }]";
    assert_eq!(
        problems(text, &library()),
        [
            "line 2, column 51: step \"w~x~y\": settings.workflow: the workflows use each other in a circle: a -> b -> a"
        ]
    );
}

#[test]
fn depth_and_number_of_steps_have_a_limit() {
    let deep = |_: &str, name: &str| {
        let next = name.parse::<u32>().unwrap_or(0) + 1;
        let text = format!("steps: [{{ id: w, connector: workflow, settings: {{ workflow: '{next}' }} }}]");
        Ok(Found { key: name.to_owned(), workflow: workflow(&text) })
    };
    let outer = workflow("steps: [{ id: w, connector: workflow, settings: { workflow: '0' } }]");
    let found = expand(&outer, &known(), &mut { deep }).expect_err("too deep");
    assert!(found[0].to_string().contains("more than 8 deep"), "{}", found[0]);
    let wide = |_: &str, name: &str| {
        let next = name.parse::<u32>().unwrap_or(0) + 1;
        let step =
            |n: u32| format!("{{ id: w{n}, connector: workflow, settings: {{ workflow: '{next}' }} }}");
        let steps: Vec<String> = (0..10).map(step).collect();
        Ok(Found { key: name.to_owned(), workflow: workflow(&format!("steps: [{}]", steps.join(", "))) })
    };
    let found = expand(&outer, &known(), &mut { wide }).expect_err("too many");
    assert!(found.iter().any(|problem| problem.to_string().contains("more than 2000 steps")));
}

#[test]
fn links_and_ends_must_belong_together() {
    let of = |links: &str, name: &str| {
        let text = format!(
            "steps: [{{ id: in, connector: source }}, {{ id: w, connector: workflow, settings: {{ workflow: {name} }} }}, {{ id: out, connector: sink }}]\nlinks: [{links}]"
        );
        problems(&text, &library()).into_iter().find(|text| text.contains("workflow")).unwrap_or_default()
    };
    assert!(of("in -> w", "closed").contains("the workflow takes no records, but some are linked to it"));
    assert!(of("w -> out", "closed").contains("the workflow gives no records, but a link leaves it"));
    assert!(of("w -> out", "clean").contains("the workflow takes records, but none are linked to it"));
    assert!(of("w -> out", "nowhere").contains("there is no workflow `nowhere`"));
}

#[test]
fn parameters_that_do_not_fit_are_said() {
    let of = |pair: &str| {
        let text = format!(
            "steps: [{{ id: in, connector: source }}, {{ id: w, connector: workflow, settings: {{ workflow: clean, parameters: [{pair}] }} }}, {{ id: out, connector: sink }}]\nlinks: [in -> w -> out]"
        );
        problems(&text, &library()).concat()
    };
    assert!(of("{ name: twn, value: x }").contains("there is no parameter `twn`: did you mean `town`?"));
    assert!(of("{ name: most, value: x }").contains("settings.parameters[0]: `x` is not a whole number"));
    assert_eq!(of("{ name: most, value: '12' }"), "");
}

#[test]
fn what_is_switched_off_lets_records_through_or_is_left_out() {
    let text = "
steps:
  - { id: in, connector: source }
  - { id: a, connector: change, disabled: true, settings: { wrong: 1 } }
  - { id: b, connector: of-the-future, disabled: true }
  - { id: lookup, connector: source, disabled: true }
  - { id: prepare, connector: change }
  - { id: j, connector: join }
  - { id: out, connector: sink }
  - { id: off, connector: sink, disabled: true }
  - { id: refused, connector: sink }
  - { id: w, connector: workflow, disabled: true }
links: [in -> a -> b -> j.left, lookup -> prepare -> j.right, j -> w -> out, j -> off, a.errors -> refused]
";
    let whole = whole(text, &library());
    let said: Vec<String> = whole.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("there is no connector `of-the-future`") && !whole.problems[0].is_error());
    assert_eq!(shape(&whole.runs.expect("sound")), "in j out\nin -> j.left\nj -> out");
}

#[test]
fn what_hangs_on_a_switched_off_source_is_left_out() {
    let text = "
steps:
  - { id: s, connector: source, disabled: true }
  - { id: a, connector: change }
  - { id: off, connector: change, disabled: true }
  - { id: out, connector: sink }
links: [s -> a -> off -> out]
";
    assert_eq!(shape(&switch_off(workflow(text), &known())), "\n");
    let reversed = "
steps:
  - { id: off, connector: change, disabled: true }
  - { id: s, connector: source, disabled: true }
  - { id: a, connector: change }
  - { id: out, connector: sink }
links: [s -> a -> off -> out, a.errors -> out]
";
    assert_eq!(shape(&switch_off(workflow(reversed), &known())), "\n");
}
