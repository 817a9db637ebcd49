//! What stands around the pages about one workflow besides its editor.

use crate::{
    api::part,
    browser,
    bus::{Load, use_bus, use_load},
    components::Icon,
    route::Route,
};
use bus_core::api::WorkflowDetail;
use yew::prelude::*;
use yew_router::prelude::*;

/// A page about a workflow.
#[derive(Properties, PartialEq)]
pub(crate) struct WorkflowFrameProps {
    /// The workflow.
    pub(crate) id: AttrValue,
    /// What the page is called, given the workflow's name.
    pub(crate) title: Callback<String, String>,
    /// What it is for.
    pub(crate) help: AttrValue,
    /// What it shows.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The frame of a page about a workflow: its name, and the way back to its editor.
#[component]
pub(crate) fn WorkflowFrame(props: &WorkflowFrameProps) -> Html {
    let texts = use_bus().texts;
    let detail = use_load(props.id.clone(), |api, id| async move {
        api.get::<WorkflowDetail>(&format!("/workflows/{}", part(&id))).await
    });
    let name = match &*detail.state {
        Load::Here(detail) => detail.summary.name.clone(),
        Load::Waiting => "…".to_owned(),
        Load::Refused(_) => return html! { <super::NotFoundPage /> },
    };
    html! { <Named title={props.title.emit(name)} help={props.help.clone()} id={props.id.clone()} back={texts.back_to_workflow()}>{ props.children.clone() }</Named> }
}

#[derive(Properties, PartialEq)]
struct NamedProps {
    title: AttrValue,
    help: AttrValue,
    id: AttrValue,
    back: AttrValue,
    children: Html,
}

#[component]
fn Named(props: &NamedProps) -> Html {
    use_effect_with(props.title.clone(), |title| browser::title(title));
    html! {
        <div class="page">
            <p><Link<Route> to={Route::Workflow { id: props.id.to_string() }} classes="back"><Icon name="arrow-left" />{ &props.back }</Link<Route>></p>
            <header class="page-head"><div><h1>{ &props.title }</h1><p class="lead">{ &props.help }</p></div></header>
            { props.children.clone() }
        </div>
    }
}
