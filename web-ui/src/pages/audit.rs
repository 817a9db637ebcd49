use super::{settings::Frame, workflow_pages::WorkflowFrame};
use crate::{
    api::part,
    bus::{Load, use_bus, use_load},
    components::{Icon, loaded},
    moment::when,
    texts::Texts,
};
use bus_core::api::{Account, AuditEntry, Page};
use std::collections::BTreeMap;
use yew::prelude::*;

/// Entries on a page.
const PAGE: usize = 100;

/// Who did what on the whole bus.
#[component]
pub(crate) fn AuditPage() -> Html {
    let texts = use_bus().texts;
    html! { <Frame title={texts.audit()} help={texts.audit_help()}><Entries /></Frame> }
}

/// Of which workflow.
#[derive(Properties, PartialEq)]
pub(crate) struct WorkflowAuditProps {
    /// The workflow.
    pub(crate) id: AttrValue,
}

/// Who did what with a workflow and its runs.
#[component]
pub(crate) fn WorkflowAuditPage(props: &WorkflowAuditProps) -> Html {
    let texts = use_bus().texts;
    html! {
        <WorkflowFrame id={props.id.clone()} title={Callback::from(move |name: String| texts.audit_of(name))} help={texts.audit_help()}>
            <Entries object={format!("workflow/{}", props.id)} />
        </WorkflowFrame>
    }
}

#[derive(Properties, PartialEq)]
struct EntriesProps {
    #[prop_or_default]
    object: Option<AttrValue>,
}

/// What was done, as many pages of it as were asked for.
#[component]
fn Entries(props: &EntriesProps) -> Html {
    let texts = use_bus().texts;
    let pages = use_state(|| 1_usize);
    let list = use_load((props.object.clone(), *pages), |api, (object, pages)| async move {
        let object = object.map(|object| format!("&object={}", part(&object))).unwrap_or_default();
        let (mut all, mut next) = (Vec::new(), None::<String>);
        for _ in 0..pages {
            let after = next.map(|after| format!("&after={}", part(&after))).unwrap_or_default();
            let page = api.get::<Page<AuditEntry>>(&format!("/audit?limit={PAGE}{object}{after}")).await?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok((all, next.is_some()))
    });
    let people = use_load((), |api, ()| async move { api.get::<Vec<Account>>("/accounts").await });
    let names: BTreeMap<String, String> = match &*people.state {
        Load::Here(people) => {
            let by = |account: &Account| {
                [&account.id, &account.email].map(|key| (key.clone(), account.name.clone()))
            };
            people.iter().flat_map(by).collect()
        }
        Load::Waiting | Load::Refused(_) => BTreeMap::new(),
    };
    let more = Callback::from(move |_: MouseEvent| pages.set(*pages + 1));
    loaded(&list, texts, |(entries, is_more)| {
        if entries.is_empty() {
            return html! { <p class="none">{ texts.no_audit() }</p> };
        }
        let heads = [texts.when(), texts.who(), texts.action(), texts.on_what(), texts.detail()];
        html! {
            <>
                <div class="scroll"><table class="list">
                    <thead><tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }</tr></thead>
                    <tbody>{ for entries.iter().map(|entry| row(entry, &names, texts)) }</tbody>
                </table></div>
                if *is_more { <p><button type="button" onclick={more}><Icon name="chevron-down" />{ texts.show_more() }</button></p> }
            </>
        }
    })
}

fn row(entry: &AuditEntry, names: &BTreeMap<String, String>, texts: Texts) -> Html {
    // `account/<id>` or the id alone
    let id = entry.actor.rsplit_once('/').map_or(entry.actor.as_str(), |(_, id)| id);
    let who = match names.get(id) {
        Some(name) => name.clone(),
        None if entry.actor.is_empty() => texts.nobody().to_owned(),
        None => entry.actor.clone(),
    };
    html! {
        <tr>
            <td class="nowrap">{ when(entry.at, texts) }</td>
            <td title={entry.actor.clone()}>{ who }</td>
            <td><code>{ &entry.action }</code></td>
            <td><code>{ &entry.object }</code></td>
            <td class="wrap">{ &entry.detail }</td>
        </tr>
    }
}
