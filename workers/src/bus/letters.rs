//! Tasks that were given up.

use super::{Bus, BusError, worker::TaskMessage};
use backplane::Trouble;
use bus_core::api::{DeadLetterInfo, Time};

impl Bus {
    /// The tasks that were given up, oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the broker cannot be reached.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetterInfo>, BusError> {
        let mut letters = Vec::new();
        for queue in self.all_queues().await? {
            letters.extend(self.broker().dead_letters(&queue, limit).await?);
        }
        letters.sort_by_key(|letter| letter.at);
        letters.truncate(limit);
        let info = |letter: backplane::DeadLetter| {
            let message: Option<TaskMessage> = serde_json::from_slice(&letter.message.body).ok();
            DeadLetterInfo {
                id: letter.message.id,
                run: message.as_ref().map(|message| message.run.clone()).unwrap_or_default(),
                task: message.map(|message| message.task.to_string()).unwrap_or_default(),
                reason: letter.reason,
                attempts: letter.attempts,
                at: Time(letter.at),
            }
        };
        Ok(letters.into_iter().map(info).collect())
    }

    /// Drops a task that was given up; `again` resumes its run first.
    ///
    /// # Errors
    /// If there is no such letter, or if its run cannot be resumed.
    pub async fn bury(&self, id: &str, again: bool) -> Result<(), BusError> {
        if again {
            let run = id.split('/').next().unwrap_or_default();
            match self.resume(run).await {
                // a letter that no run is waiting for is tried as it is
                Err(BusError::Missing) => return self.bury_one(id, true).await,
                other => other?,
            }
        }
        self.bury_one(id, false).await
    }

    /// Finds the queue of a letter and answers it there.
    async fn bury_one(&self, id: &str, again: bool) -> Result<(), BusError> {
        let mut refused = BusError::Missing;
        for queue in self.all_queues().await? {
            match self.broker().bury(&queue, id, again).await {
                Err(error) if error.trouble == Trouble::Refused => refused = error.into(),
                other => return Ok(other?),
            }
        }
        Err(refused)
    }
}
