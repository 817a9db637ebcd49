use super::saving::check_path;
use crate::{
    bus::{Load, use_bus, use_load},
    components::Icon,
};
use bus_core::{api::Checked, workflow::Workflow};
use gloo_net::http::Method;
use std::rc::Rc;
use yew::prelude::*;

/// Of which document.
#[derive(Clone, Properties, PartialEq)]
pub(crate) struct PlanPanelProps {
    /// The document, as it is now.
    pub(crate) document: Rc<Workflow>,
    /// Its id on the server.
    pub(crate) workflow: AttrValue,
}

/// How a run would be done: in which stages, and whether in parts and why. Asked for when it is opened.
#[component]
pub(crate) fn PlanPanel(props: &PlanPanelProps) -> Html {
    let texts = use_bus().texts;
    let open = use_state(|| false);
    // the event `toggle` does not bubble, so it would not be heard
    let toggle = Callback::from({
        let open = open.clone();
        move |event: MouseEvent| {
            event.prevent_default();
            open.set(!*open);
        }
    });
    html! {
        <details class="more" open={*open}>
            <summary onclick={toggle}><Icon name="chevron-right" />{ texts.plan() }</summary>
            if *open { <Plan ..props.clone() /> }
        </details>
    }
}

#[component]
fn Plan(props: &PlanPanelProps) -> Html {
    let texts = use_bus().texts;
    let asked = (Rc::clone(&props.document), props.workflow.clone());
    let checked = use_load(asked, |api, (document, workflow)| async move {
        api.send::<Checked>(Method::POST, &check_path(&workflow), &*document).await
    });
    match &*checked.state {
        Load::Waiting => html! { <p class="waiting" role="status">{ texts.loading() }</p> },
        Load::Refused(refusal) => html! { <p class="refusal">{ &refusal.text }</p> },
        Load::Here(checked) if checked.plan.is_empty() => html! { <p class="none">{ texts.no_plan() }</p> },
        Load::Here(checked) => html! { <pre class="plan">{ &checked.plan }</pre> },
    }
}
