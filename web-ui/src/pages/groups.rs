use super::settings::Frame;
use crate::{
    api::part,
    bus::{Bus, use_bus, use_load},
    components::{Dialog, Icon, Input, loaded},
};
use bus_core::api::{Account, Group};
use gloo_net::http::Method;
use yew::prelude::*;

/// The groups one is in.
#[component]
pub(crate) fn GroupsPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let list = use_load((), |api, ()| async move {
        Ok((api.get::<Vec<Group>>("/groups").await?, api.get::<Vec<Account>>("/accounts").await?))
    });
    let name = use_state(String::new);
    let submit = Callback::from({
        let (bus, name, again) = (bus.clone(), name.clone(), list.again.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let asked =
                Group { id: String::new(), name: (*name).clone(), members: Vec::new(), owner: String::new() };
            let (api, name, again) = (bus.api.clone(), name.clone(), again.clone());
            bus.act(async move { api.send::<Group>(Method::POST, "/groups", &asked).await }, move |_| {
                name.set(String::new());
                again.emit(());
            });
        }
    });
    html! {
        <Frame title={texts.groups()} help={texts.groups_help()}>
            { loaded(&list, texts, |(groups, people)| html! {
                <>
                    if groups.is_empty() { <p class="none">{ texts.no_groups() }</p> }
                    { for groups.iter().map(|group| html! {
                        <GroupPanel key={group.id.clone()} group={group.clone()} people={people.clone()} again={list.again.clone()} />
                    }) }
                </>
            }) }
            <section class="panel" aria-labelledby="new-group">
                <h2 id="new-group">{ texts.new_group() }</h2>
                <form onsubmit={submit}>
                    <Input id="group-name" label={texts.group_name()} required=true value={(*name).clone()} change={move |typed| name.set(typed)} />
                    <button type="submit"><Icon name="plus" />{ texts.new_group() }</button>
                </form>
            </section>
        </Frame>
    }
}

#[derive(Properties, PartialEq)]
struct GroupPanelProps {
    group: Group,
    people: Vec<Account>,
    again: Callback<()>,
}

/// A group and its members.
#[component]
fn GroupPanel(props: &GroupPanelProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let group = &props.group;
    let (email, doomed) = (use_state(String::new), use_state(|| false));
    let account = bus.account.clone();
    let may = account.is_some_and(|account| account.administrator || account.id == group.owner);
    let submit = Callback::from({
        let (bus, group, email, again) = (bus.clone(), group.clone(), email.clone(), props.again.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let members = group.members.iter().cloned().chain([email.trim().to_owned()]).collect();
            let (email, again) = (email.clone(), again.clone());
            change(
                &bus,
                &group,
                members,
                Callback::from(move |()| {
                    email.set(String::new());
                    again.emit(());
                }),
            );
        }
    });
    let remove = Callback::from({
        let (bus, id, again) = (bus.clone(), group.id.clone(), props.again.clone());
        move |_: MouseEvent| {
            let (api, path, again) = (bus.api.clone(), format!("/groups/{}", part(&id)), again.clone());
            bus.act(async move { api.call(Method::DELETE, &path).await }, move |()| again.emit(()));
        }
    });
    let spare = Callback::from({
        let doomed = doomed.clone();
        move |()| doomed.set(false)
    });
    let ask = Callback::from({
        let doomed = doomed.clone();
        move |_: MouseEvent| doomed.set(true)
    });
    let title = format!("group-{}", group.id);
    html! {
        <section class="panel" aria-labelledby={title.clone()}>
            <header class="panel-head">
                <h2 id={title}>{ &group.name }</h2>
                if may {
                    <button type="button" class="quiet" aria-label={texts.delete_group(&group.name)} onclick={ask}><Icon name="trash-2" /></button>
                }
            </header>
            <table class="list"><caption class="unseen">{ texts.members() }</caption><tbody>{ for group.members.iter().map(|id| member(&bus, props, id, may)) }</tbody></table>
            if may {
                <form onsubmit={submit}>
                    <Input id={format!("member-{}", group.id)} label={texts.add_member(&group.name)} kind="email" required=true value={(*email).clone()}
                        change={move |typed| email.set(typed)} />
                    <button type="submit"><Icon name="plus" />{ texts.add() }</button>
                </form>
            }
            if *doomed {
                <Dialog id="delete-group" title={texts.delete_group(&group.name)} close={spare.clone()}>
                    <p>{ texts.delete_group_help() }</p>
                    <footer>
                        <button type="button" onclick={spare.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                        <button type="button" class="danger" onclick={remove}><Icon name="trash-2" />{ texts.delete() }</button>
                    </footer>
                </Dialog>
            }
        </section>
    }
}

fn member(bus: &Bus, props: &GroupPanelProps, id: &str, may: bool) -> Html {
    let (texts, group) = (bus.texts, &props.group);
    let account = props.people.iter().find(|account| account.id == id);
    let name = account.map_or(id, |account| &account.name).to_owned();
    let remove = Callback::from({
        let (bus, group, again, id) = (bus.clone(), group.clone(), props.again.clone(), id.to_owned());
        move |_: MouseEvent| {
            let members = group.members.iter().filter(|member| **member != id).cloned().collect();
            change(&bus, &group, members, again.clone());
        }
    });
    html! {
        <tr key={id.to_owned()}>
            <th scope="row">{ &name }</th>
            <td>{ account.map(|account| account.email.clone()).unwrap_or_default() }</td>
            <td>if group.owner == id { <span class="badge idle small">{ texts.owner() }</span> }</td>
            <td class="end">
                if may { <button type="button" class="quiet" aria-label={texts.remove_item(&name)} onclick={remove}><Icon name="x" /></button> }
            </td>
        </tr>
    }
}

/// Gives a group other members.
fn change(bus: &Bus, group: &Group, members: Vec<String>, then: Callback<()>) {
    let asked = Group { members, ..group.clone() };
    let (api, path) = (bus.api.clone(), format!("/groups/{}", part(&group.id)));
    bus.act(async move { api.send::<Group>(Method::PUT, &path, &asked).await }, move |_| then.emit(()));
}
