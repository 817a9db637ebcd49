use crate::{
    browser,
    bus::use_bus,
    components::{Icon, Input, LanguageSwitch, Mark},
    route::Route,
};
use bus_core::api::{Password, Session, SignIn};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// What stands around the pages of those who are not signed in yet.
#[derive(Properties, PartialEq)]
pub(crate) struct DoorProps {
    /// What the page is.
    pub(crate) title: AttrValue,
    /// What it is for.
    pub(crate) help: AttrValue,
    /// Its form.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The frame of a page for those who are not signed in yet.
#[component]
pub(crate) fn Door(props: &DoorProps) -> Html {
    let texts = use_bus().texts;
    use_effect_with(props.title.clone(), |title| browser::title(title));
    html! {
        <div class="door">
            <header class="door-bar"><LanguageSwitch /></header>
            <main id="content">
                <p class="brand"><Mark /><span>{ texts.bus() }</span></p>
                <div class="card">
                    <h1>{ &props.title }</h1>
                    <p class="lead">{ &props.help }</p>
                    { props.children.clone() }
                </div>
            </main>
        </div>
    }
}

/// Signing in.
#[component]
pub(crate) fn SignInPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let route = use_route::<Route>();
    let (email, password, refused) = (use_state(String::new), use_state(String::new), use_state(String::new));
    if bus.account.is_some() && route == Some(Route::SignIn) {
        return html! { <Redirect<Route> to={Route::Workflows} /> };
    }
    let submit = Callback::from({
        let (bus, email, password, refused) = (bus.clone(), email.clone(), password.clone(), refused.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked = SignIn { email: (*email).clone(), password: Password((*password).clone()) };
            let (bus, refused) = (bus.clone(), refused.clone());
            spawn_local(async move {
                match bus.api.send::<Session>(Method::POST, "/session", &asked).await {
                    Ok(session) => bus.enter.emit(session),
                    Err(refusal) => refused.set(refusal.text),
                }
            });
        }
    });
    html! {
        <Door title={texts.sign_in()} help={if bus.first_start { texts.first_start() } else { texts.sign_in_help() }}>
            <form onsubmit={submit}>
                <Input id="email" label={texts.email()} kind="email" autocomplete="username" required=true
                    value={(*email).clone()} change={move |typed| email.set(typed)} />
                <Input id="password" label={texts.password()} kind="password" autocomplete="current-password"
                    required=true value={(*password).clone()} change={move |typed| password.set(typed)} />
                <Refused text={(*refused).clone()} />
                <button type="submit" class="primary">{ texts.sign_in() }</button>
            </form>
        </Door>
    }
}

/// Why a form was refused.
#[derive(Properties, PartialEq)]
pub(crate) struct RefusedProps {
    /// Why; nothing if it was not.
    pub(crate) text: AttrValue,
}

/// Why a form was refused, read aloud.
#[component]
pub(crate) fn Refused(props: &RefusedProps) -> Html {
    html! {
        <div role="alert">
            if !props.text.is_empty() { <p class="refusal"><Icon name="circle-alert" />{ &props.text }</p> }
        </div>
    }
}
