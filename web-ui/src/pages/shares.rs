use super::workflow_pages::WorkflowFrame;
use crate::{
    api::part,
    bus::{Bus, use_bus, use_load},
    components::{Choice, Dialog, Icon, Input, loaded},
    texts::Texts,
};
use bus_core::api::{Group, Role, Share, Shared, WorkflowDetail};
use gloo_net::http::Method;
use yew::prelude::*;

/// What stands in front of the id of a group.
const GROUP: &str = "group:";

/// Of which workflow.
#[derive(Properties, PartialEq)]
pub(crate) struct SharesPageProps {
    /// The workflow.
    pub(crate) id: AttrValue,
}

/// With whom a workflow is shared, and handing it over.
#[component]
pub(crate) fn SharesPage(props: &SharesPageProps) -> Html {
    let texts = use_bus().texts;
    html! {
        <WorkflowFrame id={props.id.clone()} title={Callback::from(move |name: String| texts.sharing_of(name))} help={texts.share_help()}>
            <Sharing id={props.id.clone()} />
        </WorkflowFrame>
    }
}

/// What there is to know.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    shared: Shared,
    groups: Vec<Group>,
    role: Role,
}

#[component]
fn Sharing(props: &SharesPageProps) -> Html {
    let texts = use_bus().texts;
    let known = use_load(props.id.clone(), |api, id| async move {
        let path = format!("/workflows/{}", part(&id));
        Ok(Known {
            shared: api.get::<Shared>(&format!("{path}/shares")).await?,
            groups: api.get::<Vec<Group>>("/groups").await?,
            role: api.get::<WorkflowDetail>(&path).await?.summary.role,
        })
    });
    loaded(&known, texts, |known_now| {
        html! { <Panels id={props.id.clone()} known={known_now.clone()} again={known.again.clone()} /> }
    })
}

#[derive(Properties, PartialEq)]
struct PanelsProps {
    id: AttrValue,
    known: Known,
    again: Callback<()>,
}

#[component]
fn Panels(props: &PanelsProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let Known { shared, groups, role } = &props.known;
    let owner = *role == Role::Owner;
    let set = set_shares(&bus, props);
    let rows = shared.shares.iter().enumerate().map(|(place, share)| row(place, share, props, &set, texts));
    html! {
        <>
            <section class="panel" aria-labelledby="shared-with">
                <h2 id="shared-with">{ texts.shared_with() }</h2>
                <table class="list"><tbody>
                    <tr><th scope="row">{ &shared.owner }</th><td>{ texts.owner() }</td><td /></tr>
                    { for rows }
                </tbody></table>
                if shared.shares.is_empty() { <p class="none">{ texts.not_shared() }</p> }
            </section>
            if owner {
                <AddShare groups={groups.clone()} shares={shared.shares.clone()} {set} />
                <HandOver id={props.id.clone()} again={props.again.clone()} />
            }
        </>
    }
}

/// Sets with whom the workflow is shared.
fn set_shares(bus: &Bus, props: &PanelsProps) -> Callback<Vec<Share>> {
    let (bus, id, again) = (bus.clone(), props.id.clone(), props.again.clone());
    Callback::from(move |shares: Vec<Share>| {
        let (api, path, again) = (bus.api.clone(), format!("/workflows/{}/shares", part(&id)), again.clone());
        bus.act(async move { api.send::<Shared>(Method::PUT, &path, &shares).await }, move |_| {
            again.emit(());
        });
    })
}

fn row(place: usize, share: &Share, props: &PanelsProps, set: &Callback<Vec<Share>>, texts: Texts) -> Html {
    let name = called(&share.with, &props.known.groups, texts);
    let with = |role: Option<Role>| {
        let mut shares = props.known.shared.shares.clone();
        match (role, shares.get_mut(place)) {
            (Some(role), Some(share)) => share.role = role,
            _ => drop(shares.remove(place)),
        }
        shares
    };
    if props.known.role != Role::Owner {
        return html! { <tr key={share.with.clone()}><th scope="row">{ name }</th><td>{ word(share.role, texts) }</td><td /></tr> };
    }
    let (viewer, editor, none) = (with(Some(Role::Viewer)), with(Some(Role::Editor)), with(None));
    let change =
        set.reform(move |role: String| if role == "editor" { editor.clone() } else { viewer.clone() });
    let stop = set.reform(move |_: MouseEvent| none.clone());
    html! {
        <tr key={share.with.clone()}>
            <th scope="row">{ &name }</th>
            <td><Choice id={format!("role-{place}")} bare=true label={texts.role_of(&name)} value={key(share.role)} options={roles(texts)} {change} /></td>
            <td class="end"><button type="button" class="quiet" aria-label={texts.stop_sharing(&name)} onclick={stop}><Icon name="x" /></button></td>
        </tr>
    }
}

/// What people call whom a workflow is shared with.
fn called(with: &str, groups: &[Group], texts: Texts) -> String {
    let Some(id) = with.strip_prefix(GROUP) else { return with.to_owned() };
    let known = groups.iter().find(|group| group.id == id);
    texts.a_group(known.map_or(id, |group| &group.name))
}

const fn key(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Editor | Role::Owner => "editor",
    }
}

const fn word(role: Role, texts: Texts) -> &'static str {
    match role {
        Role::Viewer => texts.viewer(),
        Role::Editor => texts.editor(),
        Role::Owner => texts.owner(),
    }
}

fn roles(texts: Texts) -> Vec<(AttrValue, AttrValue)> {
    [Role::Viewer, Role::Editor].map(|role| (key(role).into(), word(role, texts).into())).to_vec()
}

#[derive(Properties, PartialEq)]
struct AddShareProps {
    groups: Vec<Group>,
    shares: Vec<Share>,
    set: Callback<Vec<Share>>,
}

/// Sharing with one more person or group.
#[component]
fn AddShare(props: &AddShareProps) -> Html {
    let texts = use_bus().texts;
    let (email, group) = (use_state(String::new), use_state(String::new));
    let (person_role, group_role) = (use_state(|| "viewer".to_owned()), use_state(|| "viewer".to_owned()));
    let with_person = {
        let (email, role, shares, set) =
            (email.clone(), person_role.clone(), props.shares.clone(), props.set.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            set.emit(with(&shares, email.trim(), &role));
            email.set(String::new());
        })
    };
    let first = props.groups.first().map(|group| group.id.clone()).unwrap_or_default();
    let chosen = if group.is_empty() { first } else { (*group).clone() };
    let with_group = {
        let (chosen, role, shares, set) =
            (chosen.clone(), group_role.clone(), props.shares.clone(), props.set.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            set.emit(with(&shares, &format!("{GROUP}{chosen}"), &role));
        })
    };
    let options: Vec<(AttrValue, AttrValue)> =
        props.groups.iter().map(|group| (group.id.clone().into(), group.name.clone().into())).collect();
    html! {
        <>
            <section class="panel" aria-labelledby="share-person">
                <h2 id="share-person">{ texts.share_with_person() }</h2>
                <form onsubmit={with_person}>
                    <Input id="share-email" label={texts.email()} kind="email" required=true value={(*email).clone()} change={move |typed| email.set(typed)} />
                    <Choice id="share-role" label={texts.its_role()} value={(*person_role).clone()} options={roles(texts)} change={move |chosen| person_role.set(chosen)} />
                    <button type="submit"><Icon name="plus" />{ texts.add_share() }</button>
                </form>
            </section>
            if !options.is_empty() {
                <section class="panel" aria-labelledby="share-group">
                    <h2 id="share-group">{ texts.share_with_group() }</h2>
                    <form onsubmit={with_group}>
                        <Choice id="share-with-group" label={texts.group()} value={chosen} {options} change={move |chosen| group.set(chosen)} />
                        <Choice id="share-group-role" label={texts.its_role()} value={(*group_role).clone()} options={roles(texts)} change={move |chosen| group_role.set(chosen)} />
                        <button type="submit"><Icon name="plus" />{ texts.add_share() }</button>
                    </form>
                </section>
            }
        </>
    }
}

/// The same shares and one more, or one with another role.
fn with(shares: &[Share], who: &str, role: &str) -> Vec<Share> {
    let role = if role == "editor" { Role::Editor } else { Role::Viewer };
    let others = shares.iter().filter(|share| share.with != who).cloned();
    others.chain([Share { with: who.to_owned(), role }]).collect()
}

#[derive(Properties, PartialEq)]
struct HandOverProps {
    id: AttrValue,
    again: Callback<()>,
}

/// Handing a workflow over to somebody else, after a question.
#[component]
fn HandOver(props: &HandOverProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let (email, sure) = (use_state(String::new), use_state(|| false));
    let ask = Callback::from({
        let sure = sure.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            sure.set(true);
        }
    });
    let spare = Callback::from({
        let sure = sure.clone();
        move |()| sure.set(false)
    });
    let hand = Callback::from({
        let (bus, id, email, sure, again) =
            (bus.clone(), props.id.clone(), email.clone(), sure.clone(), props.again.clone());
        move |_: MouseEvent| {
            sure.set(false);
            let asked = Share { with: email.trim().to_owned(), role: Role::Owner };
            let (api, path, again) =
                (bus.api.clone(), format!("/workflows/{}/transfer", part(&id)), again.clone());
            bus.act(async move { api.send::<Shared>(Method::POST, &path, &asked).await }, move |_| {
                again.emit(());
            });
        }
    });
    html! {
        <section class="panel" aria-labelledby="hand-over">
            <h2 id="hand-over">{ texts.hand_over_title() }</h2>
            <p class="help">{ texts.hand_over_help() }</p>
            <form onsubmit={ask}>
                <Input id="hand-over-to" label={texts.email()} kind="email" required=true value={(*email).clone()} change={let email = email.clone(); move |typed| email.set(typed)} />
                <button type="submit"><Icon name="send" />{ texts.hand_over() }</button>
            </form>
            if *sure {
                <Dialog id="hand-over-sure" title={texts.hand_over_to(&*email)} close={spare.clone()}>
                    <p>{ texts.hand_over_help() }</p>
                    <footer>
                        <button type="button" onclick={spare.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                        <button type="button" class="primary" onclick={hand}><Icon name="send" />{ texts.hand_over() }</button>
                    </footer>
                </Dialog>
            }
        </section>
    }
}
