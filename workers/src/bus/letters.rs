//! Tasks that were given up.

use super::{
    Bus, BusError,
    worker::{TASKS, TaskMessage},
};
use bus_core::api::{DeadLetterInfo, Time};

impl Bus {
    /// The tasks that were given up, oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the broker cannot be reached.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetterInfo>, BusError> {
        let letters = self.broker().dead_letters(TASKS, limit).await?;
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
                Err(BusError::Missing) => return Ok(self.broker().bury(TASKS, id, true).await?),
                other => other?,
            }
        }
        Ok(self.broker().bury(TASKS, id, false).await?)
    }
}
