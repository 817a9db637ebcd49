use super::Icon;
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

/// A file to choose.
#[derive(Properties, PartialEq)]
pub(crate) struct FileButtonProps {
    /// Names it in the page.
    pub(crate) id: AttrValue,
    /// What the button says.
    pub(crate) label: AttrValue,
    /// What else is said to those who listen.
    #[prop_or_default]
    pub(crate) about: AttrValue,
    /// Which files are offered first, as HTML names them.
    #[prop_or_default]
    pub(crate) accept: Option<AttrValue>,
    /// Takes the file.
    pub(crate) chosen: Callback<File>,
}

/// A button that asks for a file of whoever looks. Its input stays reachable by keyboard.
#[component]
pub(crate) fn FileButton(props: &FileButtonProps) -> Html {
    let change = Callback::from({
        let chosen = props.chosen.clone();
        move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            let file = input.files().and_then(|files| files.get(0));
            // the same file may be chosen again, after it was changed
            input.set_value("");
            file.into_iter().for_each(|file| chosen.emit(file));
        }
    });
    html! {
        <label class="button">
            <Icon name="upload" />{ &props.label }
            if !props.about.is_empty() { <span class="unseen">{ format!(": {}", props.about) }</span> }
            <input id={props.id.clone()} type="file" class="unseen" accept={props.accept.clone()} onchange={change} />
        </label>
    }
}
