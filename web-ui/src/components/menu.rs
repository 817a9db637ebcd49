use super::Icon;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent};
use yew::prelude::*;

/// What a menu shows.
#[derive(Properties, PartialEq)]
pub(crate) struct MenuProps {
    /// What it is called.
    pub(crate) label: AttrValue,
    /// Its icon.
    pub(crate) icon: AttrValue,
    /// Whether its label is only for those who listen.
    #[prop_or_default]
    pub(crate) bare: bool,
    /// Its entries, each a `li`.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// Things to choose from that open below a button, and close when the keyboard or the pointer goes elsewhere.
#[component]
pub(crate) fn Menu(props: &MenuProps) -> Html {
    let node = use_node_ref();
    let shut = {
        let node = node.clone();
        move || {
            if let Some(details) = node.cast::<Element>() {
                details.remove_attribute("open").unwrap_or_default();
            }
        }
    };
    let left = Callback::from({
        let (node, shut) = (node.clone(), shut.clone());
        move |event: FocusEvent| {
            let inside = node.cast::<Element>().zip(event.related_target()).is_some_and(|(details, to)| {
                wasm_bindgen::JsCast::dyn_ref::<web_sys::Node>(&to)
                    .is_some_and(|to| details.contains(Some(to)))
            });
            if !inside {
                shut();
            }
        }
    });
    let key = Callback::from({
        let (node, shut) = (node.clone(), shut.clone());
        move |event: KeyboardEvent| {
            let open = node.cast::<Element>().filter(|details| details.has_attribute("open"));
            let Some(details) = open.filter(|_| event.key() == "Escape") else { return };
            event.stop_propagation();
            shut();
            let summary = details.query_selector("summary").ok().flatten();
            let summary = summary.and_then(|it| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(it).ok());
            summary.into_iter().for_each(|summary| summary.focus().unwrap_or_default());
        }
    });
    // after the entry itself has heard of the click
    let chosen = Callback::from(move |_: MouseEvent| shut());
    html! {
        <details ref={node} class="menu" onfocusout={left} onkeydown={key}>
            <summary aria-label={props.bare.then(|| props.label.clone())} title={props.bare.then(|| props.label.clone())}>
                <Icon name={props.icon.clone()} />
                if !props.bare { { &props.label }<Icon name="chevron-down" /> }
            </summary>
            <ul onclick={chosen}>{ props.children.clone() }</ul>
        </details>
    }
}
