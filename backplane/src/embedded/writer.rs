use super::{base::Base, failed};
use crate::{BackplaneError, Trouble};
use bus_core::msg;
use futures::future::BoxFuture;
use redb::WriteTransaction;
use std::{
    sync::{Arc, mpsc},
    thread,
};
use tokio::sync::oneshot;

/// The one writer: takes jobs from all sides and commits many of them together, so that one fsync serves
/// them all. It ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Box<dyn Job>>);

/// Jobs in one commit at most.
const MOST: usize = 512;

/// What a write comes to: `Err` outside is the store failing, inside it is an answer to the caller.
pub(super) type Written<R> = Result<Result<R, BackplaneError>, redb::Error>;

trait Job: Send {
    /// Does the work in a transaction. A job that answers with an error must have changed nothing.
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error>;
    /// Tells the caller, after the commit.
    fn answer(self: Box<Self>, committed: Result<(), BackplaneError>);
}

struct Task<R, F> {
    work: Option<F>,
    result: Option<Result<R, BackplaneError>>,
    reply: oneshot::Sender<Result<R, BackplaneError>>,
}

impl<R: Send, F: FnOnce(&WriteTransaction) -> Written<R> + Send> Job for Task<R, F> {
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(transaction)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), BackplaneError>) {
        let Self { result, reply, .. } = *self;
        let result = committed.and_then(|()| result.unwrap_or_else(|| Err(stopped())));
        // a caller that no longer waits does not want to know
        let _unheard = reply.send(result);
    }
}

fn stopped() -> BackplaneError {
    BackplaneError::new(Trouble::Unavailable, msg!("the store is stopping"))
}

impl Writer {
    pub(super) fn start(database: Arc<Base>) -> Result<Self, BackplaneError> {
        let (sender, jobs) = mpsc::channel();
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&database, &jobs))
            .map_err(|error| failed(&error))?;
        Ok(Self(sender))
    }

    /// Does `work` in the next commit; what it answers is known once that is on disk.
    ///
    /// The job is handed over before the future is first polled, so that writes keep the order of the calls.
    pub(super) fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Written<R> + Send + 'static,
    ) -> BoxFuture<'static, Result<R, BackplaneError>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(Box::new(Task { work: Some(work), result: None, reply }));
        Box::pin(async move {
            sent.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        })
    }
}

fn serve(database: &Base, jobs: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < MOST
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(database, &mut batch);
        if committed.as_ref().is_err_and(Base::is_broken_by)
            && let Err(error) = database.mend()
        {
            tracing::error!(%error, "the store cannot be opened anew yet");
        }
        let committed = committed.map_err(|error| failed(&error));
        for job in batch {
            job.answer(committed.clone());
        }
    }
}

/// Runs all jobs in one transaction; if the store fails, none of them has happened.
fn commit(database: &Base, batch: &mut [Box<dyn Job>]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for job in batch {
        job.run(&transaction)?;
    }
    transaction.commit()?;
    Ok(())
}
