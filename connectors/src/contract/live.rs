use super::{Context, Finished, Outputs, Reading, Step, connector::parse};
use bus_core::{catalogue::SettingsProblem, error::StepError};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

/// A source that others send messages to, whenever they like.
///
/// The engine keeps it in two halves. [`Live::listen`] stays connected on one node, without a run; what arrives is
/// put together, and a run is started for it. [`Live::read`] makes records of it, in that run: a run that is done
/// again reads the same again.
pub trait Live: DeserializeOwned + JsonSchema + Send + 'static {
    /// Stays connected and hands on every message that arrives; ends with the context's cancellation.
    ///
    /// # Errors
    /// When the other side cannot be reached or breaks off: it is called again after a while.
    fn listen(self, mailbox: Mailbox, context: Context)
    -> impl Future<Output = Result<(), StepError>> + Send;

    /// Makes records of what has arrived; a message that cannot be read goes to the `errors` port.
    ///
    /// # Errors
    /// When the run was cancelled.
    fn read(
        self,
        arrived: Vec<Arrived>,
        out: Outputs,
        context: Context,
    ) -> impl Future<Output = Result<(), StepError>> + Send;

    /// How long to listen when a person starts the run, or for a preview.
    fn sample(&self) -> Sample;
}

/// How long is listened for a sample: until so many messages have come, or so much time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Messages.
    pub messages: usize,
    /// Time.
    pub time: Duration,
}

/// A message that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// What it was sent to: a topic, an address.
    pub topic: String,
    /// When it arrived, ms since the Unix epoch.
    pub at: i64,
    /// The media type its sender gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What it says, as it came.
    #[serde(skip)]
    pub payload: Vec<u8>,
}

/// Bytes that messages which nobody has taken yet may hold together: whoever listens waits beyond that.
pub const WAITING_BYTES: usize = 8 << 20;
/// Bytes one message may have.
pub const MESSAGE_BYTES: usize = 4 << 20;
/// What a message costs in memory beside what it says.
const COST: usize = 256;
/// Messages that may wait.
const WAITING: usize = 4_096;

/// Tells the sender of a message that it is in safe hands.
pub trait Acknowledge: Send + Sync {
    /// Does so.
    fn acknowledge(&self);

    /// Whether the sender cannot be told any more, and so will send the message again.
    fn is_stale(&self) -> bool;
}

/// A message, with what is to be called when a run that holds it has been accepted. Dropped without that, it counts
/// as not received.
pub struct Letter {
    /// The step that heard it.
    pub step: String,
    /// The message.
    pub arrived: Arrived,
    acknowledge: Option<Box<dyn Acknowledge>>,
    _room: OwnedSemaphorePermit,
}

impl Letter {
    /// Tells the sender that the message is in safe hands.
    pub fn acknowledge(self) {
        if let Some(acknowledge) = self.acknowledge {
            acknowledge.acknowledge();
        }
    }

    /// Whether its sender will send it again, since the connection it came by is gone.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.acknowledge.as_ref().is_some_and(|acknowledge| acknowledge.is_stale())
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("topic", &self.arrived.topic).finish_non_exhaustive()
    }
}

/// Room for one message.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

/// What is known of a source that listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Whether it is connected.
    pub connected: bool,
    /// Messages that were larger than may be and were let go.
    pub too_large: u64,
}

/// Takes what arrives at one source. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailbox {
    step: String,
    lasting: bool,
    letters: mpsc::Sender<Letter>,
    room: Arc<Semaphore>,
    heard: watch::Sender<Heard>,
}

/// Gives what has arrived, of all mailboxes that were made from one.
#[derive(Debug)]
pub struct Letters(mpsc::Receiver<Letter>);

impl Letters {
    /// The next message; `None` when nobody listens any more.
    pub async fn next(&mut self) -> Option<Letter> {
        self.0.recv().await
    }
}

impl Mailbox {
    /// A mailbox and its other end. What is handed to one that is `lasting` has to reach a run: a source that can
    /// have its messages kept for it while nobody listens does so, and is known to the other side again.
    #[must_use]
    pub fn new(step: &str, lasting: bool) -> (Self, Letters) {
        let (letters, receiver) = mpsc::channel(WAITING);
        let room = Arc::new(Semaphore::new(WAITING_BYTES));
        let heard = watch::Sender::new(Heard::default());
        (Self { step: step.to_owned(), lasting, letters, room, heard }, Letters(receiver))
    }

    /// One for another source, with the same other end and the same room.
    #[must_use]
    pub fn of(&self, step: &str) -> Self {
        Self { step: step.to_owned(), heard: watch::Sender::new(Heard::default()), ..self.clone() }
    }

    /// Whether messages are to be kept for it while nobody listens.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Waits until there is room for a message of so many bytes. To be waited for beside what keeps the connection
    /// alive.
    ///
    /// # Errors
    /// When nobody takes messages any more.
    pub fn room(&self, bytes: usize) -> BoxFuture<'static, Result<Room, StepError>> {
        let most = u32::try_from(WAITING_BYTES).unwrap_or(u32::MAX);
        let cost = u32::try_from(bytes.saturating_add(COST)).unwrap_or(u32::MAX).min(most);
        let (room, letters) = (Arc::clone(&self.room), self.letters.clone());
        Box::pin(async move {
            tokio::select! {
                room = room.acquire_many_owned(cost) => room.map(Room).map_err(|_| StepError::cancelled()),
                () = letters.closed() => Err(StepError::cancelled()),
            }
        })
    }

    /// Hands a message on; `acknowledge` is called once a run that holds it has been accepted.
    ///
    /// # Errors
    /// When nobody takes messages any more.
    pub async fn put(
        &self,
        room: Room,
        arrived: Arrived,
        acknowledge: Option<Box<dyn Acknowledge>>,
    ) -> Result<(), StepError> {
        let letter = Letter { step: self.step.clone(), arrived, acknowledge, _room: room.0 };
        self.letters.send(letter).await.map_err(|_| StepError::cancelled())
    }

    /// Says whether the source is connected.
    pub fn connected(&self, connected: bool) {
        self.heard.send_modify(|heard| heard.connected = connected);
    }

    /// Counts a message that is larger than may be: it was told to its sender as received, and goes nowhere.
    pub fn too_large(&self) {
        self.heard.send_modify(|heard| heard.too_large += 1);
    }

    /// Shows how the source is.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Heard> {
        self.heard.subscribe()
    }
}

/// How a live source is kept. Settings come first in each.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    listen: fn(serde_json::Value, Mailbox, Context) -> BoxFuture<'static, Result<(), StepError>>,
    read: fn(&serde_json::Value, Vec<Arrived>) -> Result<Step, SettingsProblem>,
}

impl Listening {
    pub(super) const fn of<T: Live>() -> Self {
        Self {
            listen: |settings, mailbox, context| {
                Box::pin(async move {
                    let source: T =
                        parse(&settings).map_err(|problem| StepError::settings(problem.message))?;
                    source.listen(mailbox, context).await
                })
            },
            read: |settings, arrived| {
                let source: T = parse(settings)?;
                Ok(Step::reading(move |out, context| async move {
                    source.read(arrived, out.numbering(), context).await?;
                    Ok(Reading::Complete)
                }))
            },
        }
    }

    /// Stays connected: see [`Live::listen`].
    ///
    /// # Errors
    /// When the other side cannot be reached or breaks off, or the settings are wrong.
    pub async fn listen(
        &self,
        settings: serde_json::Value,
        mailbox: Mailbox,
        context: Context,
    ) -> Result<(), StepError> {
        (self.listen)(settings, mailbox, context).await
    }

    /// A step that reads what has arrived.
    ///
    /// # Errors
    /// The first setting that is wrong, with its path.
    pub fn read(&self, settings: &serde_json::Value, arrived: Vec<Arrived>) -> Result<Step, SettingsProblem> {
        (self.read)(settings, arrived)
    }
}

/// Listens for a while, then reads what has come.
pub(super) fn sampled<T: Live>(settings: &serde_json::Value) -> Result<Step, SettingsProblem> {
    let (listens, reads): (T, T) = (parse(settings)?, parse(settings)?);
    Ok(Step::new(|_, out, context| {
        Box::pin(async move {
            let arrived = Box::pin(sample(listens, &context)).await?;
            reads.read(arrived, out.numbering(), context).await?;
            Ok(Finished::Read(Reading::Complete))
        })
    }))
}

async fn sample<T: Live>(source: T, context: &Context) -> Result<Vec<Arrived>, StepError> {
    let Sample { messages, time } = source.sample();
    let (mailbox, mut letters) = Mailbox::new(context.step(), false);
    let mut arrived = Vec::new();
    let gather = async {
        while arrived.len() < messages {
            let Some(letter) = letters.next().await else { return };
            arrived.push(letter.arrived.clone());
            letter.acknowledge();
        }
    };
    let cancelled = context.cancellation();
    tokio::select! {
        ended = source.listen(mailbox, context.clone()) => ended?,
        () = gather => {}
        () = tokio::time::sleep(time) => {}
        () = cancelled.cancelled() => {}
    }
    Ok(arrived)
}
