use super::{Action, Editing, WholeEdit};
use crate::{
    browser,
    bus::use_bus,
    components::{Icon, Menu},
    route::Route,
    texts::Texts,
};
use bus_core::{
    api::{Role, Severity},
    workflow::Workflow,
    yaml,
};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew_router::prelude::*;

/// What the toolbar shows.
#[derive(Properties, PartialEq)]
pub(crate) struct ToolbarProps {
    /// The document.
    pub(crate) editing: Rc<Editing>,
    /// Its id on the server.
    pub(crate) id: AttrValue,
    /// What whoever looks may do.
    pub(crate) role: Role,
    /// Whether a run is looked at.
    pub(crate) watching: bool,
    /// Whether it was a draft when it was loaded.
    pub(crate) draft: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
    /// Saves.
    pub(crate) save: Callback<()>,
    /// Runs.
    pub(crate) run: Callback<()>,
}

/// The workflow's name, and what can be done with it.
#[component]
pub(crate) fn Toolbar(props: &ToolbarProps) -> Html {
    let texts = use_bus().texts;
    let state = &props.editing;
    let readonly = props.role == Role::Viewer;
    let rename = props.dispatch.reform(|event: InputEvent| {
        Action::Whole(WholeEdit::Name(event.target_unchecked_into::<HtmlInputElement>().value()))
    });
    let act = |action: Action| props.dispatch.reform(move |_: MouseEvent| action.clone());
    let errors = state.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let saved = if state.dirty() { texts.unsaved() } else { texts.saved() };
    let editable = !readonly && !props.watching;
    html! {
        <header class="toolbar">
            <h1 class="unseen">{ &state.document.name }</h1>
            <input class="title" aria-label={texts.workflow_name()} value={state.document.name.clone()} oninput={rename}
                readonly={!editable} placeholder={texts.untitled()} autocomplete="off" />
            if editable {
                <span class={classes!("saved", state.dirty().then_some("dirty"))} role="status">
                    <Icon name={if state.dirty() { "pen-line" } else { "circle-check" }} /><span>{ saved }</span>
                </span>
            }
            if errors > 0 {
                <button type="button" class="badge bad" onclick={act(Action::Choose(Default::default()))}><Icon name="circle-alert" />{ texts.problems(errors) }</button>
            }
            if readonly { <span class="badge idle"><Icon name="eye" />{ texts.viewer() }</span> }
            <span class="spring" />
            if editable {
                <button type="button" class="quiet" aria-label={texts.undo()} title={texts.undo()} disabled={!state.can_undo()} onclick={act(Action::Undo)}><Icon name="undo-2" /></button>
                <button type="button" class="quiet" aria-label={texts.redo()} title={texts.redo()} disabled={!state.can_redo()} onclick={act(Action::Redo)}><Icon name="redo-2" /></button>
                <button type="button" disabled={!state.dirty()} onclick={props.save.reform(|_: MouseEvent| ())}><Icon name="save" /><span>{ texts.save() }</span></button>
            }
            if !readonly {
                <button type="button" class="primary" disabled={errors > 0} onclick={props.run.reform(|_: MouseEvent| ())}><Icon name="play" />{ texts.run() }</button>
            }
            { more(props, texts) }
        </header>
    }
}

/// What is done less often.
fn more(props: &ToolbarProps, texts: Texts) -> Html {
    let id = props.id.to_string();
    let page = |to: Route, icon: &'static str, label: &'static str| {
        html! { <li><Link<Route> {to}><Icon name={icon} />{ label }</Link<Route>></li> }
    };
    let export = |label: &'static str, ending: &'static str, write: fn(&Workflow) -> String| {
        let document = Rc::clone(&props.editing.document);
        let onclick = Callback::from(move |_: MouseEvent| {
            let media_type = if ending == "json" { "application/json" } else { "application/yaml" };
            browser::hand_over(
                &format!("{}.{ending}", file_name(&document.name)),
                media_type,
                &write(&document),
            );
        });
        html! { <li><button type="button" {onclick}><Icon name="download" />{ label }</button></li> }
    };
    html! {
        <Menu label={texts.more_actions()} icon="ellipsis" bare=true>
            { page(Route::Shares { id: id.clone() }, "users", texts.share()) }
            { page(Route::Versions { id: id.clone() }, "history", texts.versions()) }
            if props.role == Role::Owner { { page(Route::WorkflowAudit { id }, "shield-check", texts.audit()) } }
            { export(texts.export_yaml(), "yaml", as_yaml) }
            { export(texts.export_json(), "json", |document| serde_json::to_string_pretty(document).unwrap_or_default()) }
        </Menu>
    }
}

fn as_yaml(document: &Workflow) -> String {
    serde_json::to_value(document).map(|value| yaml::write(&value)).unwrap_or_default()
}

/// A name for a file: small letters, digits and hyphens.
fn file_name(name: &str) -> String {
    let plain: String =
        super::plain(name).chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "workflow".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_the_workflow() {
        assert_eq!(file_name("Bornes de recharge (été)"), "bornes-de-recharge-ete");
        assert_eq!(file_name("…"), "workflow");
    }

    #[test]
    fn what_is_exported_reads_the_same() {
        let mut document = Workflow::new("Ville: été");
        document.steps.push(bus_core::workflow::Step {
            id: "a".to_owned(),
            connector: "file".to_owned(),
            ..Default::default()
        });
        let loaded = Workflow::load(&as_yaml(&document)).expect("a document");
        assert_eq!(loaded.workflow, document);
    }
}
