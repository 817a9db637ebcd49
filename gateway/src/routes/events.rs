//! How runs go on, while they do: server-sent events.
//!
//! Every event holds the whole state, so that a watcher who missed some has missed nothing.

use crate::{Allowed, App, Caller, Kind, Path, Problem, Row, streams::Place};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use bus_core::{
    api::{KeyScope, Progress, Role, RunStatus, StepOutcome},
    msg,
};
use futures::Stream;
use std::{convert::Infallible, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use workers::Watch;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get(
            "/runs/{id}/events",
            "run.watch",
            "How a run goes on: events named `progress`; `Last-Event-ID` leaves out what was seen",
            Allowed::Run(Role::Viewer),
            watch,
        )
        .key(KeyScope::Read)
        .answer_of(StatusCode::OK, "text/event-stream"),
    ]
}

/// Events that may wait for a client. One that does not take them is dropped, and comes back with its `Last-Event-ID`.
const WAITING: usize = 16;
/// A word now and then keeps proxies from closing a quiet stream.
const QUIET: Duration = Duration::from_secs(15);

async fn watch(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let whose = caller.session().map_or_else(|| caller.actor(), str::to_owned);
    let place = app.streams().enter(&whose).ok_or_else(|| {
        Problem::of(Kind::TooMany, msg!("too many streams of events are open: close some")).after(5)
    })?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let watch = app.bus().watch(&id).await?;
    let (sender, events) = mpsc::channel(WAITING);
    let mut task = JoinSet::new();
    let stopping = app.stopping().clone();
    task.spawn(async move {
        tokio::select! {
            () = forward(watch, seen, sender) => {}
            () = stopping.cancelled() => {}
        }
    });
    let stream = Streaming { events, _task: task, _place: place };
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(QUIET)))
}

/// Hands states over until the run has ended or the client does not take them any more.
async fn forward(mut watch: Watch, mut seen: Option<u64>, sender: mpsc::Sender<Event>) {
    loop {
        let next = tokio::select! {
            next = watch.next() => next,
            () = sender.closed() => return,
        };
        let Some(progress) = next else { return };
        let id = number(&progress);
        // the last word is said in any case: without it a client would wait for ever
        if seen.is_some_and(|seen| seen >= id) && !progress.status.has_ended() {
            continue;
        }
        seen = None;
        if sender.try_send(event(id, &progress)).is_err() {
            tracing::info!(run = %progress.run, "a watcher was too slow and has been dropped");
            return;
        }
    }
}

fn event(id: u64, progress: &Progress) -> Event {
    let text = serde_json::to_string(progress).unwrap_or_default();
    Event::default().id(id.to_string()).event("progress").data(text)
}

/// A number that grows as a run goes on, the same on every node: everything it has counted and come through.
fn number(progress: &Progress) -> u64 {
    let steps = progress.steps.values().map(|step| {
        let outcome = match step.outcome {
            StepOutcome::Waiting => 0,
            StepOutcome::Running => 1,
            StepOutcome::Done | StepOutcome::Unchanged | StepOutcome::Failed | StepOutcome::Cancelled => 2,
        };
        let records = step.records_in + step.records_out + step.errors;
        outcome + records + step.bytes_in + step.bytes_out
    });
    let status = match progress.status {
        RunStatus::Waiting => 1,
        RunStatus::Running => 2,
        _ => 3,
    };
    steps.fold(status, u64::saturating_add)
}

/// The events of one client. When it goes away, so does what watches for it.
struct Streaming {
    events: mpsc::Receiver<Event>,
    _task: JoinSet<()>,
    _place: Place,
}

impl Stream for Streaming {
    type Item = Result<Event, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.events.poll_recv(context).map(|event| event.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::api::StepCounts;

    #[test]
    fn numbers_grow_with_the_run() {
        let state = |status, outcome, records_out| {
            let counts = StepCounts { outcome, records_out, ..StepCounts::default() };
            number(&Progress { run: "r".into(), status, steps: [("a".into(), counts)].into() })
        };
        let states = [
            state(RunStatus::Waiting, StepOutcome::Waiting, 0),
            state(RunStatus::Running, StepOutcome::Waiting, 0),
            state(RunStatus::Running, StepOutcome::Running, 0),
            state(RunStatus::Running, StepOutcome::Running, 9),
            state(RunStatus::Running, StepOutcome::Done, 9),
            state(RunStatus::Succeeded, StepOutcome::Done, 9),
        ];
        assert!(states.is_sorted_by(|a, b| a < b), "{states:?}");
    }
}
