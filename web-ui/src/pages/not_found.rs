use crate::{browser, bus::use_bus, route::Route};
use yew::prelude::*;
use yew_router::prelude::*;

/// An address that leads nowhere.
#[component]
pub(crate) fn NotFoundPage() -> Html {
    let texts = use_bus().texts;
    use_effect_with(texts, |texts| browser::title(texts.not_found()));
    html! {
        <div class="page empty">
            <h1>{ texts.not_found() }</h1>
            <p>{ texts.not_found_help() }</p>
            <Link<Route> to={Route::Workflows} classes="button primary">{ texts.to_workflows() }</Link<Route>>
        </div>
    }
}
