use super::{
    field::{Below, DrawnProps, Form, Setting},
    shape::{Branch, Kind, Shape, tag_of},
};
use crate::{bus::use_bus, components::Prose};
use serde_json::{Value, json};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// One of several things, some with settings of their own.
#[component]
pub(crate) fn ChoiceSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let Kind::Choice(branches) = &drawn.shape.kind else { return Html::default() };
    let value = drawn.setting.value.as_ref();
    let tag = value.and_then(tag_of).unwrap_or_default().to_owned();
    let change = form.change.reform({
        let (path, branches, form) = (drawn.setting.path.clone(), branches.clone(), form.clone());
        move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            let branch = branches.iter().find(|branch| branch.tag == chosen);
            (path.clone(), branch.map(|branch| first_value(branch, &form)))
        }
    });
    let chosen = branches.iter().find(|branch| branch.tag == tag);
    let usual = drawn.shape.default.as_ref().and_then(tag_of).unwrap_or_default();
    let usual = branches.iter().find(|branch| branch.tag == usual).map(label);
    let nothing = match (&usual, drawn.setting.required) {
        (Some(usual), _) => texts.default_is(usual),
        (None, true) => texts.choose().to_owned(),
        (None, false) => texts.not_set().to_owned(),
    };
    let said = chosen.map(|branch| branch.description.clone()).unwrap_or_default();
    let id = drawn.id();
    html! {
        <div class="field">
            <label for={id.clone()}>{ drawn.label_html() }</label>
            <select id={id.clone()} onchange={change} disabled={form.readonly}
                aria-invalid={drawn.wrong(&form).then_some("true")} aria-describedby={drawn.described_by(&form)}>
                <option value="" selected={tag.is_empty()}>{ nothing }</option>
                { for branches.iter().map(|branch| html! {
                    <option value={branch.tag.clone()} selected={branch.tag == tag}>{ label(branch) }</option>
                }) }
            </select>
            <Below drawn={drawn.clone()} />
            if !said.is_empty() { <p class="help chosen"><Prose text={said} /></p> }
            { chosen.and_then(|branch| content(branch, props, value)) }
        </div>
    }
}

/// The settings of what was chosen.
fn content(branch: &Branch, props: &DrawnProps, value: Option<&Value>) -> Option<Html> {
    let pointer = branch.content.clone()?;
    let inner = value.and_then(|value| value.get(&branch.tag)).cloned();
    // what is written by its name alone holds nothing yet
    let inner = inner.or_else(|| branch.bare.then(|| json!({})));
    let path = props.drawn.setting.path.key(&branch.tag);
    let (key, name) = (branch.tag.clone(), label(branch));
    Some(html! {
        <div class="inner" {key}><Setting {pointer} {path} {name} value={inner} required=true /></div>
    })
}

fn first_value(branch: &Branch, form: &Form) -> Value {
    match &branch.content {
        Some(content) if !branch.bare => {
            json!({ branch.tag.clone(): Shape::at(&form.schema, content).blank() })
        }
        None if !branch.bare => json!({ branch.tag.clone(): {} }),
        _ => Value::from(branch.tag.as_str()),
    }
}

fn label(branch: &Branch) -> String {
    if branch.title.is_empty() { branch.tag.clone() } else { branch.title.clone() }
}
