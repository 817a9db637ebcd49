use super::refused::RefusedRecords;
use crate::{
    api::part,
    bus::{use_bus, use_load},
    components::{Icon, Menu, loaded, records},
    editor::Catalogue,
    texts::Texts,
};
use bus_core::{
    api::{ROOT, RunDetail, Table},
    catalogue::{ERRORS, Kind},
    workflow::Port,
};
use std::rc::Rc;
use yew::prelude::*;

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
    /// Whether whoever looks may only look.
    #[prop_or_default]
    pub(crate) readonly: bool,
}

/// The records that left a step by one of its outputs: a table, page by page, and downloads.
#[component]
pub(crate) fn DataPanel(props: &DataPanelProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let from = use_state(|| 0_u64);
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
                <Downloads {address} formats={props.catalogue.formats()} />
                <button type="button" class="quiet" aria-label={texts.close()} onclick={close}><Icon name="x" /></button>
            </header>
            { loaded(&table, texts, |table| rows(props, table, &from, texts)) }
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
    html! { <Menu label={texts.download()} icon="download">{ for props.formats.iter().map(link) }</Menu> }
}

fn rows(props: &DataPanelProps, table: &Table, from: &UseStateHandle<u64>, texts: Texts) -> Html {
    let refused = props.port.port == ERRORS;
    if table.rows.is_empty() && table.from == 0 {
        return html! { <p class="none">{ if refused { texts.in_refused() } else { texts.no_records() } }</p> };
    }
    let connector =
        props.run.document.step(&props.port.step).and_then(|step| props.catalogue.get(&step.connector));
    let source = connector.is_some_and(|connector| connector.kind == Kind::Source);
    let last = table.from + u64::try_from(table.rows.len()).unwrap_or_default();
    let move_to = |to: u64| {
        let from = from.clone();
        Callback::from(move |_: MouseEvent| from.set(to))
    };
    html! {
        <>
            if refused {
                <RefusedRecords run={props.run.summary.clone()} step={props.port.step.clone()} {source} table={table.clone()} readonly={props.readonly} />
            } else {
                { records(table, texts) }
            }
            <footer>
                <span role="status">{ texts.rows_shown(texts.number(table.from + 1), texts.number(last), texts.number(table.total)) }</span>
                if table.kept < table.total { <span class="quiet-text">{ texts.kept_of(texts.number(table.kept), texts.number(table.total)) }</span> }
                <span class="spring" />
                if table.kept > PAGE {
                    <button type="button" disabled={table.from == 0} onclick={move_to(table.from.saturating_sub(PAGE))}><Icon name="chevron-left" />{ texts.previous() }</button>
                    <button type="button" disabled={last >= table.kept} onclick={move_to(last)}>{ texts.next() }<Icon name="chevron-right" /></button>
                }
            </footer>
        </>
    }
}
