use super::Icon;
use crate::{
    bus::{Load, Loaded},
    texts::Texts,
};
use yew::prelude::*;

/// What was fetched, drawn by `draw`; until then that it is on its way, or why it does not come.
pub(crate) fn loaded<T>(loaded: &Loaded<T>, texts: Texts, draw: impl FnOnce(&T) -> Html) -> Html {
    match &*loaded.state {
        Load::Waiting => html! { <p class="waiting" role="status">{ texts.loading() }</p> },
        Load::Here(here) => draw(here),
        Load::Refused(refusal) => {
            let again = loaded.again.reform(|_: MouseEvent| ());
            html! {
                <div class="refused" role="alert">
                    <Icon name="circle-alert" />
                    <p>{ &refusal.text }</p>
                    <button type="button" onclick={again}><Icon name="refresh-cw" />{ texts.again() }</button>
                </div>
            }
        }
    }
}
