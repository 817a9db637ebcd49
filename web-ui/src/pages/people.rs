use crate::{
    browser,
    bus::{use_bus, use_load},
    components::{Icon, Input, Switch, loaded},
};
use bus_core::api::{Account, Invitation, OneTimeLink};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Who has an account, and inviting others.
#[component]
pub(crate) fn PeoplePanel() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let people = use_load((), |api, ()| async move { api.get::<Vec<Account>>("/accounts").await });
    let (email, administrator, made) = (use_state(String::new), use_state(|| false), use_state(String::new));
    let submit = Callback::from({
        let (bus, email, administrator, made) =
            (bus.clone(), email.clone(), administrator.clone(), made.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked = Invitation { email: (*email).clone(), administrator: *administrator };
            let (bus, made, email) = (bus.clone(), made.clone(), email.clone());
            spawn_local(async move {
                match bus.api.send::<OneTimeLink>(Method::POST, "/accounts", &asked).await {
                    Ok(link) => {
                        made.set(format!("{}{}", browser::origin(), link.link));
                        email.set(String::new());
                    }
                    Err(refusal) => bus.refused(&refusal),
                }
            });
        }
    });
    let row = |account: &Account| {
        html! {
            <tr key={account.id.clone()}>
                <th scope="row">{ &account.name }</th><td>{ &account.email }</td>
                <td>if account.administrator { <span class="badge idle small">{ texts.administrator() }</span> }</td>
            </tr>
        }
    };
    html! {
        <section class="panel" aria-labelledby="people">
            <h2 id="people">{ texts.people() }</h2>
            { loaded(&people, texts, |people| html! { <table class="list"><tbody>{ for people.iter().map(row) }</tbody></table> }) }
            <div role="status">
                if !made.is_empty() { <p class="made"><Icon name="mail" />{ texts.link_made() }<code>{ &*made }</code></p> }
            </div>
            <form onsubmit={submit}>
                <Input id="invite-email" label={texts.email()} help={texts.invite_help()} kind="email" required=true value={(*email).clone()}
                    change={move |typed| email.set(typed)} />
                <Switch id="invite-administrator" label={texts.as_administrator()} on={*administrator} change={move |on| administrator.set(on)} />
                <button type="submit"><Icon name="mail" />{ texts.invite() }</button>
            </form>
        </section>
    }
}
