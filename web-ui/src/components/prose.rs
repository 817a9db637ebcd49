use yew::prelude::*;

/// A text of the manual.
#[derive(Properties, PartialEq)]
pub(crate) struct ProseProps {
    /// The text; what stands between backticks is code.
    pub(crate) text: AttrValue,
}

/// A text of the manual, its code set as code.
#[component]
pub(crate) fn Prose(props: &ProseProps) -> Html {
    let pieces = props.text.split('`').enumerate().map(|(place, piece)| {
        if place % 2 == 1 {
            html! { <code>{ piece }</code> }
        } else {
            html! { { piece } }
        }
    });
    html! { <>{ for pieces }</> }
}
