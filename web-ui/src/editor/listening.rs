use super::Catalogue;
use crate::{
    api::part,
    bus::{Load, use_bus, use_load},
    components::{Icon, Input},
    moment::when,
    texts::Texts,
};
use bus_core::{
    api::{LiveState, LiveStep},
    workflow::{LiveTrigger, Workflow},
};
use std::rc::Rc;
use yew::prelude::*;

/// What is said of a trigger for arriving messages.
#[derive(Properties, PartialEq)]
pub(super) struct LiveFormProps {
    pub(super) place: usize,
    pub(super) live: LiveTrigger,
    pub(super) document: Rc<Workflow>,
    pub(super) catalogue: Catalogue,
    /// The workflow's id on the server.
    pub(super) workflow: AttrValue,
    pub(super) readonly: bool,
    /// Takes the trigger as it is now; none if it goes.
    pub(super) change: Callback<Option<LiveTrigger>>,
}

/// How messages are put together, and how it stands with listening.
#[component]
pub(super) fn LiveForm(props: &LiveFormProps) -> Html {
    let texts = use_bus().texts;
    let (place, live) = (props.place, props.live);
    let state = use_load(props.workflow.clone(), |api, id| async move {
        api.get::<LiveState>(&format!("/workflows/{}/live", part(&id))).await
    });
    let with = |edit: fn(&mut LiveTrigger, u32)| {
        props.change.reform(move |typed: String| {
            let mut live = live;
            // what is no number is said by the check
            edit(&mut live, typed.trim().parse().unwrap_or_default());
            Some(live)
        })
    };
    html! {
        <fieldset class="group">
            <legend>{ texts.by_live() }</legend>
            <p class="help">{ texts.by_live_help() }</p>
            <Input id={format!("live-messages-{place}")} label={texts.live_messages()} kind="number" value={live.messages.to_string()}
                change={with(|live, typed| live.messages = typed)} readonly={props.readonly} />
            <Input id={format!("live-seconds-{place}")} label={texts.live_seconds()} kind="number" value={live.seconds.to_string()}
                change={with(|live, typed| live.seconds = typed)} readonly={props.readonly} />
            { shown(&state.state, props, texts) }
            <div class="row">
                <button type="button" class="small" onclick={state.again.reform(|_: MouseEvent| ())}><Icon name="refresh-cw" />{ texts.refresh_live() }</button>
                if !props.readonly {
                    <button type="button" class="small" onclick={props.change.reform(|_: MouseEvent| None)}><Icon name="x" />{ texts.remove_trigger() }</button>
                }
            </div>
        </fieldset>
    }
}

fn shown(state: &Load<LiveState>, props: &LiveFormProps, texts: Texts) -> Html {
    match state {
        Load::Waiting => Html::default(),
        Load::Refused(refusal) => bad(&refusal.text),
        Load::Here(state) => said(state, &props.catalogue, &props.document, texts),
    }
}

fn bad(text: &str) -> Html {
    html! { <p class="bad-text"><Icon name="circle-alert" />{ text }</p> }
}

/// How it stands with listening, in words.
pub(super) fn said(state: &LiveState, catalogue: &Catalogue, document: &Workflow, texts: Texts) -> Html {
    if !state.wanted {
        return html! { <p class="help" role="status">{ texts.live_not_yet() }</p> };
    }
    let listens = match (&state.node, state.since) {
        (Some(node), Some(since)) => texts.live_since(node, when(since, texts)),
        _ => texts.live_nobody().to_owned(),
    };
    let step = |(id, step): (&String, &LiveStep)| {
        let name = catalogue.name_of(document, id);
        match &step.problem {
            None if step.connected => html! { <li>{ texts.live_connected(name) }</li> },
            None => html! { <li>{ texts.live_connecting(name) }</li> },
            Some(problem) => {
                let again = step.again.map(|again| texts.live_again(when(again, texts)));
                html! { <li>{ bad(&format!("{name}: {problem}")) }{ again }</li> }
            }
        }
    };
    html! {
        <div class="help" role="status">
            <p>{ listens }</p>
            if !state.steps.is_empty() { <ul>{ for state.steps.iter().map(step) }</ul> }
            if let Some(problem) = &state.problem { { bad(problem) } }
            <p>{ texts.live_heard(state.messages) }{ ", " }{ texts.live_begun(state.runs) }</p>
            if let Some(last) = state.last { <p>{ texts.live_last(when(last, texts)) }</p> }
            if state.too_large > 0 { { bad(&texts.live_too_large(state.too_large)) } }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{editor::catalogue_of_all, testing::drawn};
    use bus_core::{Language, api::Time};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn document() -> Workflow {
        serde_json::from_value(json!({
            "version": 1,
            "triggers": [{ "live": {} }],
            "steps": [{ "id": "in", "name": "Capteurs", "connector": "mqtt", "settings": {} }],
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn how_messages_are_put_together_can_be_set() {
        let document = Rc::new(document());
        let form = html! {
            <LiveForm place=0 live={LiveTrigger { messages: 50, seconds: 2 }} {document} catalogue={catalogue_of_all()} workflow="w"
                readonly=false change={Callback::noop()} />
        };
        let page = drawn(Language::Fr, form).await;
        for part in [
            "Arrivée de messages",
            "Messages par exécution, au plus",
            "value=\"50\"",
            "value=\"2\"",
            "Retirer",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[tokio::test]
    async fn how_it_stands_is_said() {
        let trouble = LiveStep {
            connected: false,
            problem: Some("mqtt://b:1883: hôte inconnu".to_owned()),
            again: Some(Time(1_795_716_000_000)),
        };
        let state = LiveState {
            wanted: true,
            node: Some("atelier".to_owned()),
            since: Some(Time(1_795_716_000_000)),
            messages: 12,
            runs: 3,
            too_large: 1,
            steps: BTreeMap::from([("in".to_owned(), trouble)]),
            ..LiveState::default()
        };
        let page =
            drawn(Language::Fr, said(&state, &catalogue_of_all(), &document(), Texts(Language::Fr))).await;
        for part in [
            "atelier écoute depuis",
            "Capteurs: mqtt://b:1883: hôte inconnu",
            "Nouvel essai",
            "12 messages",
            "3 exécutions",
            "1 message était",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let page = drawn(
            Language::En,
            said(&LiveState::default(), &catalogue_of_all(), &document(), Texts(Language::En)),
        )
        .await;
        assert!(page.contains("once the workflow is saved"), "{page}");
    }
}
