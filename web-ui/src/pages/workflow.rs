use crate::{
    api::part,
    bus::{Load, use_bus, use_load},
    editor::{Catalogue, Workbench},
    route::Route,
};
use bus_core::api::{ConnectorInfo, WorkflowDetail};
use yew::prelude::*;
use yew_router::prelude::*;

/// Which workflow, and which run of it.
#[derive(Properties, PartialEq)]
pub(crate) struct WorkflowPageProps {
    /// The workflow.
    pub(crate) id: AttrValue,
    /// A run to look at.
    #[prop_or_default]
    pub(crate) run: Option<AttrValue>,
}

/// The editor of a workflow: fetches it and the connectors.
#[component]
pub(crate) fn WorkflowPage(props: &WorkflowPageProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let detail = use_load(props.id.clone(), |api, id| async move {
        api.get::<WorkflowDetail>(&format!("/workflows/{}", part(&id))).await
    });
    let connectors =
        use_load(texts, |api, _| async move { api.get::<Vec<ConnectorInfo>>("/connectors").await });
    let catalogue = use_memo((*connectors.state).clone(), |connectors| match connectors {
        Load::Here(connectors) => Some(Catalogue::new(connectors.clone())),
        Load::Waiting | Load::Refused(_) => None,
    });
    // while the other language is fetched the present one stays
    let kept = use_state(|| None::<Catalogue>);
    use_effect_with((*catalogue).clone(), {
        let kept = kept.clone();
        move |catalogue| {
            if let Some(catalogue) = catalogue {
                kept.set(Some(catalogue.clone()));
            }
        }
    });
    match (&*detail.state, (*kept).clone()) {
        (Load::Refused(refusal), _) if refusal.status == 404 => html! { <super::NotFoundPage /> },
        (Load::Refused(refusal), _) => html! {
            <div class="page empty" role="alert">
                <h1>{ texts.workflow() }</h1>
                <p>{ &refusal.text }</p>
                <Link<Route> to={Route::Workflows} classes="button">{ texts.to_workflows() }</Link<Route>>
            </div>
        },
        (Load::Here(detail), Some(catalogue)) => html! {
            <Workbench key={detail.summary.id.clone()} detail={detail.clone()} {catalogue} run={props.run.clone()} />
        },
        _ => html! { <p class="waiting" role="status">{ texts.loading() }</p> },
    }
}
