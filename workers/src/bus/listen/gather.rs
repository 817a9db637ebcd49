//! Puts messages together and starts runs for them.

use super::{Keeper, Life, Over, locked};
use crate::{
    BusError,
    bus::{arrived::Kept, patience::is_away, record::kept_for},
    listeners::{Listener, NotChanged},
    new_id,
};
use bus_core::{Message, msg};
use connectors::contract::{Letter, Letters, WAITING_BYTES};
use std::{
    sync::{Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

/// Bytes of messages that are enough for a run. What may wait beside them leaves room for one more.
const ENOUGH: usize = WAITING_BYTES / 2;
/// Runs of a workflow that may be under way or wait: while there are as many, no further one is started.
const UNFINISHED: usize = 8;
/// How often it is looked whether they have ended.
const LOOK: Duration = Duration::from_millis(200);
/// The pause before a run that could not be started is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What was started of late and is not noted in the store yet, and why nothing is started now.
#[derive(Debug, Default)]
pub(super) struct Gathered(Mutex<Counts>);

#[derive(Debug, Clone, Default)]
struct Counts {
    messages: u64,
    runs: u64,
    last: Option<i64>,
    /// What is being noted.
    noting: (u64, u64),
    problem: Option<Message>,
}

impl Gathered {
    /// Writes it into the listener.
    pub(super) fn show(&self, listener: &mut Listener) {
        let mut counts = locked(&self.0);
        listener.messages += counts.messages;
        listener.runs += counts.runs;
        listener.last = counts.last.or(listener.last);
        listener.problem.clone_from(&counts.problem);
        counts.noting = (counts.messages, counts.runs);
    }

    /// Notes that the store has what was written.
    pub(super) fn said(&self) {
        let mut counts = locked(&self.0);
        let (messages, runs) = std::mem::take(&mut counts.noting);
        counts.messages -= messages;
        counts.runs -= runs;
    }

    fn started(&self, messages: usize, now: i64) {
        let mut counts = locked(&self.0);
        counts.messages += messages as u64;
        counts.runs += 1;
        counts.last = Some(now);
        counts.problem = None;
    }

    fn trouble(&self, problem: Message) {
        locked(&self.0).problem = Some(problem);
    }
}

impl Keeper {
    /// Gathers what arrives, by count and by time, until that is over.
    pub(super) async fn gather(&self, life: &Life, letters: &mut Letters) -> Over {
        let most = usize::try_from(life.trigger.messages).unwrap_or(usize::MAX);
        let wait = Duration::from_secs(life.trigger.seconds.into());
        loop {
            let Some(first) = letters.next().await else { return std::future::pending().await };
            let due = Instant::now() + wait;
            let mut bytes = first.arrived.payload.len();
            let mut batch = vec![first];
            while batch.len() < most && bytes < ENOUGH {
                let letter = tokio::select! {
                    letter = letters.next() => letter,
                    () = sleep_until(due) => None,
                };
                let Some(letter) = letter else { break };
                bytes += letter.arrived.payload.len();
                batch.push(letter);
            }
            // those of a connection that has broken come again
            batch.retain(|letter| !letter.is_stale());
            if batch.is_empty() {
                continue;
            }
            if let Err(over) = self.hand_over(life, batch).await {
                return over;
            }
        }
    }

    /// Gives messages to a run and acknowledges them, however long the store or earlier runs take.
    async fn hand_over(&self, life: &Life, batch: Vec<Letter>) -> Result<(), Over> {
        let run = new_id(&*self.bus.parts().clock);
        loop {
            match self.start(life, &run, &batch).await {
                Ok(Ok(true)) => break,
                Ok(Ok(false)) => sleep(LOOK).await,
                Ok(Err(over)) => return Err(over),
                Err(error) => {
                    if is_away(&error) {
                        tracing::debug!(%error, "what has arrived waits for the store");
                    } else {
                        tracing::warn!(workflow = self.workflow, %error, "no run starts for what has arrived");
                    }
                    life.gathered.trouble(error.message());
                    sleep(PAUSE).await;
                }
            }
        }
        life.gathered.started(batch.len(), self.bus.now());
        self.bus.tally().messages.fetch_add(batch.len() as u64, Relaxed);
        batch.into_iter().for_each(Letter::acknowledge);
        Ok(())
    }

    /// Starts the run for a batch; `false` if too many are not finished.
    async fn start(&self, life: &Life, run: &str, batch: &[Letter]) -> Result<Result<bool, Over>, BusError> {
        if self.bus.are_unfinished(&self.workflow, UNFINISHED).await? {
            life.gathered.trouble(msg!(
                "{count} runs of the workflow are not finished: messages wait until one is",
                count = UNFINISHED
            ));
            return Ok(Ok(false));
        }
        let kept = self.bus.keep_arrived(run, batch, kept_for(&life.pinned.document)).await?;
        // under the token of the lease: whoever has lost it goes no further
        match self.say(life).await {
            Ok(()) => {}
            Err(NotChanged::Gone) => return Ok(Err(Over::Gone)),
            Err(NotChanged::Lost) => return Ok(Err(Over::Lost)),
            Err(NotChanged::Store(error)) => return Err(error.into()),
        }
        let mut arrived: Kept = self.live_steps(life).map(|(step, _)| (step.id.clone(), None)).collect();
        arrived.extend(kept);
        let new = self.new_run(&life.pinned, life.run.parameters.clone(), arrived);
        self.bus.accept_arrived(run, new).await.map(|()| Ok(true))
    }
}
