//! The little of the browser that is used directly.

use bus_core::Language;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Document, Element, Event, HtmlElement, KeyboardEvent, Storage, Window, window};
use yew::prelude::*;

const LANGUAGE: &str = "semantic-bus.language";
const CLIPBOARD: &str = "semantic-bus.clipboard";

/// The window; none where pages are rendered without a browser.
pub(crate) fn screen() -> Option<Window> {
    if cfg!(target_arch = "wasm32") { window() } else { None }
}

/// The page.
pub(crate) fn page() -> Option<Document> {
    screen()?.document()
}

/// Whether somebody can see the page: not a hidden tab.
pub(crate) fn is_seen() -> bool {
    page().is_some_and(|page| !page.hidden())
}

/// The element with this id.
pub(crate) fn element(id: &str) -> Option<HtmlElement> {
    page()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Puts the keyboard on the element with this id.
pub(crate) fn focus(id: &str) {
    if let Some(element) = element(id) {
        element.focus().unwrap_or_default();
    }
}

/// The language chosen earlier, or the browser's.
pub(crate) fn language() -> Language {
    let chosen = storage().and_then(|storage| storage.get_item(LANGUAGE).ok()?);
    let asked = || screen().and_then(|screen| screen.navigator().language());
    chosen.or_else(asked).and_then(|tag| Language::of_tag(&tag)).unwrap_or_default()
}

/// Whether a language was chosen in this browser.
pub(crate) fn has_chosen_language() -> bool {
    storage().and_then(|storage| storage.get_item(LANGUAGE).ok()?).is_some()
}

/// Keeps the chosen language for the next visit.
pub(crate) fn choose_language(tag: &str) {
    if let Some(storage) = storage() {
        storage.set_item(LANGUAGE, tag).unwrap_or_default();
    }
}

/// Tells the page its language.
pub(crate) fn speak(tag: &str) {
    if let Some(root) = page().and_then(|page| page.document_element()) {
        root.set_attribute("lang", tag).unwrap_or_default();
    }
}

/// Names the page in its tab and for those who listen.
pub(crate) fn title(title: &str) {
    if let Some(page) = page() {
        page.set_title(&format!("{title} · Semantic Bus"));
    }
}

/// Where the bus stands: scheme, host and port.
pub(crate) fn origin() -> String {
    screen().and_then(|screen| screen.location().origin().ok()).unwrap_or_default()
}

/// What follows `#` in the address.
pub(crate) fn fragment() -> String {
    let hash = screen().and_then(|screen| screen.location().hash().ok()).unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// What was copied last, also in another tab.
pub(crate) fn pasted() -> Option<String> {
    storage()?.get_item(CLIPBOARD).ok()?
}

/// Keeps what was copied.
pub(crate) fn copied(text: &str) {
    if let Some(storage) = storage() {
        storage.set_item(CLIPBOARD, text).unwrap_or_default();
    }
}

/// What was kept under a name, for this browser only.
pub(crate) fn kept(name: &str) -> Option<String> {
    storage()?.get_item(&format!("semantic-bus.{name}")).ok()?
}

/// Keeps something under a name for the next visit; nothing if there is nothing to keep.
pub(crate) fn keep(name: &str, text: Option<&str>) {
    let Some(storage) = storage() else { return };
    let name = format!("semantic-bus.{name}");
    match text {
        Some(text) => storage.set_item(&name, text).unwrap_or_default(),
        None => storage.remove_item(&name).unwrap_or_default(),
    }
}

/// Hands a text over as a file.
pub(crate) fn hand_over(name: &str, media_type: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type(media_type);
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &kind) else { return };
    let Ok(address) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    if let Some(link) = page().and_then(|page| page.create_element("a").ok()) {
        link.set_attribute("href", &address).unwrap_or_default();
        link.set_attribute("download", name).unwrap_or_default();
        if let Ok(link) = link.dyn_into::<HtmlElement>() {
            link.click();
        }
    }
    web_sys::Url::revoke_object_url(&address).unwrap_or_default();
}

fn storage() -> Option<Storage> {
    screen()?.local_storage().ok()?
}

/// The time zone of whoever looks.
#[cfg(target_arch = "wasm32")]
pub(crate) fn zone() -> String {
    use js_sys::{Array, Intl, Object, Reflect};
    let options = Intl::DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    let zone = Reflect::get(&options, &"timeZone".into()).ok().and_then(|zone| zone.as_string());
    zone.unwrap_or_else(|| "UTC".to_owned())
}

/// The time zone of whoever looks.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn zone() -> String {
    "UTC".to_owned()
}

/// Whether a key was pressed in a field that takes text, or in a dialog.
pub(crate) fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(target) = target else { return false };
    let within = |selector| target.closest(selector).ok().flatten().is_some();
    within("input:not([type=checkbox]), textarea, select, dialog, .data")
}

/// Calls `act` for every key that is pressed anywhere on the page.
#[hook]
pub(crate) fn use_key_listener(act: Callback<KeyboardEvent>) {
    use_effect_with(act, |act| {
        let act = act.clone();
        let closure = Closure::<dyn Fn(KeyboardEvent)>::new(move |event| act.emit(event));
        let page = page();
        if let Some(page) = &page {
            let listener = closure.as_ref().unchecked_ref();
            page.add_event_listener_with_callback("keydown", listener).unwrap_or_default();
        }
        move || {
            if let Some(page) = page {
                let listener = closure.as_ref().unchecked_ref();
                page.remove_event_listener_with_callback("keydown", listener).unwrap_or_default();
            }
        }
    });
}

/// Has the browser ask before the page is left while something is not saved.
#[hook]
pub(crate) fn use_leave_guard(unsaved: bool) {
    use_effect_with(unsaved, |unsaved| {
        let screen = screen().filter(|_| *unsaved);
        let closure = Closure::<dyn Fn(Event)>::new(|event: Event| event.prevent_default());
        if let Some(screen) = &screen {
            let listener = closure.as_ref().unchecked_ref();
            screen.add_event_listener_with_callback("beforeunload", listener).unwrap_or_default();
        }
        move || {
            if let Some(screen) = screen {
                let listener = closure.as_ref().unchecked_ref();
                screen.remove_event_listener_with_callback("beforeunload", listener).unwrap_or_default();
            }
        }
    });
}
