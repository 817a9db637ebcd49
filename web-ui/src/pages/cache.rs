use super::settings::Frame;
use crate::{
    api::{Answer, Api, part},
    bus::{Bus, use_bus, use_load},
    components::{Icon, loaded},
    moment::when,
    texts::Texts,
};
use bus_core::api::{CacheEntry, Page, Time};
use gloo_net::http::Method;
use std::collections::BTreeMap;
use yew::prelude::*;

/// Pieces that are read at most; what is behind them comes when these are gone.
const MOST: usize = 10_000;

/// What is held for something: all its pieces together.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    owner: String,
    workflow: String,
    names: Vec<String>,
    size: u64,
    until: Time,
}

/// What is held, for whom and until when.
#[component]
pub(crate) fn CachePage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let list = use_load((), |api, ()| async move { everything(&api).await.map(held) });
    let again = list.again.clone();
    html! {
        <Frame title={texts.cache()} help={texts.cache_help()}>
            { loaded(&list, texts, |list| {
                if list.is_empty() { return html! { <p class="none">{ texts.no_cache() }</p> }; }
                let heads = [texts.held_for(), texts.workflow(), texts.size_head(), texts.until()];
                html! {
                    <div class="scroll"><table class="list">
                        <thead><tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }<th scope="col"><span class="unseen">{ texts.actions() }</span></th></tr></thead>
                        <tbody>{ for list.iter().map(|held| row(&bus, held, &again)) }</tbody>
                    </table></div>
                }
            }) }
        </Frame>
    }
}

/// All pieces, page by page.
async fn everything(api: &Api) -> Answer<Vec<CacheEntry>> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let mark = after.map(|mark| format!("&after={}", part(&mark))).unwrap_or_default();
        let page = api.get::<Page<CacheEntry>>(&format!("/cache?limit=1000{mark}")).await?;
        all.extend(page.items);
        after = page.next.filter(|_| all.len() < MOST);
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Pieces put together by what they are held for, what stays longest first.
fn held(entries: Vec<CacheEntry>) -> Vec<Held> {
    let mut found: BTreeMap<String, Held> = BTreeMap::new();
    for CacheEntry { name, owner, workflow, size, until } in entries {
        let new = || Held { owner: owner.clone(), workflow, names: Vec::new(), size: 0, until };
        let held = found.entry(owner.clone()).or_insert_with(new);
        held.names.push(name);
        held.size += size;
        held.until = held.until.max(until);
    }
    let mut held: Vec<Held> = found.into_values().collect();
    held.sort_by_key(|held| std::cmp::Reverse(held.until));
    held
}

fn row(bus: &Bus, held: &Held, again: &Callback<()>) -> Html {
    let texts = bus.texts;
    let what = what(&held.owner, texts);
    let remove = Callback::from({
        let (bus, held, again) = (bus.clone(), held.clone(), again.clone());
        move |_: MouseEvent| {
            let (api, held, again) = (bus.api.clone(), held.clone(), again.clone());
            bus.act(async move { forget(&api, &held).await }, move |()| again.emit(()));
        }
    });
    html! {
        <tr key={held.owner.clone()}>
            <th scope="row">{ &what }<p class="quiet-text"><code>{ &held.owner }</code></p></th>
            <td>{ &held.workflow }</td>
            <td class="right">{ texts.size(held.size) }</td>
            <td>{ when(held.until, texts) }</td>
            <td class="end"><button type="button" class="quiet" aria-label={texts.delete_held(format!("{what} {}", held.workflow))} onclick={remove}><Icon name="trash-2" /></button></td>
        </tr>
    }
}

async fn forget(api: &Api, held: &Held) -> Answer<()> {
    for name in &held.names {
        let path = format!("/cache?name={}&owner={}", part(name), part(&held.owner));
        api.call(Method::DELETE, &path).await?;
    }
    Ok(())
}

/// For what something is held, in words.
fn what(owner: &str, texts: Texts) -> String {
    match owner.split_once('/') {
        Some(("run", _)) => texts.held_run().to_owned(),
        Some(("publication", slug)) => texts.held_publication(slug),
        Some(("upload", _)) => texts.held_upload().to_owned(),
        _ => owner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_thing_stand_together() {
        let piece = |owner: &str, size, until| CacheEntry {
            name: format!("{owner}/{until}"),
            owner: owner.to_owned(),
            workflow: String::new(),
            size,
            until: Time(until),
        };
        let held = held(vec![piece("run/a", 2, 1), piece("run/b", 1, 9), piece("run/a", 3, 5)]);
        let shown: Vec<_> =
            held.iter().map(|it| (it.owner.as_str(), it.size, it.until.0, it.names.len())).collect();
        assert_eq!(shown, [("run/b", 1, 9, 1), ("run/a", 5, 5, 2)]);
    }
}
