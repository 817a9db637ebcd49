use crate::{
    api::part,
    bus::{Bus, use_bus},
    components::{Dialog, Icon, Prose},
    route::Route,
    texts::Texts,
};
use bus_core::api::{Replay, RunSummary, Table};
use gloo_net::http::Method;
use serde_json::Value;
use std::{collections::BTreeMap, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;
use yew_router::prelude::*;

/// What was refused where.
#[derive(Properties, PartialEq)]
pub(crate) struct RefusedRecordsProps {
    /// The run.
    pub(crate) run: RunSummary,
    /// The step that refused.
    pub(crate) step: AttrValue,
    /// Whether the step brings records in: then nothing but mended records can be given to the steps behind it.
    pub(crate) source: bool,
    /// The refused records, as its `errors` port sent them.
    pub(crate) table: Table,
    /// Whether whoever looks may only look.
    pub(crate) readonly: bool,
}

/// What was refused, where and why; mended here and given back in a new run.
#[component]
pub(crate) fn RefusedRecords(props: &RefusedRecordsProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let mended = use_state(BTreeMap::<u64, Value>::new);
    let open = use_state(|| None::<(u64, Value, String)>);
    let rows = props.table.rows.iter().zip(props.table.from + 1..).map(|(row, number)| {
        let mend = {
            let (open, reason) = (open.clone(), member(row, "reason"));
            let record = mended.get(&number).or_else(|| row.get("record")).cloned();
            Callback::from(move |_: MouseEvent| open.set(Some((number, record.clone().unwrap_or_default(), reason.clone()))))
        };
        let done = mended.contains_key(&number);
        html! {
            <tr key={number.to_string()}>
                <th scope="row" class="number">{ texts.number(number) }</th>
                <td>{ place(row, texts) }</td>
                <td>{ member(row, "field") }</td>
                <td class="reason"><Prose text={member(row, "reason")} /></td>
                <td class="code" title={member(row, "record")}>{ mended.get(&number).map_or_else(|| member(row, "record"), Value::to_string) }</td>
                if !props.readonly {
                    <td class="end">
                        if done { <span class="badge small good"><Icon name="circle-check" />{ texts.mended() }</span> }
                        <button type="button" class="small" aria-label={texts.mend_record(number)} onclick={mend}><Icon name="pen-line" />{ texts.mend() }</button>
                    </td>
                }
            </tr>
        }
    });
    let give_back = |records: Option<Vec<Value>>| replay(&bus, props, records, navigator.clone());
    let all: Vec<Value> = mended.values().cloned().collect();
    html! {
        <>
            if !props.readonly {
                <div class="row replays">
                    if !all.is_empty() {
                        <button type="button" class="primary" onclick={give_back(Some(all.clone()))}><Icon name="repeat" />{ texts.replay_mended(all.len()) }</button>
                    }
                    if !props.source {
                        <button type="button" title={texts.replay_help()} onclick={give_back(None)}><Icon name="repeat" />{ texts.replay() }</button>
                    }
                </div>
            }
            <div class="scroll" tabindex="0" role="region" aria-label={texts.errors()}>
                <table class="records refusals">
                    <thead><tr>
                        <th scope="col"><span class="unseen">{ "#" }</span></th>
                        { for [texts.place(), texts.field(), texts.reason(), texts.record()].map(|head| html! { <th scope="col">{ head }</th> }) }
                        if !props.readonly { <th scope="col"><span class="unseen">{ texts.actions() }</span></th> }
                    </tr></thead>
                    <tbody>{ for rows }</tbody>
                </table>
            </div>
            if let Some((number, record, reason)) = (*open).clone() {
                <MendDialog {number} {record} {reason} source={props.source} close={let open = open.clone(); move |()| open.set(None)}
                    keep={let (open, mended) = (open.clone(), mended.clone()); move |record: Value| {
                        let mut all = (*mended).clone();
                        all.insert(number, record);
                        mended.set(all);
                        open.set(None);
                    }} />
            }
        </>
    }
}

/// Where a record stood in what was read: line and column, or its number.
fn place(row: &Value, texts: Texts) -> String {
    let number = |name| row.get(name).and_then(Value::as_u64);
    match (number("line"), number("column"), number("number")) {
        (Some(line), Some(column), _) => texts.at_line_column(texts.number(line), texts.number(column)),
        (Some(line), None, _) => texts.at_line(texts.number(line)),
        (None, _, Some(number)) => texts.at_record(texts.number(number)),
        (None, _, None) => String::new(),
    }
}

fn member(row: &Value, name: &str) -> String {
    match row.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn replay(
    bus: &Bus,
    props: &RefusedRecordsProps,
    records: Option<Vec<Value>>,
    navigator: Option<Navigator>,
) -> Callback<MouseEvent> {
    let (bus, workflow) = (bus.clone(), props.run.workflow.clone());
    let path = format!("/runs/{}/steps/{}/replay", part(&props.run.id), part(&props.step));
    let asked = Rc::new(Replay { records });
    Callback::from(move |_| {
        let (bus, navigator, workflow) = (bus.clone(), navigator.clone(), workflow.clone());
        let (path, asked) = (path.clone(), Rc::clone(&asked));
        spawn_local(async move {
            match bus.api.send::<RunSummary>(Method::POST, &path, &*asked).await {
                Ok(run) => {
                    if let Some(navigator) = navigator {
                        navigator.push(&Route::Run { id: workflow, run: run.id });
                    }
                }
                Err(refusal) => bus.refused(&refusal),
            }
        });
    })
}

#[derive(Properties, PartialEq)]
struct MendDialogProps {
    number: u64,
    record: Value,
    reason: AttrValue,
    source: bool,
    keep: Callback<Value>,
    close: Callback<()>,
}

/// A refused record, to be written as it should have been.
#[component]
fn MendDialog(props: &MendDialogProps) -> Html {
    let texts = use_bus().texts;
    let text = use_state(|| written(&props.record));
    let problem = use_state(|| None::<String>);
    let input = Callback::from({
        let text = text.clone();
        move |event: InputEvent| text.set(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let submit = Callback::from({
        let (text, problem, keep) = (text.clone(), problem.clone(), props.keep.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            match read(&text, texts) {
                Ok(record) => keep.emit(record),
                Err(said) => problem.set(Some(said)),
            }
        }
    });
    let help = if props.source { texts.mend_source_help() } else { texts.mend_help() };
    html! {
        <Dialog id="mend" title={texts.mend_record(props.number)} close={props.close.clone()}>
            <form onsubmit={submit}>
                <p class="bad-text"><Icon name="circle-alert" /><span><Prose text={props.reason.clone()} /></span></p>
                <div class="field">
                    <label for="mend-record">{ texts.record() }</label>
                    <textarea id="mend-record" class="code" rows="12" spellcheck="false" value={(*text).clone()} oninput={input}
                        aria-describedby="mend-help" aria-invalid={problem.is_some().then_some("true")} />
                    <p class="help" id="mend-help">{ help }</p>
                    <div role="alert">
                        if let Some(problem) = &*problem { <p class="bad-text"><Icon name="circle-alert" />{ problem }</p> }
                    </div>
                </div>
                <footer>
                    <button type="button" onclick={props.close.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                    <button type="submit" class="primary">{ texts.mend_keep() }</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// A record as it is written for mending. What could not be read at all is a text: it stands there to be made a record.
fn written(record: &Value) -> String {
    match record {
        Value::String(raw) => raw.clone(),
        record => serde_json::to_string_pretty(record).unwrap_or_default(),
    }
}

/// The record that was written.
///
/// # Errors
/// Why it is none.
fn read(text: &str, texts: Texts) -> Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(record) if record.is_object() => Ok(record),
        Ok(_) => Err(texts.no_object().to_owned()),
        Err(error) => Err(texts.not_json(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::Language;
    use serde_json::json;

    const EN: Texts = Texts(Language::En);

    #[test]
    fn a_mended_record_is_an_object() {
        assert_eq!(read(r#"{"a": 1}"#, EN), Ok(json!({ "a": 1 })));
        assert!(read("[1]", EN).is_err() && read("a;1", EN).is_err());
    }

    #[test]
    fn what_could_not_be_read_stands_there_as_it_was() {
        assert_eq!(written(&json!("a;b\"c")), "a;b\"c");
        assert_eq!(written(&json!({ "a": 1 })), "{\n  \"a\": 1\n}");
    }

    #[test]
    fn a_place_is_a_line_or_a_number() {
        assert_eq!(place(&json!({ "line": 12, "column": 4 }), EN), "line 12, column 4");
        assert_eq!(place(&json!({ "line": 12, "column": null, "number": 3 }), EN), "line 12");
        assert_eq!(place(&json!({ "number": 1_300 }), EN), "record 1,300");
        assert_eq!(place(&json!({}), EN), "");
    }
}
