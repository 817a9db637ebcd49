use super::{
    Action, Catalogue, Ports,
    gestures::{Gestures, Scene},
    node::Node,
    places, tidy,
    view::{self, View},
};
use crate::{bus::use_bus, components::Icon, texts::Texts};
use bus_core::{
    api::{Finding, Severity, StepCounts},
    workflow::{Link, Port, Position, Workflow},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{HtmlElement, ResizeObserver};
use yew::prelude::*;

/// What the canvas shows.
#[derive(Properties, PartialEq, Clone)]
pub(crate) struct CanvasProps {
    /// The workflow.
    pub(crate) document: Rc<Workflow>,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// The chosen steps.
    pub(crate) chosen: BTreeSet<String>,
    /// The output a link is being drawn from.
    #[prop_or_default]
    pub(crate) linking: Option<Port>,
    /// What was found.
    #[prop_or_default]
    pub(crate) findings: Rc<Vec<Finding>>,
    /// What the steps of a run have counted.
    #[prop_or_default]
    pub(crate) counts: Option<Rc<BTreeMap<String, StepCounts>>>,
    /// Whether it only shows.
    #[prop_or_default]
    pub(crate) readonly: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
    /// Shows the records of an output.
    pub(crate) show: Callback<Port>,
    /// A connector was dropped here.
    pub(crate) dropped: Callback<(String, Position)>,
}

/// The workflow as boxes and lines: to be seen, moved and linked.
#[component]
pub(crate) fn Canvas(props: &CanvasProps) -> Html {
    let texts = use_bus().texts;
    let (canvas, layer, draft, frame) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let view = use_mut_ref(View::default);
    let drag = use_mut_ref(view::Drag::default);
    let ports: Rc<BTreeMap<String, Rc<Ports>>> =
        use_memo((Rc::clone(&props.document), props.catalogue.clone()), |(document, catalogue)| {
            let ports = |step| Rc::new(catalogue.ports(document, step));
            document.steps.iter().map(|step| (step.id.clone(), ports(step))).collect()
        });
    let places = use_memo(Rc::clone(&props.document), |document| places(document));
    let scene = Scene {
        props: props.clone(),
        ports: Rc::clone(&ports),
        places: Rc::clone(&places),
        canvas: canvas.clone(),
        layer: layer.clone(),
        draft: draft.clone(),
        frame: frame.clone(),
    };
    let gestures = Gestures::new(&scene, &view, &drag);
    use_fit_once(&gestures, !places.is_empty());
    use_kept_middle(&gestures);
    let choose =
        props.dispatch.reform(
            |(id, more): (String, bool)| {
                if more { Action::Toggle(id) } else { Action::Choose(BTreeSet::from([id])) }
            },
        );
    let nodes = props.document.steps.iter().map(|step| {
        let connector = props.catalogue.get(&step.connector);
        let errors = props.findings.iter().filter(|it| it.step.as_ref() == Some(&step.id) && it.severity == Severity::Error);
        html! {
            <Node key={step.id.clone()} id={step.id.clone()} name={props.catalogue.name(step).to_owned()}
                kind={connector.map_or_else(|| step.connector.clone(), |it| it.title.clone())}
                group={group(connector)} icon={connector.map_or_else(|| "box".to_owned(), |it| it.icon.clone())}
                ports={ports.get(&step.id).cloned().unwrap_or_default()}
                at={places.get(&step.id).copied().unwrap_or(Position { x: 0, y: 0 })}
                chosen={props.chosen.contains(&step.id)} disabled={step.disabled} errors={errors.count()}
                linking={props.linking.clone().filter(|from| from.step != step.id || !props.readonly)}
                counts={props.counts.as_ref().and_then(|counts| counts.get(&step.id)).cloned()}
                dispatch={props.dispatch.clone()} choose={choose.clone()} />
        }
    });
    let class = classes!(
        "canvas",
        props.linking.is_some().then_some("linking"),
        props.readonly.then_some("readonly"),
        props.counts.is_some().then_some("running"),
    );
    html! {
        <section ref={canvas} {class} id="canvas" tabindex="-1" aria-label={texts.canvas()} aria-describedby="canvas-help"
            onpointerdown={gestures.press()} onpointermove={gestures.drag()} onpointerup={gestures.release()}
            onpointercancel={gestures.release()} onwheel={gestures.wheel()} onkeydown={gestures.key()}
            ondragover={Callback::from(|event: DragEvent| event.prevent_default())} ondrop={gestures.drop()}>
            <p id="canvas-help" class="unseen">{ texts.canvas_help() }</p>
            <div ref={layer} class="layer">
                <svg class="links" aria-hidden="true" focusable="false">
                    { for props.document.links.iter().enumerate().map(|(index, link)| line(props, &scene, index, link)) }
                    <path ref={draft} class="draft" />
                </svg>
                { for props.document.links.iter().enumerate().map(|(index, link)| middle(props, &scene, index, link, texts)) }
                { for nodes }
                <div ref={frame} class="frame" />
            </div>
            if props.document.steps.is_empty() && !props.readonly {
                <div class="empty"><h2>{ texts.empty_canvas() }</h2><p>{ texts.empty_canvas_help() }</p></div>
            }
            { tools(props, &gestures, texts) }
        </section>
    }
}

/// Shows everything as soon as there is something to show.
#[hook]
fn use_fit_once(gestures: &Gestures, something: bool) {
    let gestures = gestures.clone();
    use_effect_with(something, move |something| {
        if *something {
            gestures.fit();
        }
    });
}

/// Keeps in the middle what is there, when the canvas becomes larger or smaller: a panel opened beside it.
#[hook]
fn use_kept_middle(gestures: &Gestures) {
    let (gestures, canvas) = (gestures.clone(), gestures.canvas());
    use_effect_with((), move |()| {
        let kept =
            crate::browser::screen().and_then(|_| canvas.cast::<web_sys::Element>()).and_then(|canvas| {
                let resized = Closure::<dyn Fn()>::new(move || gestures.keep_middle());
                let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok()?;
                observer.observe(&canvas);
                Some((observer, resized))
            });
        move || {
            if let Some((observer, _)) = &kept {
                observer.disconnect();
            }
        }
    });
}

fn group(connector: Option<&bus_core::api::ConnectorInfo>) -> String {
    let group = connector.and_then(|connector| connector.schema.get("x-group")?.as_str());
    group.unwrap_or_default().to_owned()
}

fn line(props: &CanvasProps, scene: &Scene, index: usize, link: &Link) -> Html {
    let Some((from, to)) = scene.ends(link) else { return Html::default() };
    let d = super::curve(from, to);
    let counts = props.counts.as_ref().and_then(|counts| counts.get(&link.from.step));
    let flowing = counts.is_some_and(|counts| counts.outcome == bus_core::api::StepOutcome::Running);
    let class = classes!(
        "link",
        flowing.then_some("flowing"),
        (link.from.port == bus_core::catalogue::ERRORS).then_some("errors"),
        (props.chosen.contains(&link.from.step) || props.chosen.contains(&link.to.step)).then_some("near"),
    );
    html! {
        <g key={link.to_string()}>
            <path class="link-wide" id={format!("link-wide-{index}")} d={d.clone()} />
            <path {class} id={format!("link-{index}")} {d} />
        </g>
    }
}

/// What stands in the middle of a link: of a run how many records went along it, else a way to remove it.
fn middle(props: &CanvasProps, scene: &Scene, index: usize, link: &Link, texts: Texts) -> Html {
    let Some((from, to)) = scene.ends(link) else { return Html::default() };
    let name = |id| props.catalogue.name_of(&props.document, id);
    let inner = match &props.counts {
        Some(counts) => {
            let sent = counts.get(&link.from.step).map_or(0, |counts| sent(counts, &link.from.port));
            let show = props.show.reform({
                let port = link.from.clone();
                move |_: MouseEvent| port.clone()
            });
            let number = texts.short(sent);
            let label = texts.link_data(sent, name(&link.from.step), name(&link.to.step));
            html! { <button type="button" class="count" aria-label={label} title={texts.number(sent)} onclick={show}>{ number }</button> }
        }
        None if props.readonly => Html::default(),
        None => {
            let cut = props.dispatch.reform({
                let link = link.clone();
                move |_: MouseEvent| Action::Unlink(link.clone())
            });
            let label = texts.remove_link(format!("{} → {}", name(&link.from.step), name(&link.to.step)));
            html! { <button type="button" class="cut" aria-label={label.clone()} title={label} onclick={cut}><Icon name="x" /></button> }
        }
    };
    html! { <Middle key={link.to_string()} {index} at={view::middle_of(from, to)}>{ inner }</Middle> }
}

/// How many records left by a port.
pub(crate) fn sent(counts: &StepCounts, port: &str) -> u64 {
    let usual = match port {
        "out" => counts.records_out,
        "errors" => counts.errors,
        _ => 0,
    };
    counts.ports.get(port).copied().unwrap_or(usual)
}

#[derive(Properties, PartialEq)]
struct MiddleProps {
    index: usize,
    at: Position,
    children: Html,
}

#[component]
fn Middle(props: &MiddleProps) -> Html {
    let node = use_node_ref();
    use_effect_with(props.at, {
        let node = node.clone();
        move |at| {
            if let Some(node) = node.cast::<HtmlElement>() {
                view::put(&node, *at);
            }
        }
    });
    html! { <div ref={node} class="middle" id={format!("middle-{}", props.index)}>{ props.children.clone() }</div> }
}

fn tools(props: &CanvasProps, gestures: &Gestures, texts: Texts) -> Html {
    let tool = |label: &'static str, icon: &'static str, onclick: Callback<MouseEvent>| {
        html! { <button type="button" class="quiet" aria-label={label} title={label} {onclick}><Icon name={icon} /></button> }
    };
    let tidied = props.dispatch.reform({
        let document = Rc::clone(&props.document);
        move |_: MouseEvent| Action::Move(tidy(&document).into_iter().collect())
    });
    html! {
        <div class="canvas-tools">
            { tool(texts.zoom_in(), "zoom-in", gestures.zoom(1.25)) }
            { tool(texts.zoom_out(), "zoom-out", gestures.zoom(0.8)) }
            { tool(texts.fit(), "maximize", gestures.fit_all()) }
            if !props.readonly { { tool(texts.tidy(), "wand-sparkles", tidied) } }
        </div>
    }
}
