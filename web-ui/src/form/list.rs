use super::{
    field::{Below, DrawnProps, Form, Setting},
    shape::{Kind, Shape},
};
use crate::{bus::use_bus, components::Icon};
use serde_json::Value;
use yew::prelude::*;

/// A list: each item with its own field or group, to be added, moved and removed.
#[component]
pub(crate) fn ListSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let Kind::List(pointer) = &drawn.shape.kind else { return Html::default() };
    let items = drawn.setting.value.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    let shape = Shape::at(&form.schema, pointer);
    let grouped = matches!(shape.kind, Kind::Group(_));
    let change = |items: Vec<Value>| {
        let (change, path) = (form.change.clone(), drawn.setting.path.clone());
        Callback::from(move |_: MouseEvent| {
            change.emit((path.clone(), (!items.is_empty()).then(|| Value::Array(items.clone()))));
        })
    };
    let with = |edit: &dyn Fn(&mut Vec<Value>)| {
        let mut items = items.clone();
        edit(&mut items);
        change(items)
    };
    let rows = items.iter().enumerate().map(|(index, item)| {
        let name = texts.item(index + 1);
        let tools = html! {
            <span class="tools">
                <button type="button" class="quiet" disabled={index == 0} aria-label={texts.move_up(&name)}
                    onclick={with(&|items| items.swap(index, index.saturating_sub(1)))}><Icon name="arrow-up" /></button>
                <button type="button" class="quiet" disabled={index + 1 == items.len()} aria-label={texts.move_down(&name)}
                    onclick={with(&|items| if index + 1 < items.len() { items.swap(index, index + 1); })}><Icon name="arrow-down" /></button>
                <button type="button" class="quiet" aria-label={texts.remove_item(&name)}
                    onclick={with(&|items| { items.remove(index); })}><Icon name="x" /></button>
            </span>
        };
        html! {
            <li key={index} class={classes!("item", (!grouped).then_some("plain"))}>
                <Setting pointer={pointer.clone()} path={drawn.setting.path.index(index)} {name} value={Some(item.clone())} required=true />
                if !form.readonly { { tools } }
            </li>
        }
    });
    let add = with(&|items| items.push(shape.blank()));
    html! {
        <fieldset class="group list-setting">
            <legend>{ drawn.label_html() }</legend>
            <Below drawn={drawn.clone()} />
            <ol>{ for rows }</ol>
            if !form.readonly {
                <button type="button" class="small" id={drawn.id()} onclick={add}>
                    <Icon name="plus" />{ texts.add_item() }<span class="unseen">{ format!(": {}", drawn.label()) }</span>
                </button>
            }
        </fieldset>
    }
}
