use crate::{browser, bus::use_bus, components::Icon, route::Route};
use yew::prelude::*;
use yew_router::prelude::*;

/// One's own settings, and for an administrator the people.
#[component]
pub(crate) fn SettingsPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let administrator = bus.account.as_ref().is_some_and(|account| account.administrator);
    html! {
        <Frame title={texts.settings()}>
            <super::secrets::SecretsPanel />
            <super::keys::KeysPanel />
            if administrator { <super::people::PeoplePanel /> }
            <super::password::PasswordPanel />
        </Frame>
    }
}

/// A page beside the settings.
#[derive(Properties, PartialEq)]
pub(crate) struct FrameProps {
    /// What it is.
    pub(crate) title: AttrValue,
    /// What it is for.
    #[prop_or_default]
    pub(crate) help: AttrValue,
    /// What it shows.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The frame of the settings and of the pages beside them, with the way from one to the other.
#[component]
pub(crate) fn Frame(props: &FrameProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    use_effect_with(props.title.clone(), |title| browser::title(title));
    let here = use_route::<Route>();
    let entry = |to: Route, icon: &'static str, label: &'static str| {
        let is_here = here.as_ref() == Some(&to);
        html! { <li class={classes!(is_here.then_some("here"))}><Link<Route> {to}><Icon name={icon} />{ label }</Link<Route>></li> }
    };
    let administrator = bus.account.as_ref().is_some_and(|account| account.administrator);
    html! {
        <div class="page">
            <nav class="beside" aria-label={texts.settings()}><ul>
                { entry(Route::Settings, "user", texts.mine()) }
                { entry(Route::Groups, "users", texts.groups()) }
                { entry(Route::Cache, "clock", texts.cache()) }
                if administrator {
                    { entry(Route::Letters, "mail", texts.letters()) }
                    { entry(Route::Audit, "shield-check", texts.audit()) }
                }
            </ul></nav>
            <header class="page-head"><div>
                <h1>{ &props.title }</h1>
                if !props.help.is_empty() { <p class="lead">{ &props.help }</p> }
            </div></header>
            { props.children.clone() }
        </div>
    }
}
