use crate::{
    api::part,
    browser,
    bus::{Bus, use_bus, use_load},
    components::{Icon, Prose, loaded},
    route::Route,
};
use bus_core::{
    api::{GalleryEntry, WorkflowDetail},
    workflow::Workflow,
};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// The workflows that come with the bus.
#[component]
pub(crate) fn GalleryPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    use_effect_with(texts, |texts| browser::title(texts.gallery()));
    let entries = use_load((), |api, ()| async move { api.get::<Vec<GalleryEntry>>("/gallery").await });
    html! {
        <div class="page">
            <header class="page-head">
                <div>
                    <h1>{ texts.gallery() }</h1>
                    <p class="lead">{ texts.gallery_help() }</p>
                </div>
            </header>
            { loaded(&entries, texts, |entries| html! {
                <ul class="cards">{ for entries.iter().map(|entry| card(&bus, entry, navigator.as_ref())) }</ul>
            }) }
        </div>
    }
}

fn card(bus: &Bus, entry: &GalleryEntry, navigator: Option<&Navigator>) -> Html {
    let texts = bus.texts;
    let document = &entry.document;
    let take = Callback::from({
        let (bus, id, navigator) = (bus.clone(), entry.id.clone(), navigator.cloned());
        move |_: MouseEvent| take(bus.clone(), id.clone(), navigator.clone())
    });
    html! {
        <li class="card" key={entry.id.clone()}>
            <Picture document={document.clone()} />
            <h2>{ &document.name }</h2>
            <p><Prose text={document.description.clone()} /></p>
            <footer>
                <span class="quiet-text">{ texts.steps_count(document.steps.len()) }</span>
                <button type="button" class="primary" onclick={take}>
                    <Icon name="plus" />{ texts.use_this() }<span class="unseen">{ format!(": {}", document.name) }</span>
                </button>
            </footer>
        </li>
    }
}

fn take(bus: Bus, id: String, navigator: Option<Navigator>) {
    spawn_local(async move {
        let path = format!("/gallery/{}", part(&id));
        match bus.api.send::<WorkflowDetail>(Method::POST, &path, &serde_json::json!({})).await {
            Ok(made) => {
                if let Some(navigator) = navigator {
                    navigator.push(&Route::Workflow { id: made.summary.id });
                }
            }
            Err(refusal) => bus.refused(&refusal),
        }
    });
}

#[derive(Properties, PartialEq)]
struct PictureProps {
    document: Workflow,
}

/// A workflow from afar: its steps and links, without words.
#[component]
fn Picture(props: &PictureProps) -> Html {
    let places = crate::editor::places(&props.document);
    let left = places.values().map(|place| place.x).min().unwrap_or_default();
    let right = places.values().map(|place| place.x).max().unwrap_or_default() + 200;
    let top = places.values().map(|place| place.y).min().unwrap_or_default();
    let bottom = places.values().map(|place| place.y).max().unwrap_or_default() + 86;
    let view = format!("{} {} {} {}", left - 20, top - 20, right - left + 40, bottom - top + 40);
    let links = props.document.links.iter().filter_map(|link| {
        let (from, to) = (places.get(&link.from.step)?, places.get(&link.to.step)?);
        let d = crate::editor::curve((from.x + 200, from.y + 43), (to.x, to.y + 43));
        Some(html! { <path {d} /> })
    });
    let steps = places.values().map(|place| {
        html! { <rect x={place.x.to_string()} y={place.y.to_string()} width="200" height="86" rx="16" /> }
    });
    html! {
        <svg class="picture" viewBox={view} preserveAspectRatio="xMidYMid meet" aria-hidden="true" focusable="false">
            { for links }{ for steps }
        </svg>
    }
}
