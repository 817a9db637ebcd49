//! What every page needs: who is signed in, the language, calls, and a way to say something.

use crate::{
    api::{Answer, Api, Refusal},
    texts::Texts,
};
use bus_core::{
    Language,
    api::{Account, Session},
};
use std::{cell::Cell, future::Future, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// What every page needs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Bus {
    /// Calls to the server.
    pub(crate) api: Api,
    /// The texts in the reader's language.
    pub(crate) texts: Texts,
    /// Who is signed in.
    pub(crate) account: Option<Account>,
    /// Whether no account was made yet.
    pub(crate) first_start: bool,
    /// Says something to whoever reads or listens.
    pub(crate) say: Callback<Notice>,
    /// Takes note of who is signed in.
    pub(crate) enter: Callback<Session>,
    /// Takes note that nobody is signed in.
    pub(crate) leave: Callback<()>,
    /// Changes the language.
    pub(crate) speak: Callback<Language>,
}

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What.
    pub(crate) text: String,
    /// Whether something went wrong.
    pub(crate) bad: bool,
}

impl Bus {
    /// Says that something went well.
    pub(crate) fn tell(&self, text: impl Into<String>) {
        self.say.emit(Notice { text: text.into(), bad: false });
    }

    /// Says that something went wrong.
    pub(crate) fn complain(&self, text: impl Into<String>) {
        self.say.emit(Notice { text: text.into(), bad: true });
    }

    /// Calls, then does something with the answer; says why if it was refused.
    pub(crate) fn act<T: 'static>(
        &self,
        call: impl Future<Output = Answer<T>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        let bus = self.clone();
        spawn_local(async move {
            match call.await {
                Ok(answer) => then(answer),
                Err(refusal) => bus.refused(&refusal),
            }
        });
    }

    /// Says why a call was refused; whoever must sign in again is led there.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        if refusal.signed_out() {
            self.leave.emit(());
        }
        self.complain(refusal.text.clone());
    }
}

/// What every page needs; see [`Bus`].
#[hook]
pub(crate) fn use_bus() -> Bus {
    use_context::<Bus>().unwrap_or_default()
}

/// Something that is fetched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Load<T> {
    /// On its way.
    Waiting,
    /// There.
    Here(T),
    /// Refused.
    Refused(Refusal),
}

/// Something that is fetched, and how to fetch it again.
pub(crate) struct Loaded<T: 'static> {
    /// How it stands.
    pub(crate) state: UseStateHandle<Load<T>>,
    /// Fetches it again.
    pub(crate) again: Callback<()>,
}

/// Fetches when the page is shown and when `deps` change; answers that come too late are dropped.
#[hook]
pub(crate) fn use_load<T, D, F, W>(deps: D, load: F) -> Loaded<T>
where
    T: 'static,
    D: PartialEq + Clone + 'static,
    F: Fn(Api, D) -> W + 'static,
    W: Future<Output = Answer<T>> + 'static,
{
    let bus = use_bus();
    let state = use_state(|| Load::Waiting);
    let round = use_state(|| 0_u32);
    let dependencies = (deps, bus.api.clone(), *round);
    use_effect_with(dependencies, {
        let state = state.clone();
        move |(deps, api, _)| {
            let wanted = Rc::new(Cell::new(true));
            let answer = load(api.clone(), deps.clone());
            let (still, leave) = (Rc::clone(&wanted), bus.leave.clone());
            spawn_local(async move {
                let answer = answer.await;
                if !still.get() {
                    return;
                }
                match answer {
                    Ok(here) => state.set(Load::Here(here)),
                    Err(refusal) if refusal.signed_out() => leave.emit(()),
                    Err(refusal) => state.set(Load::Refused(refusal)),
                }
            });
            move || wanted.set(false)
        }
    });
    let again = Callback::from(move |()| round.set(round.wrapping_add(1)));
    Loaded { state, again }
}
