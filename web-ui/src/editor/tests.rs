use super::Catalogue;
use super::{Action, Clipping, Editing, StepEdit, Unlinkable, WholeEdit};
use crate::form::Path;
use bus_core::{
    Language,
    api::{ConnectorInfo, PortInfo},
    catalogue::Catalogue as _,
};
use bus_core::{
    api::{Role, Time, WorkflowDetail, WorkflowSummary},
    workflow::{Link, Port, Position, Workflow},
};
use connectors::Connectors;
use serde_json::json;
use std::{collections::BTreeSet, rc::Rc};
use yew::Reducible;

/// The connectors there are, as the server describes them.
pub(crate) fn catalogue() -> Catalogue {
    let info = |id: &str| {
        let entry = Connectors.entry(id).expect("a connector");
        let schema = bus_core::manual::translated(&entry.schema, Language::En);
        let text = |name: &str| schema[name].as_str().unwrap_or_default().to_owned();
        let input = |input: &bus_core::catalogue::Input| PortInfo {
            name: input.name.to_owned(),
            required: input.required,
            many: input.many,
        };
        ConnectorInfo {
            id: id.to_owned(),
            kind: entry.kind,
            title: text("title"),
            description: text("description"),
            group: text("x-group"),
            icon: text("x-icon"),
            inputs: entry.inputs.iter().map(input).collect(),
            outputs: entry.outputs.iter().map(|&port| port.to_owned()).collect(),
            live: entry.live,
            schema,
        }
    };
    Catalogue::new(Connectors.ids().into_iter().map(info).collect())
}

fn after(actions: impl IntoIterator<Item = Action>) -> Rc<Editing> {
    actions.into_iter().fold(Rc::new(Editing::default()), Editing::reduce)
}

fn add(connector: &str) -> Action {
    Action::Add { connector: connector.to_owned(), at: Position { x: 0, y: 0 }, after: None }
}

fn link(from: &str, to: &str) -> Action {
    Action::Link(Link::between(from, to))
}

fn choose(steps: &[&str]) -> Action {
    Action::Choose(steps.iter().map(|step| (*step).to_owned()).collect())
}

fn set(step: &str, setting: &str, value: &str) -> Action {
    Action::Set { step: step.to_owned(), path: Path::default().key(setting), value: Some(json!(value)) }
}

fn ids(state: &Editing) -> Vec<&str> {
    state.document.steps.iter().map(|step| step.id.as_str()).collect()
}

fn links(state: &Editing) -> Vec<String> {
    state.document.links.iter().map(Link::to_string).collect()
}

#[test]
fn added_steps_have_their_own_id_and_place_and_are_chosen() {
    let state = after([add("filter"), add("filter"), add("filter")]);
    assert_eq!(ids(&state), ["filter", "filter-2", "filter-3"]);
    assert_eq!(state.chosen, BTreeSet::from(["filter-3".to_owned()]));
    assert_ne!(state.document.steps[0].position, state.document.steps[1].position);
}

#[test]
fn a_step_can_be_added_behind_another() {
    let behind = Link::new(Port::new("file", "out"), Port::new("", "in"));
    let at = Position { x: 300, y: 0 };
    let state = after([add("file"), Action::Add { connector: "sort".to_owned(), at, after: Some(behind) }]);
    assert_eq!(links(&state), ["file -> sort"]);
}

#[test]
fn links_that_cannot_be_are_not_made() {
    let state = after([add("a"), add("b"), link("a", "b"), link("b", "a")]);
    assert_eq!((links(&state).len(), state.unlinkable), (1, Some(Unlinkable::Circle)));
    let state = after([add("a"), link("a", "a")]);
    assert_eq!(state.unlinkable, Some(Unlinkable::Itself));
    let state = after([add("a"), add("b"), link("a", "b"), link("a", "b")]);
    assert_eq!((links(&state).len(), state.unlinkable), (1, Some(Unlinkable::There)));
}

#[test]
fn removed_steps_take_their_links_with_them_and_come_back_with_them() {
    let state =
        after([add("a"), add("b"), add("c"), link("a", "b"), link("b", "c"), choose(&["b"]), Action::Remove]);
    assert_eq!((ids(&state), links(&state).len()), (vec!["a", "c"], 0));
    let state = state.reduce(Action::Undo);
    assert_eq!(links(&state), ["a -> b", "b -> c"]);
    let state = state.reduce(Action::Redo);
    assert_eq!(ids(&state), ["a", "c"]);
}

#[test]
fn typing_in_one_field_is_undone_at_once() {
    let typed = ["a", "ab", "abc"].map(|text| set("file", "path", text));
    let state = after([add("file")].into_iter().chain(typed));
    assert_eq!(state.document.steps[0].settings["path"], "abc");
    let state = state.reduce(Action::Undo);
    assert!(state.document.steps[0].settings.is_empty());
    let state = state.reduce(Action::Undo);
    assert!(state.document.steps.is_empty() && !state.can_undo() && state.chosen.is_empty());
}

#[test]
fn a_change_after_undo_forgets_what_was_undone() {
    let state = after([add("a"), add("b"), Action::Undo, add("c")]);
    assert_eq!((ids(&state), state.can_redo()), (vec!["a", "c"], false));
}

#[test]
fn what_changes_nothing_is_nothing_to_undo() {
    let state = after([add("a"), Action::Whole(WholeEdit::Name(String::new())), choose(&[]), Action::Remove]);
    assert!(!state.reduce(Action::Undo).can_undo());
}

#[test]
fn copies_have_their_own_ids_and_links() {
    let state = after([add("a"), add("b"), link("a", "b"), choose(&["a", "b"])]);
    let clipping = Clipping::of(&state.document, &state.chosen).expect("something is chosen");
    let state = state.reduce(Action::Paste(clipping.clone())).reduce(Action::Paste(clipping));
    assert_eq!(ids(&state), ["a", "b", "a-2", "b-2", "a-3", "b-3"]);
    assert_eq!(links(&state), ["a -> b", "a-2 -> b-2", "a-3 -> b-3"]);
    assert_eq!(state.chosen, BTreeSet::from(["a-3".to_owned(), "b-3".to_owned()]));
}

#[test]
fn arrows_shift_what_is_chosen_and_are_undone_together() {
    let shift = || Action::Shift { x: 8, y: 0 };
    let state = after([add("a"), add("b"), choose(&["b"]), shift(), shift()]);
    let x = |state: &Editing, place: usize| state.document.steps[place].position.map(|at| at.x);
    let before = x(&state, 0);
    assert_eq!(x(&state, 1), Some(28 + 16));
    let state = state.reduce(Action::Undo);
    assert_eq!((x(&state, 0), x(&state, 1)), (before, Some(28)));
}

fn detail(revision: u64) -> Box<WorkflowDetail> {
    let mut document = Workflow::new("Sensors");
    document.steps.push(bus_core::workflow::Step { id: "a".to_owned(), ..Default::default() });
    let summary = WorkflowSummary {
        id: "w".to_owned(),
        name: "Sensors".to_owned(),
        description: String::new(),
        role: Role::Owner,
        owner: "Ada".to_owned(),
        revision,
        changed: Time(0),
        draft: false,
        last_run: None,
        next: None,
    };
    Box::new(WorkflowDetail { summary, document, findings: Vec::new() })
}

#[test]
fn a_document_that_came_from_the_server_is_saved_though_its_steps_were_placed() {
    let state = after([Action::Load(detail(3))]);
    assert!(!state.dirty() && state.revision == 3 && state.document.steps[0].position.is_some());
}

#[test]
fn what_was_typed_while_saving_is_still_to_be_saved() {
    let state = after([Action::Load(detail(1)), Action::Whole(WholeEdit::Name("Sent".to_owned()))]);
    let sent = Rc::clone(&state.document);
    let state = state.reduce(Action::Edit { step: "a".to_owned(), edit: StepEdit::Name("Typed".to_owned()) });
    let state = state.reduce(Action::Saved { document: sent, revision: 2, findings: Vec::new() });
    assert!(state.dirty() && state.revision == 2);
    assert_eq!(state.document.steps[0].name, "Typed");
}

#[test]
fn a_conflict_loses_nothing() {
    let state = after([
        Action::Load(detail(1)),
        Action::Edit { step: "a".to_owned(), edit: StepEdit::Note("mine".to_owned()) },
        Action::Conflict(2),
    ]);
    assert_eq!((state.conflict, state.dirty(), state.revision), (Some(2), true, 1));
    assert_eq!(state.document.steps[0].note, "mine");
    let state = state.reduce(Action::ConflictSeen);
    assert_eq!(state.document.steps[0].note, "mine");
}
