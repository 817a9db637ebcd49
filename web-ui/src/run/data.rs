use crate::{
    api::part,
    bus::{Bus, use_bus, use_load},
    components::{Icon, loaded},
    editor::Catalogue,
    route::Route,
    texts::Texts,
};
use bus_core::{
    api::{Column, ROOT, Replay, RunDetail, RunSummary, Table},
    catalogue::ERRORS,
    workflow::Port,
};
use gloo_net::http::Method;
use serde_json::Value;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// Records on a page.
const PAGE: u64 = 50;

/// Which records.
#[derive(Properties, PartialEq)]
pub(crate) struct DataPanelProps {
    /// The run.
    pub(crate) run: Rc<RunDetail>,
    /// The output they left by.
    pub(crate) port: Port,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// Shows another output.
    pub(crate) show: Callback<Option<Port>>,
}

/// The records that left a step by one of its outputs: a table, page by page, and downloads.
#[component]
pub(crate) fn DataPanel(props: &DataPanelProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let from = use_state(|| 0_u64);
    let navigator = use_navigator();
    let (run, port) = (props.run.summary.id.clone(), props.port.clone());
    let address = format!("/runs/{}/steps/{}/ports/{}", part(&run), part(&port.step), part(&port.port));
    use_effect_with(port.clone(), {
        let from = from.clone();
        move |_| from.set(0)
    });
    let table = use_load((address.clone(), *from), |api, (address, from)| async move {
        api.get::<Table>(&format!("{address}?from={from}&limit={PAGE}")).await
    });
    let step = props.catalogue.name_of(&props.run.document, &port.step).to_owned();
    let close = props.show.reform(|_: MouseEvent| None);
    let ports = ports_of(props).into_iter().map(|name| {
        let here = name == port.port;
        let show = props.show.reform({
            let to = Port::new(&port.step, &name);
            move |_: MouseEvent| Some(to.clone())
        });
        html! { <button type="button" class={classes!("tab", here.then_some("here"))} aria-pressed={here.to_string()} onclick={show}>{ Catalogue::port_name(&name, texts) }</button> }
    });
    html! {
        <section class="data" aria-labelledby="data-title">
            <header>
                <h2 id="data-title" tabindex="-1">{ texts.data() }{ " · " }{ &step }</h2>
                <div class="tabs">{ for ports }</div>
                <span class="spring" />
                if port.port == ERRORS {
                    <button type="button" title={texts.replay_help()} onclick={replay(&bus, &props.run, &port, navigator)}><Icon name="repeat" />{ texts.replay() }</button>
                }
                <Downloads {address} formats={props.catalogue.formats()} />
                <button type="button" class="quiet" aria-label={texts.close()} onclick={close}><Icon name="x" /></button>
            </header>
            { loaded(&table, texts, |table| rows(table, &from, texts)) }
        </section>
    }
}

fn ports_of(props: &DataPanelProps) -> Vec<String> {
    let step = props.run.document.step(&props.port.step);
    step.map(|step| props.catalogue.ports(&props.run.document, step).outputs).unwrap_or_default()
}

#[derive(Properties, PartialEq)]
struct DownloadsProps {
    address: String,
    formats: Vec<String>,
}

/// All records of the output as a file, in any format.
#[component]
fn Downloads(props: &DownloadsProps) -> Html {
    let texts = use_bus().texts;
    let link = |format: &String| {
        let href = format!("{ROOT}{}?format={}", props.address, part(format));
        html! { <li><a {href} download="" aria-label={texts.download_as(format)}>{ format }</a></li> }
    };
    html! {
        <details class="menu">
            <summary><Icon name="download" />{ texts.download() }<Icon name="chevron-down" /></summary>
            <ul>{ for props.formats.iter().map(link) }</ul>
        </details>
    }
}

fn replay(bus: &Bus, run: &RunDetail, port: &Port, navigator: Option<Navigator>) -> Callback<MouseEvent> {
    let (bus, summary, step) = (bus.clone(), run.summary.clone(), port.step.clone());
    Callback::from(move |_| {
        let (bus, navigator) = (bus.clone(), navigator.clone());
        let (path, workflow) =
            (format!("/runs/{}/steps/{}/replay", part(&summary.id), part(&step)), summary.workflow.clone());
        spawn_local(async move {
            match bus.api.send::<RunSummary>(Method::POST, &path, &Replay { records: None }).await {
                Ok(run) => {
                    if let Some(navigator) = navigator {
                        navigator.push(&Route::Run { id: workflow, run: run.id });
                    }
                }
                Err(refusal) => bus.refused(&refusal),
            }
        });
    })
}

fn rows(table: &Table, from: &UseStateHandle<u64>, texts: Texts) -> Html {
    if table.rows.is_empty() && table.from == 0 {
        return html! { <p class="none">{ texts.no_records() }</p> };
    }
    let head = |column: &Column| {
        html! { <th scope="col"><span>{ &column.name }</span><span class="kind">{ kind(&column.kind, texts) }</span></th> }
    };
    let row = |(place, row): (usize, &Value)| {
        let number = table.from + u64::try_from(place).unwrap_or_default() + 1;
        html! {
            <tr key={number.to_string()}>
                <th scope="row" class="number">{ texts.number(number) }</th>
                { for table.columns.iter().map(|column| cell(row.get(&column.name), &column.kind, texts)) }
            </tr>
        }
    };
    let last = table.from + u64::try_from(table.rows.len()).unwrap_or_default();
    let move_to = |to: u64| {
        let from = from.clone();
        Callback::from(move |_: MouseEvent| from.set(to))
    };
    html! {
        <>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.data()}>
                <table class="records">
                    <thead><tr><th scope="col"><span class="unseen">{ "#" }</span></th>{ for table.columns.iter().map(head) }</tr></thead>
                    <tbody>{ for table.rows.iter().enumerate().map(row) }</tbody>
                </table>
            </div>
            <footer>
                <span role="status">{ texts.rows_shown(texts.number(table.from + 1), texts.number(last), texts.number(table.total)) }</span>
                if table.kept < table.total { <span class="quiet-text">{ texts.kept_of(texts.number(table.kept), texts.number(table.total)) }</span> }
                <span class="spring" />
                <button type="button" disabled={table.from == 0} onclick={move_to(table.from.saturating_sub(PAGE))}><Icon name="chevron-left" />{ texts.previous() }</button>
                <button type="button" disabled={last >= table.kept} onclick={move_to(last)}>{ texts.next() }<Icon name="chevron-right" /></button>
            </footer>
        </>
    }
}

fn cell(value: Option<&Value>, kind: &str, texts: Texts) -> Html {
    let right = matches!(kind, "integer" | "decimal").then_some("right");
    match value {
        None => html! { <td class="absent"><span class="unseen">{ texts.absent() }</span></td> },
        Some(Value::Null) => html! { <td class="absent">{ texts.null() }</td> },
        Some(Value::String(text)) => html! { <td class={classes!(right)} title={text.clone()}>{ text }</td> },
        Some(other) => {
            let text = other.to_string();
            html! { <td class={classes!(right)} title={text.clone()}>{ text }</td> }
        }
    }
}

fn kind(kind: &str, texts: Texts) -> String {
    match kind {
        "text" => texts.kind_text(),
        "integer" => texts.kind_integer(),
        "decimal" => texts.kind_decimal(),
        "boolean" => texts.kind_boolean(),
        "time" => texts.kind_time(),
        "list" => texts.kind_list(),
        "object" => texts.kind_object(),
        "mixed" => texts.kind_mixed(),
        other => return other.to_owned(),
    }
    .to_owned()
}
