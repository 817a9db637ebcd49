use super::{
    field::{Below, DrawnProps, Form},
    shape::Kind,
    typed::{Typed, read, show},
};
use crate::{bus::use_bus, components::Icon};
use serde_json::Value;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

/// A value to type: text, number, expression, path of a field, JSON.
#[component]
pub(crate) fn TextSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let typed = match drawn.shape.kind {
        Kind::Number { .. } => Typed::Number,
        Kind::Scalar => Typed::Scalar,
        Kind::Json => Typed::Json,
        _ => Typed::Text,
    };
    let value = drawn.setting.value.clone();
    // what was typed, and the value it stood for: `1.` is not to become `1` under the hand of who types
    let last = use_state(|| (String::new(), None::<Value>));
    let problem = use_state(|| None::<String>);
    let shown =
        if last.1 == value && !last.0.is_empty() { last.0.clone() } else { show(typed, value.as_ref()) };
    let input = Callback::from({
        let (change, path, problem) = (form.change.clone(), drawn.setting.path.clone(), problem.clone());
        move |event: InputEvent| {
            let text = text_of(&event);
            match read(typed, &text) {
                Ok(read) => {
                    problem.set(None);
                    last.set((text, read.clone()));
                    change.emit((path.clone(), read));
                }
                Err(why) => {
                    problem.set(Some(why));
                    last.set((text, value.clone()));
                }
            }
        }
    });
    let id = drawn.id();
    let wrong = drawn.wrong(&form) || problem.is_some();
    let invalid = wrong.then_some("true");
    let described = drawn.described_by(&form);
    let long = matches!(drawn.shape.kind, Kind::Long | Kind::Expression | Kind::Template | Kind::Json);
    let mode = matches!(drawn.shape.kind, Kind::Number { .. }).then_some("decimal");
    let code =
        matches!(drawn.shape.kind, Kind::Expression | Kind::Json | Kind::Field | Kind::Template | Kind::Long);
    let class = classes!(code.then_some("code"));
    let known = (drawn.shape.kind == Kind::Field).then_some("known-fields");
    html! {
        <div class="field">
            <label for={id.clone()}>{ drawn.label_html() }</label>
            if long {
                <textarea id={id.clone()} {class} value={shown.clone()} oninput={input} rows={rows(&shown)} spellcheck="false"
                    readonly={form.readonly} placeholder={drawn.default_text()} aria-invalid={invalid}
                    aria-describedby={described} />
            } else {
                <input id={id.clone()} {class} value={shown} oninput={input} inputmode={mode} list={known}
                    autocomplete="off" spellcheck="false" readonly={form.readonly} placeholder={drawn.default_text()}
                    aria-invalid={invalid} aria-describedby={described} />
            }
            if let Some(problem) = &*problem {
                <p class="bad-text" role="alert"><Icon name="circle-alert" />{ texts.not_json(problem) }</p>
            }
            <Below drawn={drawn.clone()} />
        </div>
    }
}

/// Letters that fit on a line of a field, about.
const LINE: usize = 36;

/// As many lines as the text takes, within reason.
fn rows(text: &str) -> String {
    let lines = text.lines().map(|line| line.chars().count().div_ceil(LINE).max(1));
    lines.sum::<usize>().clamp(2, 14).to_string()
}

fn text_of(event: &InputEvent) -> String {
    let Some(target) = event.target() else { return String::new() };
    match target.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(target) => target.dyn_into::<HtmlTextAreaElement>().map(|area| area.value()).unwrap_or_default(),
    }
}
