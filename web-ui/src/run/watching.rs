use crate::{
    api::{Refusal, part, watch},
    bus::use_bus,
};
use bus_core::api::{Progress, RunDetail, RunStatus, StepCounts};
use std::{cell::Cell, collections::BTreeMap, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A run, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Running {
    /// What the server said of it last as a whole.
    pub(crate) detail: Rc<RunDetail>,
    /// How it stands now.
    pub(crate) status: RunStatus,
    /// What its steps have counted by now.
    pub(crate) counts: Rc<BTreeMap<String, StepCounts>>,
}

impl Running {
    /// A run as the server described it.
    pub(crate) fn of(detail: RunDetail) -> Self {
        let counts = detail.steps.iter().map(|step| (step.id.clone(), step.counts.clone())).collect();
        Self { status: detail.summary.status, counts: Rc::new(counts), detail: Rc::new(detail) }
    }

    /// The same run after an event.
    pub(crate) fn after(&self, progress: Progress) -> Self {
        Self { detail: Rc::clone(&self.detail), status: progress.status, counts: Rc::new(progress.steps) }
    }
}

/// A run, watched live until it has ended and then read once more whole.
#[hook]
pub(crate) fn use_run(run: Option<AttrValue>, round: u32) -> Option<Result<Running, Refusal>> {
    let bus = use_bus();
    let state = use_state(|| None::<Result<Running, Refusal>>);
    use_effect_with((run, bus.texts, round), {
        let state = state.clone();
        move |(run, _, _)| {
            let wanted = Rc::new(Cell::new(true));
            state.set(None);
            if let Some(run) = run.clone() {
                let (wanted, api) = (Rc::clone(&wanted), bus.api.clone());
                spawn_local(async move {
                    let path = format!("/runs/{}", part(&run));
                    let first = api.get::<RunDetail>(&path).await.map(Running::of);
                    if !wanted.get() {
                        return;
                    }
                    state.set(Some(first.clone()));
                    let Ok(first) = first else { return };
                    if first.status.has_ended() {
                        return;
                    }
                    watch(&run, |progress| {
                        if wanted.get() && progress.run == *run {
                            state.set(Some(Ok(first.after(progress))));
                        }
                        wanted.get()
                    })
                    .await;
                    let last = api.get::<RunDetail>(&path).await.map(Running::of);
                    if wanted.get() {
                        state.set(Some(last));
                    }
                });
            }
            move || wanted.set(false)
        }
    });
    (*state).clone()
}
