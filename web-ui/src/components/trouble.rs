use super::Icon;
use crate::{
    api::{Answer, Api},
    browser,
    bus::use_bus,
    texts::Texts,
};
use bus_core::api::Health;
use gloo_timers::future::TimeoutFuture;
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How often the server is asked how it is: while all is well, and while it is not.
const WELL_MILLISECONDS: u32 = 20_000;
const ILL_MILLISECONDS: u32 = 4_000;

/// What keeps the server from working, if anything does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What it means for whoever works here.
    pub(crate) what: &'static str,
    /// What those read who keep the server running.
    pub(crate) why: Option<String>,
}

impl Trouble {
    fn of(answer: Answer<Health>, texts: Texts) -> Option<Self> {
        let away = |what, why| Some(Self { what, why });
        match answer {
            Ok(Health { store: Some(why), .. }) => away(texts.no_store(), Some(why)),
            Ok(Health { broker: Some(why), .. }) => away(texts.no_broker(), Some(why)),
            Ok(Health { workers, .. }) if workers.is_empty() => away(texts.no_worker(), None),
            Ok(_) => None,
            Err(refusal) if refusal.status == 0 => away(texts.no_server(), None),
            // who is signed in stands in the store
            Err(refusal) if refusal.status == 503 => away(texts.no_store(), None),
            // whoever is signed out is led away by the page
            Err(_) => None,
        }
    }
}

/// Says on every page what keeps the server from working, until it does again.
#[component]
pub(crate) fn TroubleBar() -> Html {
    let bus = use_bus();
    let trouble = use_state(|| None::<Trouble>);
    use_effect_with(bus.api.clone(), {
        let trouble = trouble.clone();
        move |api: &Api| {
            let shown = Rc::new(Cell::new(true));
            spawn_local(watch(api.clone(), bus.texts, Rc::clone(&shown), move |found| trouble.set(found)));
            move || shown.set(false)
        }
    });
    html! { <TroubleSaid trouble={(*trouble).clone()} /> }
}

/// Asks as long as the page is shown; not while nobody can see it.
async fn watch(api: Api, texts: Texts, shown: Rc<Cell<bool>>, tell: impl Fn(Option<Trouble>)) {
    let mut pause = WELL_MILLISECONDS;
    while shown.get() {
        if browser::is_seen() {
            let found = Trouble::of(api.get("/health").await, texts);
            if !shown.get() {
                return;
            }
            pause = if found.is_some() { ILL_MILLISECONDS } else { WELL_MILLISECONDS };
            tell(found);
        }
        TimeoutFuture::new(pause).await;
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct TroubleSaidProps {
    pub(crate) trouble: Option<Trouble>,
}

/// A line over the page; it is read aloud when it comes.
#[component]
pub(crate) fn TroubleSaid(props: &TroubleSaidProps) -> Html {
    let texts = use_bus().texts;
    let said = props.trouble.as_ref().map(|trouble| {
        let why = trouble.why.as_ref().map(|why| {
            html! { <details><summary>{ texts.why() }</summary><p>{ why }</p></details> }
        });
        html! { <div class="trouble"><Icon name="circle-alert" /><p>{ trouble.what }</p>{ why }</div> }
    });
    html! { <div role="status">{ said }</div> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::Refusal, testing::drawn};
    use bus_core::{
        Language,
        api::{Time, Worker},
    };

    const TEXTS: Texts = Texts(Language::Fr);

    fn well() -> Health {
        let worker = Worker { name: "w".to_owned(), slots: 4, labels: Vec::new(), seen: Time(0) };
        Health { ready: true, workers: vec![worker], ..Health::default() }
    }

    fn refused(status: u16) -> Answer<Health> {
        Err(Refusal { status, text: "why".to_owned(), findings: Vec::new(), revision: None })
    }

    fn what(answer: Answer<Health>) -> Option<&'static str> {
        Trouble::of(answer, TEXTS).map(|trouble| trouble.what)
    }

    #[test]
    fn each_trouble_says_what_it_means() {
        assert_eq!(what(Ok(well())), None);
        assert_eq!(what(Ok(Health { workers: Vec::new(), ..well() })), Some(TEXTS.no_worker()));
        let broker = Health { broker: Some("refused".to_owned()), ..well() };
        assert_eq!(what(Ok(broker.clone())), Some(TEXTS.no_broker()));
        assert_eq!(what(Ok(Health { store: Some("away".to_owned()), ..broker })), Some(TEXTS.no_store()));
        assert_eq!(what(refused(503)), Some(TEXTS.no_store()));
        assert_eq!(what(refused(0)), Some(TEXTS.no_server()));
        assert_eq!(what(refused(401)), None);
    }

    #[tokio::test]
    async fn the_reason_is_there_for_who_opens_it() {
        let broker = Health { broker: Some("amqp://b refuses".to_owned()), ..well() };
        let trouble = Trouble::of(Ok(broker), TEXTS);
        let page = drawn(Language::Fr, html! { <TroubleSaid {trouble} /> }).await;
        assert!(page.contains("attend") && page.contains("<details><summary>Pourquoi"), "{page}");
        assert!(page.contains("amqp://b refuses"), "{page}");
        assert_eq!(
            drawn(Language::Fr, html! { <TroubleSaid trouble={None} /> }).await,
            r#"<div role="status"></div>"#
        );
    }
}
