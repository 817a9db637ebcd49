use super::sign_in::Refused;
use crate::{bus::use_bus, components::Input};
use bus_core::api::{NewPassword, Password};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A new password for whoever is signed in; it signs out everywhere.
#[component]
pub(crate) fn PasswordPanel() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let (present, new, refused) = (use_state(String::new), use_state(String::new), use_state(String::new));
    let submit = Callback::from({
        let (bus, present, new, refused) = (bus.clone(), present.clone(), new.clone(), refused.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked = NewPassword {
                present: Some(Password((*present).clone())),
                token: None,
                password: Password((*new).clone()),
            };
            let (bus, refused) = (bus.clone(), refused.clone());
            spawn_local(async move {
                match bus.api.tell(Method::PUT, "/password", &asked).await {
                    Ok(()) => {
                        bus.tell(bus.texts.password_changed());
                        bus.leave.emit(());
                    }
                    Err(refusal) => refused.set(refusal.text),
                }
            });
        }
    });
    html! {
        <section class="panel" aria-labelledby="password-title">
            <h2 id="password-title">{ texts.change_password() }</h2>
            <form onsubmit={submit}>
                <Input id="present-password" label={texts.present_password()} kind="password" autocomplete="current-password" required=true
                    value={(*present).clone()} change={move |typed| present.set(typed)} />
                <Input id="new-password" label={texts.new_password()} help={texts.password_help()} kind="password" autocomplete="new-password"
                    shortest="12" required=true value={(*new).clone()} change={move |typed| new.set(typed)} />
                <button type="submit">{ texts.change_password() }</button>
            </form>
            <Refused text={(*refused).clone()} />
        </section>
    }
}
