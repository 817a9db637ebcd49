use super::workflow_pages::WorkflowFrame;
use crate::{
    api::{Api, part},
    bus::{use_bus, use_load},
    components::{Dialog, Icon, loaded},
    editor::{Canvas, Catalogue},
    moment::when,
    route::Route,
};
use bus_core::{
    api::{ConnectorInfo, Role, Saved, Version, WorkflowDetail},
    workflow::Workflow,
};
use std::{collections::BTreeSet, rc::Rc};
use yew::prelude::*;
use yew_router::prelude::*;

/// Of which workflow.
#[derive(Properties, PartialEq)]
pub(crate) struct VersionsPageProps {
    /// The workflow.
    pub(crate) id: AttrValue,
}

/// The states of a workflow: to be looked at and restored.
#[component]
pub(crate) fn VersionsPage(props: &VersionsPageProps) -> Html {
    let texts = use_bus().texts;
    html! {
        <WorkflowFrame id={props.id.clone()} title={Callback::from(move |name: String| texts.versions_of(name))} help={texts.versions_help()}>
            <Versions id={props.id.clone()} />
        </WorkflowFrame>
    }
}

#[component]
fn Versions(props: &VersionsPageProps) -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let looked_at = use_state(|| None::<(u64, Workflow)>);
    let list = use_load(props.id.clone(), |api, id| async move {
        let detail = api.get::<WorkflowDetail>(&path(&id)).await?;
        let versions = api.get::<Vec<Version>>(&format!("{}/versions", path(&id))).await?;
        Ok((detail.summary.role, versions))
    });
    let look = |revision: u64| {
        let (bus, id, looked_at) = (bus.clone(), props.id.clone(), looked_at.clone());
        Callback::from(move |_: MouseEvent| {
            let (api, id, looked_at) = (bus.api.clone(), id.clone(), looked_at.clone());
            bus.act(async move { version(&api, &id, revision).await }, move |document| {
                looked_at.set(Some((revision, document)));
            });
        })
    };
    let restore = |revision: u64, now: u64| {
        let (bus, id, navigator) = (bus.clone(), props.id.clone(), navigator.clone());
        Callback::from(move |_: MouseEvent| {
            let (api, id, navigator, told) = (bus.api.clone(), id.clone(), navigator.clone(), bus.clone());
            let to = Route::Workflow { id: id.to_string() };
            let call = async move {
                let document = version(&api, &id, revision).await?;
                api.replace::<Saved>(&path(&id), now, &document).await
            };
            bus.act(call, move |_| {
                told.tell(told.texts.restored(revision));
                navigator.into_iter().for_each(|navigator| navigator.push(&to));
            });
        })
    };
    let row = |version: &Version, now: u64, role: Role| {
        let revision = version.revision;
        let restorable = revision != now && role != Role::Viewer;
        html! {
            <tr key={revision.to_string()}>
                <th scope="row">{ texts.version(revision) }{ " " }if revision == now { <span class="badge good small">{ texts.present() }</span> }</th>
                <td>{ when(version.at, texts) }</td>
                <td>{ texts.by(&version.by) }</td>
                <td class="end"><span class="row">
                    <button type="button" class="small" aria-label={texts.look_at_version(revision)} onclick={look(revision)}><Icon name="eye" />{ texts.look() }</button>
                    if restorable {
                        <button type="button" class="small" aria-label={texts.restore_version(revision)} onclick={restore(revision, now)}><Icon name="rotate-ccw" />{ texts.restore() }</button>
                    }
                </span></td>
            </tr>
        }
    };
    html! {
        <>
            { loaded(&list, texts, |(role, versions)| {
                let now = versions.iter().map(|version| version.revision).max().unwrap_or_default();
                let heads = [texts.versions(), texts.when(), texts.who()];
                html! {
                    <div class="scroll"><table class="list">
                        <thead><tr>{ for heads.map(|head| html! { <th scope="col">{ head }</th> }) }<th scope="col"><span class="unseen">{ texts.actions() }</span></th></tr></thead>
                        <tbody>{ for versions.iter().map(|version| row(version, now, *role)) }</tbody>
                    </table></div>
                }
            }) }
            if let Some((revision, document)) = (*looked_at).clone() {
                <Dialog id="version" wide=true title={texts.version(revision)} close={move |()| looked_at.set(None)}>
                    <Shown document={Rc::new(document)} />
                </Dialog>
            }
        </>
    }
}

fn path(id: &str) -> String {
    format!("/workflows/{}", part(id))
}

async fn version(api: &Api, id: &str, revision: u64) -> crate::api::Answer<Workflow> {
    api.get::<Workflow>(&format!("{}/versions/{revision}", path(id))).await
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    document: Rc<Workflow>,
}

/// A workflow to be looked at.
#[component]
fn Shown(props: &ShownProps) -> Html {
    let texts = use_bus().texts;
    let connectors =
        use_load(texts, |api, _| async move { api.get::<Vec<ConnectorInfo>>("/connectors").await });
    loaded(&connectors, texts, |connectors| {
        html! {
            <div class="shown">
                <Canvas document={Rc::clone(&props.document)} catalogue={Catalogue::new(connectors.clone())} chosen={BTreeSet::new()}
                    readonly=true dispatch={Callback::noop()} show={Callback::noop()} dropped={Callback::noop()} />
            </div>
        }
    })
}
