use super::sign_in::{Door, Refused};
use crate::{browser, bus::use_bus, components::Input, route::Route};
use bus_core::api::{FirstAccount, NewPassword, Password, Session};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// Which account is made.
#[derive(Properties, PartialEq)]
pub(crate) struct FirstPageProps {
    /// Whether it is the first one, rather than that of an invitation.
    pub(crate) first: bool,
}

/// A new account, by a link that works once.
#[component]
pub(crate) fn FirstPage(props: &FirstPageProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let token = use_state(browser::fragment);
    let (name, email, password) = (use_state(String::new), use_state(String::new), use_state(String::new));
    let refused = use_state(String::new);
    let first = props.first;
    let submit = Callback::from({
        let (bus, refused, token) = (bus.clone(), refused.clone(), token.clone());
        let (name, email, password) = (name.clone(), email.clone(), password.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let account = FirstAccount {
                token: (*token).clone(),
                name: (*name).clone(),
                email: (*email).clone(),
                password: Password((*password).clone()),
            };
            let (bus, refused, navigator) = (bus.clone(), refused.clone(), navigator.clone());
            spawn_local(async move {
                let path = if first { "/accounts/first" } else { "/accounts/accept" };
                match bus.api.send::<Session>(Method::POST, path, &account).await {
                    Ok(session) => {
                        bus.enter.emit(session);
                        if let Some(navigator) = navigator {
                            navigator.replace(&Route::Workflows);
                        }
                    }
                    Err(refusal) => refused.set(refusal.text),
                }
            });
        }
    });
    let (title, help) = if first {
        (texts.first_title(), texts.first_help())
    } else {
        (texts.accept_title(), texts.accept_help())
    };
    let refusal = if token.is_empty() { texts.no_token().to_owned() } else { (*refused).clone() };
    html! {
        <Door {title} {help}>
            <form onsubmit={submit}>
                <Input id="name" label={texts.name()} help={texts.name_help()} autocomplete="name" required=true
                    value={(*name).clone()} change={move |typed| name.set(typed)} />
                <Input id="email" label={texts.email()} kind="email" autocomplete="username" required=true
                    value={(*email).clone()} change={move |typed| email.set(typed)} />
                <Input id="password" label={texts.password()} help={texts.password_help()} kind="password"
                    autocomplete="new-password" shortest="12" required=true
                    value={(*password).clone()} change={move |typed| password.set(typed)} />
                <Refused text={refusal} />
                <button type="submit" class="primary">{ texts.create_account() }</button>
            </form>
        </Door>
    }
}

/// A new password, by a link that works once.
#[component]
pub(crate) fn ResetPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let token = use_state(browser::fragment);
    let (password, refused) = (use_state(String::new), use_state(String::new));
    let submit = Callback::from({
        let (bus, password, refused) = (bus.clone(), password.clone(), refused.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked = NewPassword {
                present: None,
                token: Some((*token).clone()),
                password: Password((*password).clone()),
            };
            let (bus, refused, navigator) = (bus.clone(), refused.clone(), navigator.clone());
            spawn_local(async move {
                match bus.api.tell(Method::PUT, "/password", &asked).await {
                    Ok(()) => {
                        bus.tell(bus.texts.password_changed());
                        if let Some(navigator) = navigator {
                            navigator.replace(&Route::SignIn);
                        }
                    }
                    Err(refusal) => refused.set(refusal.text),
                }
            });
        }
    });
    html! {
        <Door title={texts.reset_title()} help={texts.password_help()}>
            <form onsubmit={submit}>
                <Input id="password" label={texts.new_password()} kind="password" autocomplete="new-password"
                    shortest="12" required=true
                    value={(*password).clone()} change={move |typed| password.set(typed)} />
                <Refused text={(*refused).clone()} />
                <button type="submit" class="primary">{ texts.change_password() }</button>
            </form>
        </Door>
    }
}
