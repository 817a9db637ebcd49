use super::{Action, Editing, WholeEdit};
use crate::{bus::use_bus, components::Icon};
use bus_core::api::Severity;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the toolbar shows.
#[derive(Properties, PartialEq)]
pub(crate) struct ToolbarProps {
    /// The document.
    pub(crate) editing: Rc<Editing>,
    /// Whether it only shows.
    pub(crate) readonly: bool,
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
    let rename = props.dispatch.reform(|event: InputEvent| {
        Action::Whole(WholeEdit::Name(event.target_unchecked_into::<HtmlInputElement>().value()))
    });
    let act = |action: Action| props.dispatch.reform(move |_: MouseEvent| action.clone());
    let errors = state.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let saved = if state.dirty() { texts.unsaved() } else { texts.saved() };
    let editable = !props.readonly && !props.watching;
    html! {
        <header class="toolbar">
            <h1 class="unseen">{ &state.document.name }</h1>
            <input class="title" aria-label={texts.workflow_name()} value={state.document.name.clone()} oninput={rename}
                readonly={!editable} placeholder={texts.untitled()} autocomplete="off" />
            if !props.watching {
            <span class={classes!("saved", state.dirty().then_some("dirty"))} role="status">
                <Icon name={if state.dirty() { "pen-line" } else { "circle-check" }} />{ saved }
            </span>
            }
            if errors > 0 {
                <button type="button" class="badge bad" onclick={act(Action::Choose(Default::default()))}><Icon name="circle-alert" />{ texts.problems(errors) }</button>
            }
            if props.readonly { <span class="badge idle"><Icon name="eye" />{ texts.viewer() }</span> }
            <span class="spring" />
            if editable {
                <button type="button" class="quiet" aria-label={texts.undo()} title={texts.undo()} disabled={!state.can_undo()} onclick={act(Action::Undo)}><Icon name="undo-2" /></button>
                <button type="button" class="quiet" aria-label={texts.redo()} title={texts.redo()} disabled={!state.can_redo()} onclick={act(Action::Redo)}><Icon name="redo-2" /></button>
                <button type="button" disabled={!state.dirty()} onclick={props.save.reform(|_: MouseEvent| ())}><Icon name="save" />{ texts.save() }</button>
            }
            if !props.readonly {
                <button type="button" class="primary" disabled={errors > 0} onclick={props.run.reform(|_: MouseEvent| ())}><Icon name="play" />{ texts.run() }</button>
            }
        </header>
    }
}
