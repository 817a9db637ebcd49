use super::workflows::create;
use crate::{
    api::Answer,
    bus::{Bus, use_bus},
    components::{Dialog, FileButton, Icon},
    texts::Texts,
};
use bus_core::api::{Imported, Severity, Translation};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlTextAreaElement};
use yew::prelude::*;
use yew_router::prelude::*;

/// Takes a document in, from a file or pasted: of this bus in YAML or JSON, or an export of the Node.js bus, with a
/// report of what became of it.
#[component]
pub(crate) fn ImportButton() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let open = use_state(|| false);
    let show = Callback::from({
        let open = open.clone();
        move |_: MouseEvent| open.set(true)
    });
    html! {
        <>
            <button type="button" onclick={show}><Icon name="upload" />{ texts.import() }</button>
            if *open { <ImportDialog close={move |()| open.set(false)} /> }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ImportDialogProps {
    close: Callback<()>,
}

/// Where a document comes from, and what became of it.
#[component]
fn ImportDialog(props: &ImportDialogProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let pasted = use_state(String::new);
    let answer = use_state(|| None::<Answer<Imported>>);
    let take = Callback::from({
        let (bus, answer, navigator) = (bus.clone(), answer.clone(), navigator.clone());
        move |text: String| {
            let (bus, answer, navigator) = (bus.clone(), answer.clone(), navigator.clone());
            spawn_local(async move {
                let read = bus.api.submit::<Imported>("/import", text).await;
                match read {
                    // nothing to tell: it is opened at once
                    Ok(imported) if imported.steps.is_empty() => create(&bus, imported.document, navigator),
                    read => answer.set(Some(read)),
                }
            });
        }
    });
    let typed = Callback::from({
        let pasted = pasted.clone();
        move |event: InputEvent| pasted.set(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let submit = Callback::from({
        let (take, pasted) = (take.clone(), pasted.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            take.emit((*pasted).clone());
        }
    });
    if let Some(Ok(imported)) = &*answer {
        return report(&bus, imported, &props.close, navigator);
    }
    html! {
        <Dialog id="import" title={texts.import_title()} close={props.close.clone()}>
            <form onsubmit={submit}>
                <p class="help">{ texts.import_formats() }</p>
                <div class="row"><FileButton id="import-file" label={texts.import_from_file()} accept=".yaml,.yml,.json" chosen={read_file(take)} /></div>
                <div class="field">
                    <label for="import-text">{ texts.import_paste() }</label>
                    <textarea id="import-text" class="code" rows="9" spellcheck="false" value={(*pasted).clone()} oninput={typed} />
                </div>
                <div role="alert">{ refused(answer.as_ref(), texts) }</div>
                <footer>
                    <button type="button" onclick={props.close.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                    <button type="submit" class="primary" disabled={pasted.trim().is_empty()}>{ texts.import_it() }</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Reads a file as text.
fn read_file(take: Callback<String>) -> Callback<File> {
    Callback::from(move |file: File| {
        let take = take.clone();
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            take.emit(text.unwrap_or_default());
        });
    })
}

/// Why nothing came in: everything that is wrong, with its place.
fn refused(answer: Option<&Answer<Imported>>, texts: Texts) -> Html {
    let Some(Err(refusal)) = answer else { return Html::default() };
    let also = refusal.findings.iter().skip(1).filter(|finding| finding.severity == Severity::Error);
    html! {
        <>
            <p class="refusal"><Icon name="circle-alert" />
                <span>{ &refusal.text }
                    if let Some(first) = refusal.findings.first().filter(|first| !first.advice.is_empty()) { { " – " }{ &first.advice } }
                </span>
            </p>
            if refusal.findings.len() > 1 {
                <p class="help">{ texts.problems(refusal.findings.len()) }</p>
                <ul class="problems-list">{ for also.map(crate::form::finding) }</ul>
            }
        </>
    }
}

/// What became of an export, before it is kept.
fn report(bus: &Bus, imported: &Imported, close: &Callback<()>, navigator: Option<Navigator>) -> Html {
    let texts = bus.texts;
    let keep = {
        let (bus, document) = (bus.clone(), imported.document.clone());
        Callback::from(move |_: MouseEvent| create(&bus, document.clone(), navigator.clone()))
    };
    html! {
        <Dialog key="report" id="imported" wide=true title={texts.imported()} close={close.clone()}>
            { steps(imported, texts) }
            <footer>
                <button type="button" onclick={close.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                <button type="button" class="primary" onclick={keep}>{ texts.save() }</button>
            </footer>
        </Dialog>
    }
}

fn steps(imported: &Imported, texts: Texts) -> Html {
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
                <td class="wrap">{ step.remarks.join(" ") }</td>
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
