use crate::{
    api::part,
    browser,
    bus::{Bus, use_bus, use_load},
    components::{Dialog, Icon, Input, RunBadge, loaded},
    moment::when,
    route::Route,
};
use bus_core::{
    api::{NewWorkflow, Page, Role, WorkflowDetail, WorkflowSummary},
    workflow::Workflow,
};
use gloo_net::http::Method;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// Whoever is signed in sees the workflows they may look at.
#[component]
pub(crate) fn WorkflowsPage() -> Html {
    let bus = use_bus();
    let texts = bus.texts;
    let navigator = use_navigator();
    let search = use_state(String::new);
    let doomed = use_state(|| None::<WorkflowSummary>);
    use_effect_with(texts, |texts| browser::title(texts.workflows()));
    let list =
        use_load((), |api, ()| async move { api.get::<Page<WorkflowSummary>>("/workflows?limit=500").await });
    let create = Callback::from({
        let bus = bus.clone();
        move |_: MouseEvent| create(&bus, Workflow::new(bus.texts.untitled()), navigator.clone())
    });
    let remove = {
        let (bus, again, doomed) = (bus.clone(), list.again.clone(), doomed.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(workflow) = (*doomed).clone() else { return };
            let (bus, again) = (bus.clone(), again.clone());
            doomed.set(None);
            spawn_local(async move {
                match bus.api.call(Method::DELETE, &format!("/workflows/{}", part(&workflow.id))).await {
                    Ok(()) => again.emit(()),
                    Err(refusal) => bus.refused(&refusal),
                }
            });
        })
    };
    let ask = Callback::from({
        let doomed = doomed.clone();
        move |workflow| doomed.set(Some(workflow))
    });
    let spare = Callback::from({
        let doomed = doomed.clone();
        move |()| doomed.set(None)
    });
    html! {
        <div class="page">
            <header class="page-head">
                <h1>{ texts.workflows() }</h1>
                <div class="row">
                    <Link<Route> to={Route::Gallery} classes="button"><Icon name="layout-grid" />{ texts.take_from_gallery() }</Link<Route>>
                    <super::import::ImportButton />
                    <button type="button" class="primary" onclick={create}><Icon name="plus" />{ texts.new_workflow() }</button>
                </div>
            </header>
            { loaded(&list, texts, |page| workflows(&bus, &page.items, &search, &ask)) }
            if let Some(workflow) = (*doomed).clone() {
                <Dialog id="delete" title={texts.delete_workflow(&workflow.name)} close={spare.clone()}>
                    <p>{ texts.delete_workflow_help() }</p>
                    <footer>
                        <button type="button" onclick={spare.reform(|_: MouseEvent| ())}>{ texts.cancel() }</button>
                        <button type="button" class="danger" onclick={remove}><Icon name="trash-2" />{ texts.delete() }</button>
                    </footer>
                </Dialog>
            }
        </div>
    }
}

/// Makes a new workflow and opens it.
pub(crate) fn create(bus: &Bus, document: Workflow, navigator: Option<Navigator>) {
    let bus = bus.clone();
    spawn_local(async move {
        let asked = NewWorkflow { document };
        match bus.api.send::<WorkflowDetail>(Method::POST, "/workflows", &asked).await {
            Ok(made) => {
                if let Some(navigator) = navigator {
                    navigator.push(&Route::Workflow { id: made.summary.id });
                }
            }
            Err(refusal) => bus.refused(&refusal),
        }
    });
}

fn workflows(
    bus: &Bus,
    all: &[WorkflowSummary],
    search: &UseStateHandle<String>,
    remove: &Callback<WorkflowSummary>,
) -> Html {
    let texts = bus.texts;
    if all.is_empty() {
        return html! {
            <div class="empty">
                <h2>{ texts.no_workflows() }</h2>
                <p>{ texts.no_workflows_help() }</p>
                <Link<Route> to={Route::Gallery} classes="button primary"><Icon name="layout-grid" />{ texts.take_from_gallery() }</Link<Route>>
            </div>
        };
    }
    let wanted = search.to_lowercase();
    let shown: Vec<_> = all
        .iter()
        .filter(|it| {
            it.name.to_lowercase().contains(&wanted) || it.description.to_lowercase().contains(&wanted)
        })
        .map(|workflow| row(bus, workflow, remove))
        .collect();
    let nothing = shown.is_empty();
    let typed = Callback::from({
        let search = search.clone();
        move |typed| search.set(typed)
    });
    html! {
        <>
            <div class="search"><Icon name="search" />
                <Input id="search" kind="search" label={texts.search_workflows()} value={(**search).clone()} change={typed} />
            </div>
            <div class="scroll">
                <table class="list workflows">
                    <thead>
                        <tr>
                            <th scope="col">{ texts.name() }</th>
                            <th scope="col">{ texts.last_run() }</th>
                            <th scope="col">{ texts.next_run() }</th>
                            <th scope="col">{ texts.role() }</th>
                            <th scope="col">{ texts.changed() }</th>
                            <th scope="col"><span class="unseen">{ texts.actions() }</span></th>
                        </tr>
                    </thead>
                    <tbody>{ for shown }</tbody>
                </table>
            </div>
            if nothing { <p class="none">{ texts.no_match() }</p> }
        </>
    }
}

fn row(bus: &Bus, workflow: &WorkflowSummary, remove: &Callback<WorkflowSummary>) -> Html {
    let texts = bus.texts;
    let id = workflow.id.clone();
    let role = match workflow.role {
        Role::Owner => texts.owner(),
        Role::Editor => texts.editor(),
        Role::Viewer => texts.viewer(),
    };
    let last = workflow.last_run.as_ref().map(|run| {
        let to = Route::Run { id: id.clone(), run: run.id.clone() };
        html! {
            <Link<Route> {to} classes="last-run">
                <RunBadge status={run.status} /><span class="quiet-text">{ when(run.ended.unwrap_or(run.accepted), texts) }</span>
            </Link<Route>>
        }
    });
    let remove = remove.reform({
        let workflow = workflow.clone();
        move |_: MouseEvent| workflow.clone()
    });
    html! {
        <tr key={workflow.id.clone()}>
            <th scope="row">
                <Link<Route> to={Route::Workflow { id }} classes="strong">{ &workflow.name }</Link<Route>>
                if workflow.draft { <span class="badge warn small" title={texts.draft_help()}><Icon name="pen-line" />{ texts.draft() }</span> }
                <p class="quiet-text clip">{ &workflow.description }</p>
            </th>
            <td>{ last.unwrap_or_else(|| html! { <span class="quiet-text">{ texts.never() }</span> }) }</td>
            <td>{ workflow.next.map_or_else(|| html! { <span class="quiet-text">{ "–" }</span> }, |next| html! { { when(next, texts) } }) }</td>
            <td>{ role }</td>
            <td class="quiet-text">{ when(workflow.changed, texts) }</td>
            <td class="end">
                if workflow.role == Role::Owner {
                    <button type="button" class="quiet" aria-label={texts.delete_workflow(&workflow.name)} onclick={remove}><Icon name="trash-2" /></button>
                }
            </td>
        </tr>
    }
}
