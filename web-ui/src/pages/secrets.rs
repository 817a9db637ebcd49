use crate::{
    api::part,
    bus::{use_bus, use_load},
    components::{Icon, Input, loaded},
    moment::when,
};
use bus_core::api::{Password, SecretName, SecretValue};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The names in one's vault; values go in and never come out.
#[component]
pub(crate) fn SecretsPanel() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let names = use_load((), |api, ()| async move { api.get::<Vec<SecretName>>("/secrets").await });
    let (name, value) = (use_state(String::new), use_state(String::new));
    let call = {
        let (bus, again) = (bus.clone(), names.again.clone());
        move |method: Method, name: String, value: Option<String>| {
            let (bus, again) = (bus.clone(), again.clone());
            spawn_local(async move {
                let path = format!("/secrets/{}", part(&name));
                let done = match value {
                    Some(value) => bus.api.tell(method, &path, &SecretValue { value: Password(value) }).await,
                    None => bus.api.call(method, &path).await,
                };
                match done {
                    Ok(()) => again.emit(()),
                    Err(refusal) => bus.refused(&refusal),
                }
            });
        }
    };
    let submit = Callback::from({
        let (call, name, value) = (call.clone(), name.clone(), value.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            call(Method::PUT, (*name).clone(), Some((*value).clone()));
            name.set(String::new());
            value.set(String::new());
        }
    });
    let row = |secret: &SecretName| {
        let (call, name) = (call.clone(), secret.name.clone());
        let remove = Callback::from(move |_: MouseEvent| call(Method::DELETE, name.clone(), None));
        html! {
            <tr key={secret.name.clone()}>
                <th scope="row"><code>{ &secret.name }</code></th>
                <td class="quiet-text">{ texts.secret_set(when(secret.set, texts)) }</td>
                <td class="end"><button type="button" class="quiet" aria-label={texts.remove_item(&secret.name)} onclick={remove}><Icon name="trash-2" /></button></td>
            </tr>
        }
    };
    html! {
        <section class="panel" aria-labelledby="secrets">
            <h2 id="secrets">{ texts.secrets() }</h2>
            <p class="help">{ texts.secrets_help() }</p>
            { loaded(&names, texts, |names| html! {
                if names.is_empty() { <p class="none">{ texts.no_secrets() }</p> }
                else { <table class="list"><tbody>{ for names.iter().map(row) }</tbody></table> }
            }) }
            <form onsubmit={submit}>
                <Input id="secret-name" label={texts.secret_name()} required=true value={(*name).clone()} change={move |typed| name.set(typed)} />
                <Input id="secret-value" label={texts.secret_value()} kind="password" autocomplete="new-password" required=true
                    value={(*value).clone()} change={move |typed| value.set(typed)} />
                <button type="submit"><Icon name="plus" />{ texts.new_secret() }</button>
            </form>
        </section>
    }
}
