use super::{Action, Catalogue, Ports, view};
use crate::{
    bus::use_bus,
    components::{Icon, StepBadge},
};
use bus_core::{
    api::StepCounts,
    catalogue::ERRORS,
    workflow::{Port, Position},
};
use std::rc::Rc;
use web_sys::HtmlElement;
use yew::prelude::*;

/// A step, as it is drawn. Compared as a whole: a step that did not change is not drawn again.
#[derive(Properties, PartialEq)]
pub(crate) struct NodeProps {
    /// Its id.
    pub(crate) id: AttrValue,
    /// What people call it.
    pub(crate) name: AttrValue,
    /// What its connector is called.
    pub(crate) kind: AttrValue,
    /// The connector's group, for its colour.
    pub(crate) group: AttrValue,
    /// The connector's icon.
    pub(crate) icon: AttrValue,
    /// Its ports.
    pub(crate) ports: Rc<Ports>,
    /// Where it stands.
    pub(crate) at: Position,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
    /// Whether it is switched off.
    pub(crate) disabled: bool,
    /// How many errors were found.
    pub(crate) errors: usize,
    /// The output that a link is being drawn from.
    pub(crate) linking: Option<Port>,
    /// What it has counted, if a run is looked at.
    pub(crate) counts: Option<StepCounts>,
    /// Takes what is done with it.
    pub(crate) dispatch: Callback<Action>,
    /// It was clicked, with or without a key that chooses several.
    pub(crate) choose: Callback<(String, bool)>,
}

/// A step on the canvas.
#[component]
pub(crate) fn Node(props: &NodeProps) -> Html {
    let texts = use_bus().texts;
    let node = use_node_ref();
    use_effect_with(props.at, {
        let node = node.clone();
        move |at| {
            if let Some(node) = node.cast::<HtmlElement>() {
                view::put(&node, *at);
            }
        }
    });
    let click = props.choose.reform({
        let id = props.id.to_string();
        move |event: MouseEvent| (id.clone(), event.shift_key() || event.ctrl_key() || event.meta_key())
    });
    let outcome = props.counts.as_ref().map(|counts| counts.outcome);
    let class = classes!(
        "step",
        props.chosen.then_some("chosen"),
        props.disabled.then_some("disabled"),
        (props.errors > 0).then_some("wrong"),
        outcome.map(|outcome| format!("is-{outcome:?}").to_lowercase()),
    );
    html! {
        <div ref={node} {class} id={format!("step-{}", props.id)} data-step={props.id.clone()} data-group={props.group.clone()}>
            <button type="button" class="step-head" aria-pressed={props.chosen.to_string()} onclick={click}
                data-head={props.id.clone()}>
                <span class="tile"><Icon name={props.icon.clone()} /></span>
                <span class="step-words">
                    <span class="step-name">{ &props.name }</span>
                    if let Some(outcome) = outcome {
                        <StepBadge {outcome} />
                    } else {
                        <span class="step-kind">{ &props.kind }</span>
                    }
                </span>
                if props.disabled { <span class="flag" title={texts.switched_off()}><Icon name="power-off" /><span class="unseen">{ texts.switched_off() }</span></span> }
                if props.errors > 0 {
                    <span class="flag bad-text" title={texts.problems(props.errors)}><Icon name="circle-alert" /><span class="unseen">{ texts.problems(props.errors) }</span></span>
                }
            </button>
            <div class="ports">
                <ul>{ for props.ports.inputs.iter().map(|port| input(props, port, texts)) }</ul>
                <ul class="outputs">{ for props.ports.outputs.iter().map(|port| output(props, port, texts)) }</ul>
            </div>
        </div>
    }
}

fn input(props: &NodeProps, port: &str, texts: crate::texts::Texts) -> Html {
    let from = props.linking.clone();
    let name = Catalogue::port_name(port, texts);
    let label = match from {
        Some(_) => texts.link_here(&name, &props.name),
        None => texts.input_port(&name, &props.name),
    };
    let to = Port::new(props.id.to_string(), port);
    let idle = from.is_none();
    let click = props.dispatch.reform(move |_: MouseEvent| match from.clone() {
        Some(from) => Action::Link(bus_core::workflow::Link::new(from, to.clone())),
        None => Action::EndLink,
    });
    html! {
        <li>
            <button type="button" class="port" aria-label={label} onclick={click} data-input={port.to_owned()} disabled={idle} />
            <span aria-hidden="true">{ name }</span>
        </li>
    }
}

fn output(props: &NodeProps, port: &str, texts: crate::texts::Texts) -> Html {
    let here = Port::new(props.id.to_string(), port);
    let active = props.linking.as_ref() == Some(&here);
    let click = props.dispatch.reform(
        move |_: MouseEvent| {
            if active { Action::EndLink } else { Action::BeginLink(here.clone()) }
        },
    );
    let sent = props.counts.as_ref().and_then(|counts| {
        let errors = (port == ERRORS).then_some(counts.errors);
        counts.ports.get(port).copied().or(errors).filter(|count| *count > 0)
    });
    let name = Catalogue::port_name(port, texts);
    let label = texts.output_port(&name, &props.name);
    let class = classes!((port == ERRORS).then_some("errors"));
    html! {
        <li {class}>
            <span aria-hidden="true">
                if let Some(sent) = sent { <b>{ texts.number(sent) }</b>{ " " } }
                { name }
            </span>
            <button type="button" class={classes!("port", active.then_some("active"))} aria-pressed={active.to_string()}
                aria-label={label} onclick={click} data-output={port.to_owned()} />
        </li>
    }
}
