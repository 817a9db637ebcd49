use super::Icon;
use crate::bus::use_bus;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// A question or a small form over the page.
#[derive(Properties, PartialEq)]
pub(crate) struct DialogProps {
    /// Names it in the page.
    pub(crate) id: AttrValue,
    /// What it is about.
    pub(crate) title: AttrValue,
    /// Whether it takes most of the window.
    #[prop_or_default]
    pub(crate) wide: bool,
    /// Closes it: by its cross, by Escape.
    pub(crate) close: Callback<()>,
    /// What it holds.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The browser's own modal dialog: it keeps the keyboard inside and gives it back afterwards.
#[component]
pub(crate) fn Dialog(props: &DialogProps) -> Html {
    let texts = use_bus().texts;
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                dialog.show_modal().unwrap_or_default();
            }
        }
    });
    let cancel = props.close.reform(|event: Event| event.prevent_default());
    let close = props.close.reform(|_: MouseEvent| ());
    let title = format!("{}-title", props.id);
    html! {
        <dialog ref={node} class={classes!("dialog", props.wide.then_some("wide"))} id={props.id.clone()} aria-labelledby={title.clone()} oncancel={cancel}>
            <header>
                <h2 id={title}>{ &props.title }</h2>
                <button type="button" class="quiet" aria-label={texts.close()} onclick={close}><Icon name="x" /></button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
