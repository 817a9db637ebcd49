use super::field::{Below, DrawnProps, Form};
use crate::{
    bus::use_bus,
    components::{Dialog, Icon, Input},
};
use serde_json::{Value, json};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What the list of secrets says for one that is not there yet.
const NEW: &str = "\u{0}";

/// The name of a secret in the vault: chosen, or made here. Its value is never shown.
#[component]
pub(crate) fn SecretSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let making = use_state(|| false);
    let drawn = &props.drawn;
    let name = drawn.setting.value.as_ref().and_then(|value| value.get("secret")).and_then(Value::as_str);
    let name = name.unwrap_or_default().to_owned();
    let set = form.change.reform({
        let path = drawn.setting.path.clone();
        move |name: String| (path.clone(), (!name.is_empty()).then(|| json!({ "secret": name })))
    });
    let change = Callback::from({
        let (set, making) = (set.clone(), making.clone());
        move |event: Event| match event.target_unchecked_into::<HtmlSelectElement>().value() {
            chosen if chosen == NEW => making.set(true),
            chosen => set.emit(chosen),
        }
    });
    let mut names: Vec<String> = form.secrets.iter().map(|secret| secret.name.clone()).collect();
    if !name.is_empty() && !names.contains(&name) {
        names.push(name.clone());
    }
    let made = Callback::from({
        let (set, making, make) = (set, making.clone(), form.make_secret.clone());
        move |(name, value): (String, String)| {
            set.emit(name.clone());
            make.emit((name, value));
            making.set(false);
        }
    });
    html! {
        <div class="field">
            <label for={drawn.id()}><Icon name="lock" />{ drawn.label_html() }</label>
            <select id={drawn.id()} onchange={change} disabled={form.readonly}
                aria-invalid={drawn.wrong(&form).then_some("true")} aria-describedby={drawn.described_by(&form)}>
                <option value="" selected={name.is_empty()}>{ texts.choose_secret() }</option>
                { for names.iter().map(|it| html! { <option value={it.clone()} selected={*it == name}>{ it }</option> }) }
                <option value={NEW}>{ texts.make_secret() }</option>
            </select>
            <Below drawn={drawn.clone()} />
            if *making { <SecretDialog {made} close={Callback::from(move |()| making.set(false))} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct SecretDialogProps {
    /// Takes name and value.
    pub(crate) made: Callback<(String, String)>,
    /// Closes it.
    pub(crate) close: Callback<()>,
}

/// A new secret.
#[component]
pub(crate) fn SecretDialog(props: &SecretDialogProps) -> Html {
    let texts = use_bus().texts;
    let (name, value) = (use_state(String::new), use_state(String::new));
    let submit = props.made.reform({
        let (name, value) = (name.clone(), value.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            ((*name).clone(), (*value).clone())
        }
    });
    html! {
        <Dialog id="new-secret" title={texts.new_secret()} close={props.close.clone()}>
            <form onsubmit={submit}>
                <p class="help">{ texts.secrets_help() }</p>
                <Input id="secret-name" label={texts.secret_name()} required=true value={(*name).clone()}
                    change={move |typed| name.set(typed)} />
                <Input id="secret-value" label={texts.secret_value()} kind="password" autocomplete="new-password" required=true
                    value={(*value).clone()} change={move |typed| value.set(typed)} />
                <footer><button type="submit" class="primary">{ texts.save() }</button></footer>
            </form>
        </Dialog>
    }
}
