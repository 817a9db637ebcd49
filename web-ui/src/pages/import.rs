use super::workflows::create;
use crate::{
    api::Refusal,
    bus::use_bus,
    components::{Dialog, Icon},
};
use bus_core::{
    api::{Imported, Translation},
    workflow::Workflow,
};
use gloo_net::http::Method;
use serde_json::Value;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew_router::prelude::*;

/// Takes a file in: a workflow document, or an export of the Node.js bus with a report of what became of it.
#[component]
pub(crate) fn ImportButton() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let report = use_state(|| None::<Imported>);
    let chosen = Callback::from({
        let (bus, report, navigator) = (bus.clone(), report.clone(), navigator.clone());
        move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            input.set_value("");
            let (bus, report, navigator) = (bus.clone(), report.clone(), navigator.clone());
            spawn_local(async move {
                let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
                let text = text.unwrap_or_default();
                if let Ok(document) = serde_json::from_str::<Workflow>(&text) {
                    create(&bus, document, navigator);
                    return;
                }
                let export: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
                match bus.api.send::<Imported>(Method::POST, "/import", &export).await {
                    Ok(imported) => report.set(Some(imported)),
                    Err(Refusal { text, .. }) => bus.complain(text),
                }
            });
        }
    });
    let close = Callback::from({
        let report = report.clone();
        move |()| report.set(None)
    });
    html! {
        <>
            <label class="button" title={texts.import_help()}>
                <Icon name="upload" />{ texts.import() }
                <input type="file" class="unseen" accept=".json,application/json" onchange={chosen} />
            </label>
            if let Some(imported) = (*report).clone() {
                <Dialog id="imported" title={texts.imported()} close={close.clone()}>
                    { steps(&imported, texts) }
                    <footer>
                        <button type="button" onclick={close.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                        <button type="button" class="primary" onclick={Callback::from(move |_: MouseEvent| {
                            create(&bus, imported.document.clone(), navigator.clone());
                        })}>{ texts.save() }</button>
                    </footer>
                </Dialog>
            }
        </>
    }
}

fn steps(imported: &Imported, texts: crate::texts::Texts) -> Html {
    let rows = imported.steps.iter().map(|step| {
        let (class, icon, word) = match step.translation {
            Translation::Converted => ("good", "circle-check", texts.import_converted()),
            Translation::Approximated => ("warn", "triangle-alert", texts.import_approximated()),
            Translation::Unsupported => ("bad", "power-off", texts.import_unsupported()),
        };
        let name = if step.name.is_empty() { &step.module } else { &step.name };
        html! {
            <tr>
                <th scope="row">{ name }</th>
                <td><span class={classes!("badge", "small", class)}><Icon name={icon} />{ word }</span></td>
                <td>{ step.remarks.join(" ") }</td>
            </tr>
        }
    });
    html! {
        <div class="scroll">
            <table class="list">
                <caption>{ texts.import_report() }</caption>
                <thead><tr>
                    <th scope="col">{ texts.component() }</th><th scope="col">{ texts.result() }</th><th scope="col">{ texts.remarks() }</th>
                </tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}
