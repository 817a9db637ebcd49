//! The live steps of a workflow, each connected to where its messages come from.

use super::{Keeper, Life, locked};
use crate::{RunSecrets, listeners::Ear};
use bus_core::{
    error::StepError,
    msg,
    workflow::{Step, Workflow},
};
use connectors::contract::{Context, ContextParts, Heard, Listening, Mailbox, Secrets};
use futures::FutureExt;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// The first pause before a source is tried again; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// How the steps are that listen.
#[derive(Debug, Clone, Default)]
pub(super) struct Ears(Arc<Mutex<BTreeMap<String, State>>>);

#[derive(Debug)]
struct State {
    heard: watch::Receiver<Heard>,
    trouble: Option<(StepError, i64)>,
    /// Messages that were too large, of which the store knows already, and those it is told of now.
    told: u64,
    telling: u64,
}

impl Ears {
    /// How each step is.
    pub(super) fn states(&self) -> BTreeMap<String, Ear> {
        let ear = |(step, state): (&String, &State)| {
            let connected = state.heard.borrow().connected;
            let trouble = state.trouble.clone().filter(|_| !connected);
            let (problem, again) = trouble.unzip();
            (step.clone(), Ear { connected, problem, again })
        };
        locked(&self.0).iter().map(ear).collect()
    }

    /// Messages that were too large, of which the store does not know yet.
    pub(super) fn too_large(&self) -> u64 {
        let mut states = locked(&self.0);
        let untold = states.values_mut().map(|state| {
            state.telling = state.heard.borrow().too_large;
            state.telling - state.told
        });
        untold.sum()
    }

    /// Notes that the store knows what it was told.
    pub(super) fn said(&self) {
        locked(&self.0).values_mut().for_each(|state| state.told = state.telling);
    }

    fn add(&self, step: &str, mailbox: &Mailbox) {
        let state = State { heard: mailbox.watch(), trouble: None, told: 0, telling: 0 };
        locked(&self.0).insert(step.to_owned(), state);
    }

    fn trouble(&self, step: &str, trouble: Option<(StepError, i64)>) {
        if let Some(state) = locked(&self.0).get_mut(step) {
            state.trouble = trouble;
        }
    }
}

/// One step that listens.
struct Source {
    listening: Listening,
    settings: Value,
    mailbox: Mailbox,
}

impl Keeper {
    /// Begins to listen with all live steps.
    pub(super) async fn listen(
        &self,
        life: &Life,
        mailbox: &Mailbox,
        quiet: &CancellationToken,
    ) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (step, listening) in self.live_steps(life) {
            let mailbox = mailbox.of(&step.id);
            life.ears.add(&step.id, &mailbox);
            let secrets: Arc<dyn Secrets> = match self.bus.secrets_of(&life.run).await {
                Ok(secrets) => secrets,
                Err(error) => {
                    tracing::warn!(workflow = self.workflow, %error, "secrets cannot be read");
                    Arc::new(RunSecrets::default())
                }
            };
            let settings = Workflow::settings(step, &life.run.parameters);
            let context = self.context(step, life, (secrets, quiet));
            let (ears, bus) = (life.ears.clone(), self.bus.clone());
            let source = Source { listening, settings, mailbox };
            tasks.spawn(async move { source.listen(&context, &ears, || bus.now()).await });
        }
        tasks
    }

    /// The live steps of the workflow.
    pub(super) fn live_steps<'a>(
        &self,
        life: &'a Life,
    ) -> impl Iterator<Item = (&'a Step, Listening)> + use<'a> {
        let find = self.bus.parts().find;
        let steps = life.pinned.document.steps.iter().filter(|step| !step.disabled);
        steps.filter_map(move |step| Some((step, find(&step.connector)?.listening()?)))
    }

    fn context(
        &self,
        step: &Step,
        life: &Life,
        (secrets, quiet): (Arc<dyn Secrets>, &CancellationToken),
    ) -> Context {
        let parts = self.bus.parts();
        Context::new(ContextParts {
            work: format!("listen/{}", self.workflow),
            parameters: Arc::new(step.values(&life.run.parameters)),
            limits: parts.limits.clone(),
            http: parts.http.clone(),
            secrets,
            cancel: quiet.child_token(),
            folder: self.bus.folder(&self.workflow),
            confined: true,
            scratch: parts.scratch.clone(),
            ..ContextParts::new(&step.id, Arc::clone(&parts.clock))
        })
    }
}

impl Source {
    /// Listens, and begins again after a while when that ends; until the context is cancelled.
    async fn listen(self, context: &Context, ears: &Ears, now: impl Fn() -> i64) {
        let (step, quiet, mut pause) = (context.step(), context.cancellation(), FIRST);
        loop {
            let listening =
                self.listening.listen(self.settings.clone(), self.mailbox.clone(), context.clone());
            let ended = AssertUnwindSafe(listening).catch_unwind().await;
            if self.mailbox.watch().borrow().connected {
                // it has worked: what broke may be mended soon
                pause = FIRST;
            }
            self.mailbox.connected(false);
            if quiet.is_cancelled() {
                return;
            }
            let error = match ended {
                Ok(Err(error)) => error,
                Ok(Ok(())) => StepError::passing(msg!("the other side has ended the connection")),
                Err(_) => {
                    StepError::ours(msg!("the step broke down, please report it: {problem}", problem = step))
                }
            };
            tracing::warn!(step, %error, "a source that listens is tried again");
            let milliseconds = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
            ears.trouble(step, Some((error, now().saturating_add(milliseconds))));
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST),
                () = quiet.cancelled() => return,
            }
        }
    }
}
