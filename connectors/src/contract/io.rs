use super::{Context, Meter};
use crate::kit::spill::{Disk, SpillQueue};
use bus_core::{
    catalogue::{ERRORS, OUT},
    error::{Reject, StepError},
    record::{Batch, BatchBuilder, Object, Place, Places, Value},
};
use futures::{StreamExt, stream::FuturesUnordered};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{Receiver, Sender};

/// The batches that reach a step, by port. An input ends when all its senders are gone.
#[derive(Debug, Default)]
pub struct Inputs {
    ports: Vec<Port>,
    meter: Arc<Meter>,
    context: Option<Context>,
}

#[derive(Debug)]
struct Port {
    name: &'static str,
    receiver: Receiver<Batch>,
    /// What came while the step waited for another port (see [`Inputs::next_from`]).
    waiting: SpillQueue,
}

impl Inputs {
    /// Inputs from these receivers, counted in `meter`.
    #[must_use]
    pub fn new(ports: Vec<(&'static str, Receiver<Batch>)>, meter: Arc<Meter>) -> Self {
        // nothing goes to disk until [`Self::spilling`] says where
        let disk = Disk::new(std::env::temp_dir(), 0, Arc::clone(&meter));
        let port =
            |(name, receiver)| Port { name, receiver, waiting: SpillQueue::new(disk.clone(), usize::MAX) };
        Self { ports: ports.into_iter().map(port).collect(), meter, context: None }
    }

    /// Keeps what waits at a port within the memory of the step, the rest in its scratch folder.
    #[must_use]
    pub fn spilling(mut self, context: &Context) -> Self {
        let memory = context.limits().step_memory / self.ports.len().max(1);
        for port in &mut self.ports {
            port.waiting = SpillQueue::new(Disk::of(context), memory);
        }
        self.context = Some(context.clone());
        self
    }

    /// Notes that what waits at a port cannot be kept: the step fails, whatever it makes of the rest.
    fn fail(&self, error: StepError) {
        if let Some(context) = &self.context {
            context.fail(error);
        }
    }

    fn keep(&mut self, index: usize, batch: Batch) -> Option<()> {
        match self.ports.get_mut(index)?.waiting.push(batch) {
            Ok(()) => Some(()),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn kept(&mut self, index: usize) -> Option<Batch> {
        match self.ports.get_mut(index)?.waiting.pop() {
            Ok(batch) => batch,
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// Waits until there is something to do; `false` if all ports end without a batch. Nothing is taken.
    pub async fn wait(&mut self) -> bool {
        if self.ports.iter().any(|port| !port.waiting.is_empty()) {
            return true;
        }
        match self.receive_any("").await {
            Some((index, batch)) => self.keep(index, batch).is_some(),
            None => false,
        }
    }

    /// The next batch of the only (or first) port; `None` at its end.
    pub async fn next(&mut self) -> Option<Batch> {
        let batch = match self.kept(0) {
            Some(batch) => batch,
            None => self.ports.first_mut()?.receiver.recv().await?,
        };
        self.meter.came(&batch);
        Some(batch)
    }

    /// The next batch of one port; `None` at its end or if nothing is linked to it.
    ///
    /// What reaches the other ports meanwhile is kept, beyond the memory of the step on disk, so that two
    /// branches of one source may be joined without each waiting for the other.
    pub async fn next_from(&mut self, name: &str) -> Option<Batch> {
        let wanted = self.ports.iter().position(|port| port.name == name)?;
        loop {
            if let Some(batch) = self.kept(wanted) {
                self.meter.came(&batch);
                return Some(batch);
            }
            let (index, batch) = self.receive_any(name).await?;
            if index == wanted {
                self.meter.came(&batch);
                return Some(batch);
            }
            self.keep(index, batch)?;
        }
    }

    /// The next batch of whichever port has one, with the port's name; `None` when all have ended.
    pub async fn next_any(&mut self) -> Option<(&'static str, Batch)> {
        let waiting = (0..self.ports.len()).find_map(|index| Some((index, self.kept(index)?)));
        let (index, batch) = match waiting {
            Some(found) => found,
            None => self.receive_any("").await?,
        };
        self.meter.came(&batch);
        Some((self.ports.get(index)?.name, batch))
    }

    /// Waits for any port; `None` when all have ended, or when the port `needed` has.
    async fn receive_any(&mut self, needed: &str) -> Option<(usize, Batch)> {
        let waits = self.ports.iter_mut().enumerate().map(|(index, port)| {
            let needed = port.name == needed;
            async move { (index, needed, port.receiver.recv().await) }
        });
        let mut waits: FuturesUnordered<_> = waits.collect();
        while let Some((index, needed, batch)) = waits.next().await {
            match batch {
                Some(batch) => return Some((index, batch)),
                None if needed => return None,
                None => {}
            }
        }
        None
    }
}

/// Where the links of one step lead: per output port the channels of the steps behind it.
pub type Wiring = Vec<(&'static str, Vec<Sender<Batch>>)>;

/// Where a step sends what it makes. A send waits while the next step is busy.
#[derive(Debug)]
pub struct Outputs {
    ports: Wiring,
    /// Shared with [`Outputs::rest`], which sends what still waits when the step has ended.
    refused: Arc<Mutex<BatchBuilder>>,
    context: Context,
    /// Whether records without a place are numbered: those of a source.
    numbering: bool,
    /// Records that stand before those that this step reads.
    before: u64,
}

impl Outputs {
    /// Outputs over these channels. The engine links `errors` always: to a step or to what keeps them.
    #[must_use]
    pub fn new(ports: Wiring, context: Context) -> Self {
        Self { ports, refused: Arc::default(), context, numbering: false, before: 0 }
    }

    /// Numbers the records that do not know where they stand in what they were read from.
    pub(super) const fn numbering(mut self) -> Self {
        self.numbering = true;
        self
    }

    /// A second handle: keeps the links open after the step has let go of its own, and sends the refused
    /// records that wait then.
    pub(super) fn rest(&self) -> Self {
        Self {
            ports: self.ports.clone(),
            refused: Arc::clone(&self.refused),
            context: self.context.clone(),
            numbering: self.numbering,
            before: self.before,
        }
    }

    /// Numbers records as what they are of a whole that other steps read, too: so many stand before them.
    pub(crate) const fn behind(&mut self, records: u64) {
        self.before = records;
    }

    fn refused(&self) -> MutexGuard<'_, BatchBuilder> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a batch to the port `out`.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn send(&mut self, batch: Batch) -> Result<(), StepError> {
        self.send_to(OUT, batch).await
    }

    /// Sends a batch to a named port; a port without a link lets it go.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn send_to(&mut self, port: &str, mut batch: Batch) -> Result<(), StepError> {
        self.flush_refused(false).await?;
        if batch.is_empty() {
            return self.context.go_on();
        }
        if self.numbering && batch.places().is_none() {
            let before = self.before + self.context.meter().counts().records_out;
            batch.set_places(Some(Arc::new(Places::numbers(before + 1, batch.len()))));
        }
        self.context.meter().went(&batch);
        self.deliver(port, batch).await
    }

    async fn deliver(&mut self, port: &str, batch: Batch) -> Result<(), StepError> {
        self.context.sent(port, &batch);
        let Some((_, links)) = self.ports.iter_mut().find(|(name, _)| *name == port) else {
            return self.context.go_on();
        };
        let cancelled = self.context.cancellation();
        let Some((last, others)) = links.split_last() else { return self.context.go_on() };
        for link in others {
            // a receiver that is gone has all it wants (a limit was reached): not an error
            tokio::select! {
                _ = link.send(batch.clone()) => {}
                () = cancelled.cancelled() => return self.context.go_on(),
            }
        }
        tokio::select! {
            _ = last.send(batch) => {}
            () = cancelled.cancelled() => return self.context.go_on(),
        }
        Ok(())
    }

    /// Whether anything is linked to a port: if not, what is sent there goes nowhere.
    #[must_use]
    pub fn is_linked(&self, port: &str) -> bool {
        self.ports.iter().any(|(name, links)| *name == port && !links.is_empty())
    }

    /// Whether nobody wants more of the port `out` (all steps behind it have ended): a source may stop.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let mut links =
            self.ports.iter().filter(|(name, _)| *name != ERRORS).flat_map(|(_, links)| links).peekable();
        links.peek().is_some() && links.all(Sender::is_closed)
    }

    /// Ends when nobody wants more, as [`Self::is_done`] says; never where nothing is linked.
    pub(super) fn unwanted(&self) -> impl Future<Output = ()> + Send + use<> {
        let ports = self.ports.iter().filter(|(name, _)| *name != ERRORS);
        let links: Vec<_> = ports.flat_map(|(_, links)| links).cloned().collect();
        async move {
            if links.is_empty() {
                return std::future::pending().await;
            }
            for link in links {
                link.closed().await;
            }
        }
    }

    /// Sends one record to the `errors` port, with the reason. It goes out with the next batch.
    ///
    /// The record on that port is `{record, reason, field, line, column, number, step}`: where the record came
    /// from is added if its batch knows.
    pub fn reject(&mut self, record: Value<'_>, reject: &Reject) {
        self.context.meter().refused();
        let placed = record.as_object().filter(|_| reject.line == 0).and_then(Object::place);
        let (line, number) = match placed {
            Some(Place::Line(line)) => (line, 0),
            Some(Place::Record(number)) => (0, number),
            None => (reject.line, reject.number),
        };
        let reject = Reject { line, number, ..reject.clone() };
        write_reject(&mut self.refused(), record, &reject, &self.context);
    }

    /// Sends records that a decoder or a pure part of the step refused, as [`Self::reject`] does.
    pub fn reject_all(&mut self, rejects: impl IntoIterator<Item = (Option<String>, Reject)>) {
        for (raw, reject) in rejects {
            self.context.meter().refused();
            write_reject(
                &mut self.refused(),
                raw.as_deref().map_or(Value::Null, Value::Text),
                &reject,
                &self.context,
            );
        }
    }

    /// Sends the refused records that wait, when the step has ended.
    pub(super) async fn finish(&mut self) -> Result<(), StepError> {
        self.flush_refused(true).await
    }

    async fn flush_refused(&mut self, all: bool) -> Result<(), StepError> {
        let batch = {
            let mut refused = self.refused();
            if refused.is_empty() || !(all || refused.is_full()) {
                return Ok(());
            }
            refused.take()
        };
        self.deliver(ERRORS, batch).await
    }
}

fn write_reject(out: &mut BatchBuilder, record: Value<'_>, reject: &Reject, context: &Context) {
    let shape = context.reject_shape();
    out.begin_shaped(shape);
    out.copy(record);
    out.text(&reject.message.text(context.language()));
    if reject.field.is_empty() {
        out.absent();
    } else {
        out.text(&reject.field);
    }
    for place in [reject.line, reject.column, reject.number] {
        match i64::try_from(place) {
            Ok(place) if place > 0 => out.int(place),
            _ => out.absent(),
        }
    }
    out.text(context.step());
    out.end();
}

impl Context {
    /// Whether to go on.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub fn go_on(&self) -> Result<(), StepError> {
        if self.cancellation().is_cancelled() { Err(StepError::cancelled()) } else { Ok(()) }
    }
}
