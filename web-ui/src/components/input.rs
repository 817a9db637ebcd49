use crate::bus::use_bus;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A text to type, with its label.
#[derive(Properties, PartialEq)]
pub(crate) struct InputProps {
    /// Names it in the page.
    pub(crate) id: AttrValue,
    /// Its label.
    pub(crate) label: AttrValue,
    /// What stands in it.
    pub(crate) value: AttrValue,
    /// Takes what was typed.
    pub(crate) change: Callback<String>,
    /// What to write there.
    #[prop_or_default]
    pub(crate) help: AttrValue,
    /// The kind of input, as HTML names it.
    #[prop_or(AttrValue::Static("text"))]
    pub(crate) kind: AttrValue,
    /// What a browser may fill in.
    #[prop_or(AttrValue::Static("off"))]
    pub(crate) autocomplete: AttrValue,
    /// Whether it must be filled in.
    #[prop_or_default]
    pub(crate) required: bool,
    /// How short it may be.
    #[prop_or_default]
    pub(crate) shortest: Option<AttrValue>,
    /// Whether it only shows.
    #[prop_or_default]
    pub(crate) readonly: bool,
}

/// A text to type, with its label and help.
#[component]
pub(crate) fn Input(props: &InputProps) -> Html {
    let texts = use_bus().texts;
    let change =
        props.change.reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let help = (!props.help.is_empty()).then(|| format!("{}-help", props.id));
    html! {
        <div class="field">
            <label for={props.id.clone()}>
                { &props.label }
                if props.required { <span class="must" aria-hidden="true" title={texts.required()}>{ " *" }</span> }
            </label>
            <input id={props.id.clone()} type={props.kind.clone()} value={props.value.clone()} oninput={change}
                autocomplete={props.autocomplete.clone()} required={props.required} minlength={props.shortest.clone()}
                readonly={props.readonly} aria-describedby={help.clone()}
                placeholder={(props.kind == "search").then(|| props.label.clone())} />
            if let Some(help) = help { <p class="help" id={help}>{ &props.help }</p> }
        </div>
    }
}

/// One of a few things, with its label.
#[derive(Properties, PartialEq)]
pub(crate) struct ChoiceProps {
    /// Names it in the page.
    pub(crate) id: AttrValue,
    /// Its label.
    pub(crate) label: AttrValue,
    /// What is chosen.
    pub(crate) value: AttrValue,
    /// What can be: value and label.
    pub(crate) options: Vec<(AttrValue, AttrValue)>,
    /// Takes what was chosen.
    pub(crate) change: Callback<String>,
    /// Whether its label is only for those who listen.
    #[prop_or_default]
    pub(crate) bare: bool,
    /// Whether it only shows.
    #[prop_or_default]
    pub(crate) readonly: bool,
}

/// One of a few things, with its label.
#[component]
pub(crate) fn Choice(props: &ChoiceProps) -> Html {
    let change =
        props.change.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
    let options = props.options.iter().map(|(value, label)| {
        html! { <option value={value.clone()} selected={*value == props.value}>{ label }</option> }
    });
    html! {
        <div class="field">
            <label for={props.id.clone()} class={classes!(props.bare.then_some("unseen"))}>{ &props.label }</label>
            <select id={props.id.clone()} onchange={change} disabled={props.readonly}>{ for options }</select>
        </div>
    }
}

/// Yes or no, with its label.
#[derive(Properties, PartialEq)]
pub(crate) struct SwitchProps {
    /// Names it in the page.
    pub(crate) id: AttrValue,
    /// Its label.
    pub(crate) label: AttrValue,
    /// Whether it is on.
    pub(crate) on: bool,
    /// Takes the change.
    pub(crate) change: Callback<bool>,
    /// What it does.
    #[prop_or_default]
    pub(crate) help: AttrValue,
    /// Whether it only shows.
    #[prop_or_default]
    pub(crate) readonly: bool,
}

/// Yes or no, with its label and help.
#[component]
pub(crate) fn Switch(props: &SwitchProps) -> Html {
    let change =
        props.change.reform(|event: Event| event.target_unchecked_into::<HtmlInputElement>().checked());
    let help = (!props.help.is_empty()).then(|| format!("{}-help", props.id));
    html! {
        <div class="field switch">
            <input id={props.id.clone()} type="checkbox" role="switch" checked={props.on} onchange={change}
                disabled={props.readonly} aria-describedby={help.clone()} />
            <label for={props.id.clone()}>{ &props.label }</label>
            if let Some(help) = help { <p class="help" id={help}>{ &props.help }</p> }
        </div>
    }
}
