use crate::{
    api::part,
    browser,
    bus::{use_bus, use_load},
    components::{Icon, loaded},
    moment::when,
    route::Route,
    texts::Texts,
};
use bus_core::api::PublicationInfo;
use yew::prelude::*;
use yew_router::prelude::*;

/// Extensions under which published data can be had.
const EXTENSIONS: [&str; 6] = ["json", "csv", "geojson", "ttl", "jsonld", "xml"];

/// What workflows offer to the outside.
#[component]
pub(crate) fn PublicationsPage() -> Html {
    let texts = use_bus().texts;
    use_effect_with(texts, |texts| browser::title(texts.publications()));
    let list = use_load((), |api, ()| async move { api.get::<Vec<PublicationInfo>>("/publications").await });
    html! {
        <div class="page">
            <header class="page-head"><div><h1>{ texts.publications() }</h1><p class="lead">{ texts.publications_help() }</p></div></header>
            { loaded(&list, texts, |list| publications(list, texts)) }
        </div>
    }
}

fn publications(list: &[PublicationInfo], texts: Texts) -> Html {
    if list.is_empty() {
        return html! {
            <div class="empty">
                <h2>{ texts.no_publications() }</h2>
                <p>{ texts.no_publications_help() }</p>
                <Link<Route> to={Route::Workflows} classes="button">{ texts.to_workflows() }</Link<Route>>
            </div>
        };
    }
    let heads = [
        texts.title(),
        texts.formats(),
        texts.records_count(),
        texts.updated(),
        texts.until(),
        texts.readers(),
    ];
    html! {
        <div class="scroll"><table class="list">
            <thead><tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }</tr></thead>
            <tbody>{ for list.iter().map(|it| row(it, texts)) }</tbody>
        </table></div>
    }
}

fn row(it: &PublicationInfo, texts: Texts) -> Html {
    let address = format!("/data/{}", part(&it.slug));
    let title = if it.title.is_empty() { &it.slug } else { &it.title };
    let format = |extension: &&str| {
        let href = format!("{address}.{extension}");
        html! { <li><a {href} aria-label={format!("{title}: {extension}")}>{ *extension }</a></li> }
    };
    html! {
        <tr key={it.slug.clone()}>
            <th scope="row"><Link<Route> to={Route::Run { id: it.workflow.clone(), run: it.run.clone() }} classes="strong">{ title }</Link<Route>>
                <p class="quiet-text"><code>{ address.clone() }</code></p></th>
            <td><ul class="inline">{ for EXTENSIONS.iter().map(format) }</ul></td>
            <td class="right">{ texts.number(it.records) }</td>
            <td>{ when(it.at, texts) }</td>
            <td>{ when(it.until, texts) }</td>
            <td>
                if it.public { <span class="badge good small"><Icon name="globe" />{ texts.everybody() }</span> }
                else { <span class="badge idle small"><Icon name="lock" />{ texts.only_shared() }</span> }
            </td>
        </tr>
    }
}
