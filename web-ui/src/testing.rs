//! Drawing without a browser.

use crate::{bus::Bus, texts::Texts};
use bus_core::Language;
use yew::prelude::*;
use yew_router::{
    Router,
    history::{AnyHistory, MemoryHistory},
};

#[derive(Properties, PartialEq, Clone)]
struct PageProps {
    language: Language,
    inner: Html,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let bus = Bus { texts: Texts(props.language), ..Bus::default() };
    html! {
        <ContextProvider<Bus> context={bus}>
            <Router history={AnyHistory::from(MemoryHistory::new())}>{ props.inner.clone() }</Router>
        </ContextProvider<Bus>>
    }
}

/// Something as HTML, in a language.
pub(crate) async fn drawn(language: Language, inner: Html) -> String {
    let props = PageProps { language, inner };
    yew::LocalServerRenderer::<Page>::with_props(props).hydratable(false).render().await
}

/// How often `part` stands in `text`.
pub(crate) fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}
