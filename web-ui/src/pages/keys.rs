use crate::{
    api::part,
    bus::{use_bus, use_load},
    components::{Choice, Icon, Input, loaded},
    moment::when,
};
use bus_core::api::{Key, KeyScope, NewKey};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// One's API keys.
#[component]
pub(crate) fn KeysPanel() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let keys = use_load((), |api, ()| async move { api.get::<Vec<Key>>("/keys").await });
    let (name, scope, made) =
        (use_state(String::new), use_state(|| "read".to_owned()), use_state(String::new));
    let submit = Callback::from({
        let (bus, again) = (bus.clone(), keys.again.clone());
        let (name, scope, made) = (name.clone(), scope.clone(), made.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked =
                NewKey { name: (*name).clone(), scope: scope_of(&scope), workflows: Vec::new(), until: None };
            let (bus, again, made, name) = (bus.clone(), again.clone(), made.clone(), name.clone());
            spawn_local(async move {
                match bus.api.send::<Key>(Method::POST, "/keys", &asked).await {
                    Ok(key) => {
                        made.set(key.key.unwrap_or_default());
                        name.set(String::new());
                        again.emit(());
                    }
                    Err(refusal) => bus.refused(&refusal),
                }
            });
        }
    });
    let row = |key: &Key| {
        let (bus, again, id) = (bus.clone(), keys.again.clone(), key.id.clone());
        let remove = Callback::from(move |_: MouseEvent| {
            let (bus, again, id) = (bus.clone(), again.clone(), id.clone());
            spawn_local(async move {
                match bus.api.call(Method::DELETE, &format!("/keys/{}", part(&id))).await {
                    Ok(()) => again.emit(()),
                    Err(refusal) => bus.refused(&refusal),
                }
            });
        });
        let scope = match key.scope {
            KeyScope::Read => texts.scope_read(),
            KeyScope::Run => texts.scope_run(),
            KeyScope::Write => texts.scope_write(),
        };
        html! {
            <tr key={key.id.clone()}>
                <th scope="row">{ &key.name }</th><td>{ scope }</td><td class="quiet-text">{ when(key.since, texts) }</td>
                <td class="end"><button type="button" class="quiet" aria-label={texts.remove_item(&key.name)} onclick={remove}><Icon name="trash-2" /></button></td>
            </tr>
        }
    };
    let scopes = [("read", texts.scope_read()), ("run", texts.scope_run()), ("write", texts.scope_write())];
    html! {
        <section class="panel" aria-labelledby="keys">
            <h2 id="keys">{ texts.keys() }</h2>
            <p class="help">{ texts.keys_help() }</p>
            { loaded(&keys, texts, |keys| html! {
                if keys.is_empty() { <p class="none">{ texts.no_keys() }</p> }
                else { <table class="list"><tbody>{ for keys.iter().map(row) }</tbody></table> }
            }) }
            <div role="status">
                if !made.is_empty() { <p class="made"><Icon name="key-round" />{ texts.key_made() }<code>{ &*made }</code></p> }
            </div>
            <form onsubmit={submit}>
                <Input id="key-name" label={texts.key_purpose()} required=true value={(*name).clone()} change={move |typed| name.set(typed)} />
                <Choice id="key-scope" label={texts.key_scope()} value={(*scope).clone()}
                    options={scopes.map(|(value, label)| (value.into(), label.into())).to_vec()} change={move |chosen| scope.set(chosen)} />
                <button type="submit"><Icon name="plus" />{ texts.new_key() }</button>
            </form>
        </section>
    }
}

fn scope_of(word: &str) -> KeyScope {
    match word {
        "write" => KeyScope::Write,
        "run" => KeyScope::Run,
        _ => KeyScope::Read,
    }
}
