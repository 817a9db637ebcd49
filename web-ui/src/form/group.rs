use super::{
    field::{Below, DrawnProps, Form, Setting},
    shape::{Kind, Member, Shape},
    value::Path,
};
use crate::{bus::use_bus, components::Icon};
use serde_json::{Map, Value};
use yew::prelude::*;

/// How many settings that need not be given are shown at once; the others can be unfolded.
const SHOWN: usize = 6;

/// All settings of a step.
#[derive(Properties, PartialEq)]
pub(crate) struct SettingsProps {
    /// What is set.
    pub(crate) value: Map<String, Value>,
}

/// All settings of a step; the form's schema is in its context.
#[component]
pub(crate) fn Settings(props: &SettingsProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let Kind::Group(members) = Shape::at(&form.schema, "").kind else { return Html::default() };
    let fields = form.fields.iter().map(|field| html! { <option value={field.clone()} /> });
    html! {
        <>
            if members.is_empty() { <p class="none">{ texts.no_settings() }</p> }
            <Members {members} path={Path::default()} value={Value::Object(props.value.clone())} />
            <datalist id="known-fields">{ for fields }</datalist>
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct MembersProps {
    pub(crate) members: Vec<Member>,
    pub(crate) path: Path,
    pub(crate) value: Value,
}

/// The members of a group, those that need not be given folded away where they are many.
#[component]
pub(crate) fn Members(props: &MembersProps) -> Html {
    let texts = use_bus().texts;
    let mut optional = 0;
    let (first, rest): (Vec<&Member>, Vec<&Member>) = props.members.iter().partition(|member| {
        optional += usize::from(!member.required);
        member.required || optional <= SHOWN
    });
    let draw = |member: &&Member| {
        let value = props.value.get(&member.name).filter(|value| !value.is_null()).cloned();
        html! {
            <Setting key={member.name.clone()} pointer={member.pointer.clone()} path={props.path.key(&member.name)}
                name={member.name.clone()} required={member.required} {value} />
        }
    };
    let open = rest.iter().any(|member| props.value.get(&member.name).is_some());
    html! {
        <>
            { for first.iter().map(draw) }
            if !rest.is_empty() {
                <details class="more" open={open}>
                    <summary><Icon name="chevron-right" />{ texts.more_settings(rest.len()) }</summary>
                    { for rest.iter().map(draw) }
                </details>
            }
        </>
    }
}

/// Settings that belong together.
#[component]
pub(crate) fn GroupSetting(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let Kind::Group(members) = &drawn.shape.kind else { return Html::default() };
    let path = drawn.setting.path.clone();
    let there = drawn.setting.value.is_some() || drawn.setting.required;
    let switch = form.change.reform({
        let path = path.clone();
        move |_: MouseEvent| (path.clone(), (!there).then(|| Value::Object(Map::new())))
    });
    let value =
        drawn.setting.value.clone().filter(Value::is_object).unwrap_or_else(|| Value::Object(Map::new()));
    html! {
        <fieldset class="group">
            <legend>{ drawn.label_html() }</legend>
            <Below drawn={drawn.clone()} />
            if there { <Members members={members.clone()} {path} {value} /> }
            if !drawn.setting.required && !form.readonly {
                <button type="button" class="small" onclick={switch}>
                    <Icon name={if there { "x" } else { "plus" }} />
                    { if there { texts.unset_group() } else { texts.set_group() } }
                    <span class="unseen">{ drawn.label() }</span>
                </button>
            }
        </fieldset>
    }
}
