use super::{
    field::{Below, DrawnProps, Form, Setting},
    shape::{Kind, Shape},
};
use crate::{bus::use_bus, components::Icon};
use serde_json::{Map, Value};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Values by name.
#[component]
pub(crate) fn MapSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let Kind::Map(pointer) = &drawn.shape.kind else { return Html::default() };
    let entries = drawn.setting.value.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let change = form.change.reform({
        let path = drawn.setting.path.clone();
        move |entries: Map<String, Value>| {
            (path.clone(), (!entries.is_empty()).then_some(Value::Object(entries)))
        }
    });
    let rows = entries.iter().enumerate().map(|(place, (name, value))| {
        let id = format!("{}-key-{place}", drawn.id());
        let rename = change.reform({
            let (entries, name) = (entries.clone(), name.clone());
            move |event: Event| renamed(&entries, &name, &event.target_unchecked_into::<HtmlInputElement>().value())
        });
        let remove = change.reform({
            let (entries, name) = (entries.clone(), name.clone());
            move |_: MouseEvent| {
                let mut entries = entries.clone();
                entries.shift_remove(&name);
                entries
            }
        });
        html! {
            <li key={place} class="item">
                <div class="field">
                    <label for={id.clone()}>{ texts.key() }</label>
                    <input {id} value={name.clone()} onchange={rename} readonly={form.readonly} autocomplete="off" spellcheck="false" />
                </div>
                <Setting pointer={pointer.clone()} path={drawn.setting.path.key(name)} name={texts.value()} value={Some(value.clone())} required=true />
                if !form.readonly {
                    <span class="tools"><button type="button" class="quiet" aria-label={texts.remove_item(name)} onclick={remove}><Icon name="x" /></button></span>
                }
            </li>
        }
    });
    let add = change.reform({
        let (entries, blank) = (entries.clone(), Shape::at(&form.schema, pointer).blank());
        move |_: MouseEvent| {
            let mut entries = entries.clone();
            let name =
                (1..).map(|number| format!("{}{number}", "name-")).find(|name| !entries.contains_key(name));
            entries.insert(name.unwrap_or_default(), blank.clone());
            entries
        }
    });
    html! {
        <fieldset class="group list-setting">
            <legend>{ drawn.label_html() }</legend>
            <Below drawn={drawn.clone()} />
            <ol class="entries">{ for rows }</ol>
            if !form.readonly {
                <button type="button" class="small" id={drawn.id()} onclick={add}>
                    <Icon name="plus" />{ texts.add_entry() }<span class="unseen">{ format!(": {}", drawn.label()) }</span>
                </button>
            }
        </fieldset>
    }
}

/// The entries with one under another name, at its place; as they were if that name is taken.
fn renamed(entries: &Map<String, Value>, from: &str, to: &str) -> Map<String, Value> {
    if to.is_empty() || entries.contains_key(to) {
        return entries.clone();
    }
    let name = |name: &String| if name == from { to.to_owned() } else { name.clone() };
    entries.iter().map(|(known, value)| (name(known), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::renamed;
    use serde_json::{Map, Value, json};

    fn entries(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn an_entry_keeps_its_place_under_another_name() {
        let known = entries(json!({ "a": 1, "b": 2 }));
        assert_eq!(json!(renamed(&known, "a", "c")).to_string(), r#"{"c":1,"b":2}"#);
        assert_eq!(renamed(&known, "a", "b"), known);
    }
}
