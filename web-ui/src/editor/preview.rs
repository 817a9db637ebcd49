use super::{Catalogue, Given};
use crate::{
    api::Api,
    bus::{Load, use_bus},
    components::{Icon, records},
    texts::Texts,
};
use bus_core::{
    api::{Preview, PreviewAsked, Table},
    catalogue::{ERRORS, Kind, OUT},
    workflow::Workflow,
};
use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long nobody types before the sample is run.
const PAUSE_MILLISECONDS: u32 = 250;
/// Records of each source that are looked at.
const RECORDS: usize = 1_000;
/// Records that are shown.
const SHOWN: usize = 50;

/// Of which step.
#[derive(Properties, PartialEq)]
pub(crate) struct PreviewPanelProps {
    /// The document, as it is typed.
    pub(crate) document: Rc<Workflow>,
    /// The step.
    pub(crate) step: AttrValue,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// The workflow's id on the server.
    pub(crate) workflow: AttrValue,
    /// The last run, whose records may stand for what others would have to be asked for.
    pub(crate) last_run: Option<String>,
    /// Files that stand for what sources read.
    pub(crate) given: Rc<Given>,
    /// Whether it is open.
    pub(crate) open: bool,
    /// Opens or closes it.
    pub(crate) toggle: Callback<bool>,
}

/// What a step sends on a sample, while its settings are typed.
#[component]
pub(crate) fn PreviewPanel(props: &PreviewPanelProps) -> Html {
    let texts = use_bus().texts;
    let bare = use_memo(Rc::clone(&props.document), |document| bare(document));
    let inputs = props.given.inputs(&props.document);
    let way = way(&bare, &props.step, &props.catalogue, &inputs, props.last_run.is_some());
    let sample_of = props.last_run.clone().filter(|_| way == Way::OnLastRun);
    let asked = Rc::new(PreviewAsked {
        document: (*bare).clone(),
        workflow: Some(props.workflow.to_string()),
        step: props.step.to_string(),
        sample_of,
        inputs,
        records: RECORDS,
        parameters: serde_json::Map::new(),
    });
    // what waits for a word is asked for once a word is given, and no more after the next change
    let told = use_state(|| None::<Rc<PreviewAsked>>);
    let wanted = props.open && (way != Way::WhenTold || told.as_ref() == Some(&asked));
    let (found, busy) = use_preview(wanted.then(|| Rc::clone(&asked)));
    let port = use_state(|| OUT.to_owned());
    let tell = Callback::from({
        let told = told.clone();
        move |_: MouseEvent| told.set(Some(Rc::clone(&asked)))
    });
    let name = props.catalogue.name_of(&props.document, &props.step).to_owned();
    let toggle = props.toggle.reform({
        let open = props.open;
        move |_: MouseEvent| !open
    });
    let label = if props.open { texts.preview_hide() } else { texts.preview_show() };
    html! {
        <section class={classes!("preview", props.open.then_some("open"))} aria-label={texts.preview_of(&name)}>
            <header>
                <button type="button" class="quiet fold" aria-expanded={props.open.to_string()} aria-label={label} title={label} onclick={toggle}>
                    <Icon name={if props.open { "chevron-down" } else { "chevron-up" }} /><span aria-hidden="true">{ texts.preview() }</span>
                </button>
                if props.open { { head(&found, &port, busy, way, texts) } }
            </header>
            if props.open {
                if !wanted {
                    <div class="preview-ask"><p>{ texts.preview_waits() }</p>
                        <button type="button" onclick={tell}><Icon name="eye" />{ texts.preview_ask() }</button></div>
                } else {
                    { body(&found, &port, texts) }
                }
            }
        </section>
    }
}

fn head(found: &Load<Preview>, port: &UseStateHandle<String>, busy: bool, way: Way, texts: Texts) -> Html {
    let Load::Here(preview) = found else { return html! { <Busy {busy} /> } };
    let here = shown_port(preview, port);
    let tabs = ports(preview).into_iter().map(|(name, table)| {
        let is_here = here == Some(name);
        let choose = {
            let (port, name) = (port.clone(), name.clone());
            Callback::from(move |_: MouseEvent| port.set(name.clone()))
        };
        let class = classes!("tab", is_here.then_some("here"), (name == ERRORS).then_some("bad"));
        html! {
            <button type="button" {class} aria-pressed={is_here.to_string()} onclick={choose}>
                { Catalogue::port_name(name, texts) }{ " " }<b>{ texts.number(table.total) }</b>
            </button>
        }
    });
    let total = preview.ports.values().map(|table| table.total).sum::<u64>();
    html! {
        <>
            <div class="tabs">{ for tabs }</div>
            <span class="spring" />
            <Busy {busy} />
            <span class="quiet-text took" role="status">
                { texts.preview_took(total, format!("{:.0}", preview.milliseconds)) }
                if way == Way::OnLastRun { { " " }{ texts.preview_sample() } }
            </span>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BusyProps {
    busy: bool,
}

#[component]
fn Busy(props: &BusyProps) -> Html {
    let texts = use_bus().texts;
    html! { if props.busy { <span class="busy"><Icon name="loader-circle" /><span class="unseen">{ texts.loading() }</span></span> } }
}

fn body(found: &Load<Preview>, port: &UseStateHandle<String>, texts: Texts) -> Html {
    let preview = match found {
        Load::Waiting => return html! { <p class="waiting" role="status">{ texts.loading() }</p> },
        Load::Refused(refusal) => {
            return html! { <p class="refusal"><Icon name="circle-alert" /><span>{ &refusal.text }</span></p> };
        }
        Load::Here(preview) => preview,
    };
    let error = preview.error.as_ref().map(|error| {
        html! { <p class="refusal" role="status"><Icon name="circle-alert" /><span>{ &error.text }</span></p> }
    });
    let table = shown_port(preview, port).and_then(|port| preview.ports.get(port));
    let rows = table.filter(|table| !table.rows.is_empty()).map(|table| {
        let first = Table { rows: table.rows.iter().take(SHOWN).cloned().collect(), ..table.clone() };
        records(&first, texts)
    });
    let nothing = rows.is_none() && error.is_none();
    html! { <>{ error }{ rows }if nothing { <p class="none">{ texts.preview_nothing() }</p> }</> }
}

/// The ports of a preview: the usual one first, what was refused last.
fn ports(preview: &Preview) -> Vec<(&String, &Table)> {
    let mut ports: Vec<_> = preview.ports.iter().collect();
    ports.sort_by_key(|(name, _)| (*name == ERRORS, *name != OUT));
    ports
}

/// The port that is shown: the chosen one, if it is there.
fn shown_port<'a>(preview: &'a Preview, chosen: &str) -> Option<&'a String> {
    let all = ports(preview);
    let chosen = all.iter().find(|(name, _)| *name == chosen);
    chosen.or_else(|| all.first()).map(|(name, _)| *name)
}

/// The preview of what is asked, once nobody has changed it for a moment; and whether one is on its way. What was
/// found before stays until then.
#[hook]
fn use_preview(asked: Option<Rc<PreviewAsked>>) -> (Load<Preview>, bool) {
    let bus = use_bus();
    let found = use_state(|| Load::Waiting);
    let busy = use_state(|| false);
    use_effect_with((asked, bus.texts), {
        let (found, busy) = (found.clone(), busy.clone());
        move |(asked, _)| {
            let wanted = Rc::new(Cell::new(true));
            let still = Rc::clone(&wanted);
            let timer = asked.clone().map(|asked| {
                busy.set(true);
                Timeout::new(PAUSE_MILLISECONDS, move || {
                    spawn_local(async move {
                        let answer = ask(&bus.api, &asked).await;
                        if still.get() {
                            found.set(answer);
                            busy.set(false);
                        }
                    });
                })
            });
            move || {
                wanted.set(false);
                drop(timer);
            }
        }
    });
    ((*found).clone(), *busy)
}

async fn ask(api: &Api, asked: &PreviewAsked) -> Load<Preview> {
    match api.send::<Preview>(Method::POST, "/preview", asked).await {
        Ok(preview) => Load::Here(preview),
        Err(refusal) => Load::Refused(refusal),
    }
}

/// A document without what makes no difference to its data, so that moving a step asks for nothing.
fn bare(document: &Workflow) -> Workflow {
    let mut document = document.clone();
    document.name.clear();
    document.description.clear();
    document.triggers.clear();
    for step in &mut document.steps {
        step.position = None;
        step.name.clear();
        step.note.clear();
    }
    document
}

/// How a preview can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// At once: nobody else is asked.
    AtOnce,
    /// At once, with the records of the last run in place of those that others would be asked for.
    OnLastRun,
    /// When told: others are asked.
    WhenTold,
}

/// How the preview of a step can be had.
fn way(
    document: &Workflow,
    step: &str,
    catalogue: &Catalogue,
    given: &BTreeMap<String, String>,
    has_run: bool,
) -> Way {
    let mut way = Way::AtOnce;
    for id in before(document, step) {
        let Some(connector) = document.step(id).and_then(|step| catalogue.get(&step.connector)) else {
            continue;
        };
        let asks = connector.schema.get("x-outside").is_some_and(|asks| *asks == true);
        if !asks || given.contains_key(id) {
            continue;
        }
        if connector.kind != Kind::Source || id == step || !has_run {
            return Way::WhenTold;
        }
        way = Way::OnLastRun;
    }
    way
}

/// A step and all that leads to it.
fn before<'a>(document: &'a Workflow, step: &'a str) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::from([step]), vec![step]);
    while let Some(id) = open.pop() {
        for link in document.links.iter().filter(|link| link.to.step == id) {
            if found.insert(&link.from.step) {
                open.push(&link.from.step);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::{
        api::ConnectorInfo,
        workflow::{Link, Step},
    };
    use serde_json::json;

    fn connector(id: &str, kind: Kind, outside: bool) -> ConnectorInfo {
        ConnectorInfo {
            id: id.to_owned(),
            kind,
            title: id.to_owned(),
            description: String::new(),
            group: String::new(),
            icon: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            live: false,
            schema: json!({ "x-outside": outside }),
        }
    }

    #[test]
    fn others_are_asked_only_when_somebody_says_so() {
        let catalogue = Catalogue::new(vec![
            connector("http", Kind::Source, true),
            connector("file", Kind::Source, false),
            connector("sort", Kind::Transform, false),
            connector("geocode", Kind::Transform, true),
        ]);
        let mut document = Workflow::new("w");
        for id in ["http", "file", "sort", "geocode"] {
            document.steps.push(Step { id: id.to_owned(), connector: id.to_owned(), ..Step::default() });
        }
        document.links = vec![Link::between("http", "sort"), Link::between("sort", "geocode")];
        let nothing = BTreeMap::new();
        let file = BTreeMap::from([("http".to_owned(), "upload".to_owned())]);
        assert_eq!(way(&document, "file", &catalogue, &nothing, false), Way::AtOnce);
        assert_eq!(way(&document, "sort", &catalogue, &nothing, false), Way::WhenTold);
        assert_eq!(way(&document, "sort", &catalogue, &nothing, true), Way::OnLastRun);
        assert_eq!(way(&document, "sort", &catalogue, &file, false), Way::AtOnce);
        assert_eq!(way(&document, "http", &catalogue, &nothing, true), Way::WhenTold);
        assert_eq!(way(&document, "geocode", &catalogue, &file, true), Way::WhenTold);
    }

    #[test]
    fn moving_a_step_asks_for_nothing() {
        let mut document = Workflow::new("w");
        document.steps.push(Step { id: "a".to_owned(), ..Step::default() });
        let mut moved = document.clone();
        moved.steps[0].position = Some(bus_core::workflow::Position { x: 8, y: 8 });
        assert_eq!(bare(&document), bare(&moved));
        moved.steps[0].settings.insert("path".to_owned(), json!("a.csv"));
        assert_ne!(bare(&document), bare(&moved));
    }
}
