use crate::{browser, bus::use_bus};
use yew::prelude::*;

/// One's own settings, and for an administrator the people.
#[component]
pub(crate) fn SettingsPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    use_effect_with(texts, |texts| browser::title(texts.settings()));
    let administrator = bus.account.as_ref().is_some_and(|account| account.administrator);
    html! {
        <div class="page">
            <header class="page-head"><h1>{ texts.settings() }</h1></header>
            <super::secrets::SecretsPanel />
            <super::keys::KeysPanel />
            if administrator { <super::people::PeoplePanel /> }
            <super::password::PasswordPanel />
        </div>
    }
}
