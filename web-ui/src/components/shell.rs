use super::{Icon, TroubleBar};
use crate::{
    api::part,
    browser,
    bus::{Bus, use_bus},
    route::Route,
};
use bus_core::{
    Language,
    api::{AccountChange, Session},
};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// What stands around every page.
#[derive(Properties, PartialEq)]
pub(crate) struct ShellProps {
    /// Whether the page takes the whole window.
    #[prop_or_default]
    pub(crate) wide: bool,
    /// The page.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The bar at the top, and the page.
#[component]
pub(crate) fn Shell(props: &ShellProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let route = use_route::<Route>();
    let entry = |to: Route, icon: &'static str, label: &'static str| {
        let here = route.as_ref().is_some_and(|route| belongs(route, &to));
        html! {
            <li class={classes!(here.then_some("here"))}>
                <Link<Route> {to}><Icon name={icon} /><span>{ label }</span></Link<Route>>
            </li>
        }
    };
    let name = bus.account.as_ref().map(|account| account.name.clone()).unwrap_or_default();
    html! {
        <div class={classes!("shell", props.wide.then_some("wide"))}>
            <a class="skip" href="#content">{ texts.skip() }</a>
            <header class="bar">
                <Link<Route> to={Route::Workflows} classes="brand">
                    <Mark /><span>{ texts.bus() }</span>
                </Link<Route>>
                <nav aria-label={texts.main_menu()}>
                    <ul>
                        { entry(Route::Workflows, "workflow", texts.workflows()) }
                        { entry(Route::Gallery, "layout-grid", texts.gallery()) }
                        { entry(Route::Publications, "rss", texts.publications()) }
                        <li><a href="/manual"><Icon name="book-open" /><span>{ texts.manual() }</span></a></li>
                        { entry(Route::Settings, "settings", texts.settings()) }
                    </ul>
                </nav>
                <div class="bar-end">
                    <LanguageSwitch />
                    <span class="who" title={texts.signed_in_as(&name)}><Icon name="user" />{ name }</span>
                    <button type="button" class="quiet" onclick={sign_out(&bus)}>
                        <Icon name="log-out" /><span class="wide-only">{ texts.sign_out() }</span>
                    </button>
                </div>
            </header>
            <TroubleBar />
            <main id="content" tabindex="-1">{ props.children.clone() }</main>
        </div>
    }
}

/// Whether a page stands under an entry of the menu.
fn belongs(page: &Route, entry: &Route) -> bool {
    match page {
        Route::Groups | Route::Cache | Route::Letters | Route::Audit => *entry == Route::Settings,
        Route::Workflow { .. }
        | Route::Run { .. }
        | Route::Shares { .. }
        | Route::Versions { .. }
        | Route::WorkflowAudit { .. } => *entry == Route::Workflows,
        other => other == entry,
    }
}

/// The sign of the bus.
#[component]
pub(crate) fn Mark() -> Html {
    html! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="8" />
            <path d="M8 11h6.5a4 4 0 0 1 4 4v2a4 4 0 0 0 4 4H24M8 21h5" />
            <circle cx="8" cy="11" r="3.2" /><circle cx="8" cy="21" r="3.2" class="second" />
            <circle cx="24" cy="21" r="3.2" class="third" />
        </svg>
    }
}

/// The other language, named in itself.
#[component]
pub(crate) fn LanguageSwitch() -> Html {
    let bus = use_bus();
    let (other, tag, label, title) = match bus.texts.language() {
        Language::En => (Language::Fr, "fr", "FR", "Français"),
        Language::Fr => (Language::En, "en", "EN", "English"),
    };
    let speak = bus.speak.reform({
        let bus = bus.clone();
        move |_: MouseEvent| {
            browser::choose_language(tag);
            remember(&bus, other);
            other
        }
    });
    html! {
        <button type="button" class="quiet language" lang={tag} {title} onclick={speak}>
            <Icon name="languages" />{ label }<span class="unseen">{ format!(" ({title})") }</span>
        </button>
    }
}

/// Notes the language in the account: messages that are sent, and other browsers, follow it.
fn remember(bus: &Bus, language: Language) {
    let Some(account) = bus.account.clone() else { return };
    let bus = bus.clone();
    spawn_local(async move {
        let change = AccountChange { language: Some(language), ..AccountChange::default() };
        if let Err(refusal) =
            bus.api.tell(Method::PATCH, &format!("/accounts/{}", part(&account.id)), &change).await
        {
            bus.refused(&refusal);
        }
    });
}

fn sign_out(bus: &Bus) -> Callback<MouseEvent> {
    let bus = bus.clone();
    Callback::from(move |_| {
        let bus = bus.clone();
        spawn_local(async move {
            match bus.api.call(Method::DELETE, "/session").await {
                Ok(()) => bus.enter.emit(Session { account: None, csrf: String::new(), first_start: false }),
                Err(refusal) => bus.refused(&refusal),
            }
        });
    })
}
