use super::Catalogue;
use crate::{
    bus::use_bus,
    components::{Icon, Input},
};
use bus_core::api::ConnectorInfo;
use yew::prelude::*;

/// What the palette shows.
#[derive(Properties, PartialEq)]
pub(crate) struct PaletteProps {
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// Adds a step with this connector.
    pub(crate) add: Callback<String>,
}

/// The connectors, by group, to be searched and added: by click, by keyboard, by dragging.
#[component]
pub(crate) fn Palette(props: &PaletteProps) -> Html {
    let texts = use_bus().texts;
    let search = use_state(String::new);
    let wanted = plain(&search);
    let mut groups: Vec<(&str, Vec<&ConnectorInfo>)> = Vec::new();
    for connector in props.catalogue.iter().filter(|connector| matches(connector, &wanted)) {
        match groups.iter_mut().find(|(group, _)| *group == connector.group) {
            Some((_, members)) => members.push(connector),
            None => groups.push((&connector.group, vec![connector])),
        }
    }
    let nothing = groups.is_empty();
    let typed = Callback::from({
        let search = search.clone();
        move |typed| search.set(typed)
    });
    html! {
        <section class="palette" aria-label={texts.palette()}>
            <div class="search"><Icon name="search" />
                <Input id="palette-search" kind="search" label={texts.search_connectors()} value={(*search).clone()} change={typed} />
            </div>
            <div class="palette-list">
                { for groups.iter().map(|(group, members)| html! {
                    <section key={(*group).to_owned()}>
                        <h2>{ *group }</h2>
                        <ul>{ for members.iter().map(|connector| entry(connector, &props.add)) }</ul>
                    </section>
                }) }
                if nothing { <p class="none">{ texts.no_match() }</p> }
            </div>
        </section>
    }
}

fn entry(connector: &ConnectorInfo, add: &Callback<String>) -> Html {
    let id = connector.id.clone();
    let click = add.reform({
        let id = id.clone();
        move |_: MouseEvent| id.clone()
    });
    let drag = Callback::from({
        let id = id.clone();
        move |event: DragEvent| {
            if let Some(data) = event.data_transfer() {
                data.set_data("text/plain", &id).unwrap_or_default();
            }
        }
    });
    let group =
        connector.schema.get("x-group").and_then(|group| group.as_str()).unwrap_or_default().to_owned();
    html! {
        <li key={id}>
            <button type="button" class="palette-entry" draggable="true" ondragstart={drag} onclick={click}
                title={connector.description.clone()} data-group={group}>
                <span class="tile"><Icon name={connector.icon.clone()} /></span><span>{ &connector.title }</span>
            </button>
        </li>
    }
}

fn matches(connector: &ConnectorInfo, wanted: &str) -> bool {
    [&connector.title, &connector.id, &connector.description]
        .into_iter()
        .any(|text| plain(text).contains(wanted))
}

/// A text as people search it: without case and accents.
pub(crate) fn plain(text: &str) -> String {
    let bare = |letter: char| match letter {
        'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        '’' => '\'',
        other => other,
    };
    text.trim().to_lowercase().chars().map(bare).collect()
}
