use super::{Action, Editing, Given};
use crate::{
    api::{Answer, Refusal, part},
    bus::{Bus, use_bus},
    route::Route,
};
use bus_core::{
    api::{Checked, NewWorkflow, RunAsked, RunSummary, Saved, Severity, WorkflowDetail},
    workflow::Workflow,
};
use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use serde_json::{Map, Value};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

/// How long nobody types before the check looks.
const CHECK_MILLISECONDS: u32 = 350;

/// Has the document checked while it is edited.
#[hook]
pub(crate) fn use_check(id: &AttrValue, state: &Rc<Editing>, dispatch: &Callback<Action>) {
    let bus = use_bus();
    let path = check_path(id);
    let (document, dirty, dispatch) = (Rc::clone(&state.document), state.dirty(), dispatch.clone());
    use_effect_with((document, bus.texts, dirty), move |(document, _, dirty)| {
        let (document, path) = (Rc::clone(document), path.clone());
        let timer = dirty.then(|| {
            Timeout::new(CHECK_MILLISECONDS, move || {
                spawn_local(async move {
                    if let Ok(checked) = bus.api.send::<Checked>(Method::POST, &path, &*document).await {
                        dispatch.emit(Action::Checked(checked.findings));
                    }
                });
            })
        });
        move || drop(timer)
    });
}

/// Where a document of a workflow is checked.
pub(crate) fn check_path(workflow: &str) -> String {
    format!("/check?workflow={}", part(workflow))
}

/// Saves and runs the document.
#[derive(Clone)]
pub(crate) struct Saver {
    bus: Bus,
    id: AttrValue,
    state: Rc<Editing>,
    dispatch: Callback<Action>,
    given: Rc<Given>,
    navigator: Option<Navigator>,
}

impl Saver {
    pub(crate) fn new(
        bus: &Bus,
        id: &AttrValue,
        state: &Rc<Editing>,
        dispatch: &Callback<Action>,
        given: &Rc<Given>,
        navigator: Option<Navigator>,
    ) -> Self {
        Self {
            bus: bus.clone(),
            id: id.clone(),
            state: Rc::clone(state),
            dispatch: dispatch.clone(),
            given: Rc::clone(given),
            navigator,
        }
    }

    /// Saves, and says how it went.
    pub(crate) fn save(&self) -> Callback<()> {
        let saver = self.clone();
        Callback::from(move |()| {
            let saver = saver.clone();
            spawn_local(async move {
                if let Some(draft) = saver.saved().await {
                    let texts = saver.bus.texts;
                    saver.bus.tell(if draft { texts.saved_draft() } else { texts.saved_now() });
                }
            });
        })
    }

    /// Runs what is in the editor: saves it first; asks for values if there are parameters.
    pub(crate) fn run(&self, ask: UseStateSetter<bool>) -> Callback<()> {
        let start = self.start(ask.clone());
        let asks = !self.state.document.parameters.is_empty();
        Callback::from(move |()| if asks { ask.set(true) } else { start.emit(Map::new()) })
    }

    /// Starts a run with these values and goes to see it.
    pub(crate) fn start(&self, ask: UseStateSetter<bool>) -> Callback<Map<String, Value>> {
        let saver = self.clone();
        Callback::from(move |parameters| {
            let saver = saver.clone();
            ask.set(false);
            spawn_local(async move {
                if saver.state.dirty() && saver.saved().await.is_none() {
                    return;
                }
                let asked = RunAsked { parameters, inputs: saver.given.inputs(&saver.state.document) };
                let path = format!("/workflows/{}/runs", part(&saver.id));
                match saver.bus.api.send::<RunSummary>(Method::POST, &path, &asked).await {
                    Ok(run) => saver.go(&Route::Run { id: saver.id.to_string(), run: run.id }),
                    Err(refusal) => saver.bus.refused(&refusal),
                }
            });
        })
    }

    /// Leaves one's own changes for what somebody else has saved.
    pub(crate) fn load_theirs(&self) -> Callback<MouseEvent> {
        let saver = self.clone();
        Callback::from(move |_| {
            let saver = saver.clone();
            spawn_local(async move {
                match saver.bus.api.get::<WorkflowDetail>(&saver.path()).await {
                    Ok(detail) => saver.dispatch.emit(Action::Load(Box::new(detail))),
                    Err(refusal) => saver.bus.refused(&refusal),
                }
            });
        })
    }

    /// Keeps one's own changes as a workflow of their own.
    pub(crate) fn keep_copy(&self) -> Callback<MouseEvent> {
        let saver = self.clone();
        Callback::from(move |_| {
            let saver = saver.clone();
            spawn_local(async move {
                let name = saver.bus.texts.copy_of(&saver.state.document.name);
                let asked = NewWorkflow { document: Workflow { name, ..(*saver.state.document).clone() } };
                match saver.bus.api.send::<WorkflowDetail>(Method::POST, "/workflows", &asked).await {
                    Ok(made) => {
                        // nothing is unsaved here any more
                        saver.dispatch.emit(Action::Load(Box::new(made.clone())));
                        saver.go(&Route::Workflow { id: made.summary.id });
                    }
                    Err(refusal) => saver.bus.refused(&refusal),
                }
            });
        })
    }

    /// Saves; whether it is a draft now, or nothing if it was not saved.
    async fn saved(&self) -> Option<bool> {
        let document = Rc::clone(&self.state.document);
        let answer: Answer<Saved> = self.bus.api.replace(&self.path(), self.state.revision, &*document).await;
        match answer {
            Ok(saved) => {
                let draft = saved.findings.iter().any(|finding| finding.severity == Severity::Error);
                let action = Action::Saved { document, revision: saved.revision, findings: saved.findings };
                self.dispatch.emit(action);
                Some(draft)
            }
            Err(refusal) if refusal.conflict() => {
                self.dispatch.emit(Action::Conflict(refusal.revision.unwrap_or_default()));
                None
            }
            Err(refusal) => {
                self.refused(&refusal);
                None
            }
        }
    }

    fn refused(&self, refusal: &Refusal) {
        if !refusal.findings.is_empty() {
            self.dispatch.emit(Action::Checked(refusal.findings.clone()));
        }
        self.bus.refused(refusal);
    }

    fn path(&self) -> String {
        format!("/workflows/{}", part(&self.id))
    }

    fn go(&self, to: &Route) {
        if let Some(navigator) = &self.navigator {
            navigator.push(to);
        }
    }
}
