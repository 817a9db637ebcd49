use super::Running;
use crate::{
    api::part,
    bus::{Bus, use_bus},
    components::{Icon, RunBadge, StepBadge, started_by},
    editor::{Catalogue, sent},
    moment::when,
    route::Route,
    texts::Texts,
};
use bus_core::{
    api::{Failure, RunStatus, StepCounts, StepRun},
    catalogue::ERRORS,
    loss::{Loss, LossEntry, LossReport},
    workflow::Port,
};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// Which run.
#[derive(Properties, PartialEq)]
pub(crate) struct RunPanelProps {
    /// The run.
    pub(crate) running: Running,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// The chosen step, if one is.
    pub(crate) chosen: Option<String>,
    /// Shows the records of an output.
    pub(crate) show: Callback<Port>,
    /// Reads the run again, after it was told to go on.
    pub(crate) again: Callback<()>,
}

/// How a run stands, and what each of its steps did.
#[component]
pub(crate) fn RunPanel(props: &RunPanelProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let detail = &props.running.detail;
    let summary = &detail.summary;
    let path = format!("/runs/{}", part(&summary.id));
    let steps =
        detail.steps.iter().filter(|step| props.chosen.as_ref().is_none_or(|chosen| *chosen == step.id));
    let failed = props.running.status == RunStatus::Failed;
    let refused: u64 = props.running.counts.values().map(|counts| counts.errors).sum();
    html! {
        <section class="inspector" aria-label={texts.run_of(when(summary.accepted, texts))}>
            <header class="run-head">
                <h2 id="inspector-title" tabindex="-1">{ texts.run_of(when(summary.accepted, texts)) }</h2>
                <div class="row" role="status"><RunBadge status={props.running.status} /><span class="quiet-text">{ started_by(&summary.by, texts) }</span>
                    if refused > 0 { <span class="badge bad"><Icon name="circle-alert" />{ texts.refused(refused) }</span> }</div>
            </header>
            <div class="row">
                <Link<Route> to={Route::Workflow { id: summary.workflow.clone() }} classes="button"><Icon name="arrow-left" />{ texts.back_to_editing() }</Link<Route>>
                if !props.running.status.has_ended() {
                    <button type="button" class="danger" onclick={order(&bus, format!("{path}/cancel"), None)}><Icon name="square" />{ texts.stop() }</button>
                }
                if failed {
                    <button type="button" onclick={order(&bus, format!("{path}/resume"), Some(props.again.clone()))}><Icon name="rotate-ccw" />{ texts.resume() }</button>
                }
            </div>
            if let Some(error) = &detail.error { { failure(error) } }
            if !detail.parameters.is_empty() {
                <h3>{ texts.parameters() }</h3>
                <dl class="facts">{ for detail.parameters.iter().map(|(name, value)| html! {
                    <><dt>{ name }</dt><dd>{ value.as_str().map_or_else(|| value.to_string(), str::to_owned) }</dd></>
                }) }</dl>
            }
            <h3>{ texts.steps() }</h3>
            <ul class="run-steps">{ for steps.map(|step| step_row(props, step, texts)) }</ul>
            if props.running.status.has_ended() { <p class="help">{ texts.kept_until(when(detail.kept_until, texts)) }</p> }
        </section>
    }
}

fn step_row(props: &RunPanelProps, step: &StepRun, texts: Texts) -> Html {
    let detail = &props.running.detail;
    let counts = props.running.counts.get(&step.id).unwrap_or(&step.counts);
    let name = props.catalogue.name_of(&detail.document, &step.id).to_owned();
    let outputs =
        detail.document.step(&step.id).map(|it| props.catalogue.ports(&detail.document, it).outputs);
    let ports = outputs
        .unwrap_or_default()
        .into_iter()
        .filter_map(|port| port_button(props, &step.id, &port, counts, texts));
    html! {
        <li key={step.id.clone()}>
            <div class="row"><strong>{ name }</strong><StepBadge outcome={counts.outcome} />
                <span class="quiet-text">{ texts.seconds(format!("{:.2}", counts.seconds)) }</span></div>
            <div class="row ports-row">{ for ports }</div>
            if let Some(written) = step.written { <p class="quiet-text">{ texts.written(written) }</p> }
            if let Some(target) = &step.target { <p class="quiet-text">{ texts.written_to() }{ " " }{ target_html(target) }</p> }
            if let Some(error) = &step.error { { failure(error) } }
            if !step.losses.is_empty() { { losses(&step.losses, texts) } }
        </li>
    }
}

/// What a conversion could not keep: per field what happened, why and how often.
fn losses(report: &LossReport, texts: Texts) -> Html {
    let row = |(field, entry): (&str, &LossEntry)| {
        let what = match entry.loss {
            Loss::Dropped => texts.dropped(),
            Loss::Renamed => texts.renamed(),
            Loss::Approximated => texts.approximated(),
        };
        html! {
            <li><code>{ field.to_owned() }</code>{ " " }<span class="warn-text">{ format!("{what} × {}", texts.number(entry.count)) }</span>
                <span class="quiet-text">{ &*entry.reason }</span></li>
        }
    };
    let all = report.iter().flat_map(|(field, entries)| entries.iter().map(move |entry| (field, entry)));
    html! {
        <details class="more losses">
            <summary><Icon name="chevron-right" />{ texts.losses() }</summary>
            <ul>{ for all.map(row) }</ul>
        </details>
    }
}

fn target_html(target: &str) -> Html {
    if target.starts_with("/data/") {
        html! { <a href={target.to_owned()}>{ target }</a> }
    } else {
        html! { <code>{ target }</code> }
    }
}

fn port_button(
    props: &RunPanelProps,
    step: &str,
    port: &str,
    counts: &StepCounts,
    texts: Texts,
) -> Option<Html> {
    let count = sent(counts, port);
    if port == ERRORS && count == 0 {
        return None;
    }
    let show = props.show.reform({
        let port = Port::new(step, port);
        move |_: MouseEvent| port.clone()
    });
    let class = classes!("chip", (port == ERRORS).then_some("bad"));
    Some(html! {
        <button type="button" {class} onclick={show}><Icon name="table-2" />{ Catalogue::port_name(port, texts) }{ " " }<b>{ texts.number(count) }</b></button>
    })
}

fn failure(failure: &Failure) -> Html {
    html! { <p class="refusal"><Icon name="circle-alert" /><span>{ &failure.text }</span></p> }
}

/// Tells the server to do something with the run.
fn order(bus: &Bus, path: String, after: Option<Callback<()>>) -> Callback<MouseEvent> {
    let bus = bus.clone();
    Callback::from(move |_| {
        let (bus, path, after) = (bus.clone(), path.clone(), after.clone());
        spawn_local(async move {
            match bus.api.call(Method::POST, &path).await {
                Ok(()) => after.into_iter().for_each(|after| after.emit(())),
                Err(refusal) => bus.refused(&refusal),
            }
        });
    })
}
