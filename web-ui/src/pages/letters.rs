use super::settings::Frame;
use crate::{
    api::part,
    bus::{Bus, use_bus, use_load},
    components::{Icon, loaded},
    moment::when,
};
use bus_core::api::DeadLetterInfo;
use gloo_net::http::Method;
use serde_json::json;
use yew::prelude::*;

/// Tasks that were given up: to be tried again, or dropped.
#[component]
pub(crate) fn LettersPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let list = use_load((), |api, ()| async move { api.get::<Vec<DeadLetterInfo>>("/dead-letters").await });
    let again = list.again.clone();
    html! {
        <Frame title={texts.letters()} help={texts.letters_help()}>
            { loaded(&list, texts, |list| {
                if list.is_empty() { return html! { <p class="good-text"><Icon name="circle-check" />{ texts.no_letters() }</p> }; }
                let heads = [texts.task(), texts.to_run(), texts.reason(), texts.attempts(), texts.when()];
                html! {
                    <div class="scroll"><table class="list">
                        <thead><tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }<th scope="col"><span class="unseen">{ texts.actions() }</span></th></tr></thead>
                        <tbody>{ for list.iter().map(|letter| row(&bus, letter, &again)) }</tbody>
                    </table></div>
                }
            }) }
        </Frame>
    }
}

fn row(bus: &Bus, letter: &DeadLetterInfo, again: &Callback<()>) -> Html {
    let texts = bus.texts;
    let answer = |retry: bool| {
        let (bus, id, again) = (bus.clone(), letter.id.clone(), again.clone());
        Callback::from(move |_: MouseEvent| {
            let (api, path, again) = (bus.api.clone(), format!("/dead-letters/{}", part(&id)), again.clone());
            let call = async move { api.tell(Method::POST, &path, &json!({ "again": retry })).await };
            bus.act(call, move |()| again.emit(()));
        })
    };
    html! {
        <tr key={letter.id.clone()}>
            <th scope="row"><code>{ &letter.task }</code></th>
            <td><code>{ &letter.run }</code></td>
            <td class="wrap">{ &letter.reason }</td>
            <td class="right">{ letter.attempts }</td>
            <td>{ when(letter.at, texts) }</td>
            <td class="end"><span class="row">
                <button type="button" class="small" aria-label={texts.try_again(&letter.task)} onclick={answer(true)}><Icon name="rotate-ccw" />{ texts.try_it() }</button>
                <button type="button" class="small danger" aria-label={texts.drop_task(&letter.task)} onclick={answer(false)}><Icon name="trash-2" />{ texts.drop_it() }</button>
            </span></td>
        </tr>
    }
}
