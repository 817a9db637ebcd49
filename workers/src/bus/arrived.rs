//! What has arrived, as the run keeps it that was started for it.

use super::{
    Bus, BusError,
    record::{NewRun, RunRecord},
};
use backplane::{IndexValue, Query};
use bus_core::{error::StepError, msg, workflow::Workflow};
use connectors::contract::{Arrived, Letter, Step};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// The form of the bytes; stored messages start with it.
const VERSION: u8 = 1;

/// What arrived at which step, by the names under which it is kept; nothing if nothing did.
pub(super) type Kept = BTreeMap<String, Option<String>>;

impl Bus {
    /// Keeps messages for the run that will read them.
    pub(super) async fn keep_arrived(
        &self,
        run: &str,
        letters: &[Letter],
        time: Duration,
    ) -> Result<Kept, BusError> {
        let mut of_steps: BTreeMap<&str, Vec<&Arrived>> = BTreeMap::new();
        for letter in letters {
            of_steps.entry(&letter.step).or_default().push(&letter.arrived);
        }
        let (mut kept, owner) = (Kept::new(), format!("run/{run}"));
        for (number, (step, arrived)) in (0..).zip(of_steps) {
            let number: u32 = number;
            let name = format!("run/{run}/arrived/{number:06}");
            self.store().put_chunk(&name, &owner, pack(&arrived), time).await?;
            kept.insert(step.to_owned(), Some(name));
        }
        Ok(kept)
    }

    /// Accepts a run for what has arrived; one that was accepted already stays as it is.
    pub(super) async fn accept_arrived(&self, id: &str, run: NewRun) -> Result<(), BusError> {
        match self.known(id).await {
            Ok(_) => return Ok(()),
            Err(BusError::Missing) => {}
            Err(error) => return Err(error),
        }
        self.accept(id.to_owned(), run).await.map(drop)
    }

    /// Whether so many runs of a workflow have not ended yet.
    pub(super) async fn are_unfinished(&self, workflow: &str, most: usize) -> Result<bool, BusError> {
        let mut count = 0;
        for status in ["waiting", "running"] {
            let standing = vec![workflow.into(), IndexValue::from(status)];
            let query = Query { limit: most, ..Query::of("queue", standing) };
            count += self.store().count(super::RUNS, query).await?;
        }
        Ok(count >= most as u64)
    }

    /// A step that reads what has arrived at a live source.
    pub(super) async fn reading_arrived(
        &self,
        record: &RunRecord,
        (id, name): (&str, Option<&str>),
        cancel: &CancellationToken,
    ) -> Result<Step, StepError> {
        let step = record.document.step(id);
        let found = step.and_then(|step| (self.parts().find)(&step.connector)?.listening().zip(Some(step)));
        let Some((listening, step)) = found else {
            return Err(StepError::ours(msg!("the run has no such stage")));
        };
        let arrived = match name {
            None => Vec::new(),
            Some(name) => {
                let bytes = self.patiently(cancel, || self.store().chunk(name)).await;
                let bytes = bytes.map_err(|error| StepError::passing(error.message()))?;
                unpack(&bytes.ok_or_else(super::kept::gone)?)?
            }
        };
        let settings = Workflow::settings(step, &record.parameters);
        listening.read(&settings, arrived).map_err(|problem| StepError::settings(problem.message))
    }
}

fn pack(arrived: &[&Arrived]) -> Vec<u8> {
    let mut packed = Vec::new();
    for message in arrived {
        // nothing in it can fail to serialise
        let head = serde_json::to_vec(message).unwrap_or_default();
        for part in [&head, &message.payload] {
            packed.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            packed.extend_from_slice(part);
        }
    }
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&lz4_flex::block::compress_prepend_size(&packed));
    bytes
}

fn unpack(bytes: &[u8]) -> Result<Vec<Arrived>, StepError> {
    let damaged = || StepError::ours(msg!("records that were kept are damaged"));
    let (version, rest) = bytes.split_first().ok_or_else(damaged)?;
    if *version != VERSION {
        return Err(StepError::ours(msg!("records were kept by a newer version of the bus")));
    }
    let packed = lz4_flex::block::decompress_size_prepended(rest).map_err(|_| damaged())?;
    let (mut rest, mut arrived) = (packed.as_slice(), Vec::new());
    let mut part = || -> Option<&[u8]> {
        let (length, behind) = rest.split_first_chunk()?;
        let (part, behind) = behind.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        rest = behind;
        Some(part)
    };
    while let Some(head) = part() {
        let message: Arrived = serde_json::from_slice(head).map_err(|_| damaged())?;
        let payload = part().ok_or_else(damaged)?.to_vec();
        arrived.push(Arrived { payload, ..message });
    }
    Ok(arrived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrived_is_read_as_it_was_kept() {
        let message = |topic: &str, payload: &[u8]| Arrived {
            topic: topic.to_owned(),
            at: 1_795_716_000_000,
            media_type: (topic == "b").then(|| "text/csv".to_owned()),
            payload: payload.to_vec(),
        };
        let messages = [message("a", b""), message("b", b"x,y\n1,2\n"), message("a", &[0, 159, 255])];
        let packed = pack(&messages.iter().collect::<Vec<_>>());
        assert_eq!(unpack(&packed).unwrap(), messages);
        assert!(unpack(&packed[..packed.len() - 1]).is_err(), "cut");
        assert!(unpack(&[9]).is_err(), "of a newer version");
    }
}
