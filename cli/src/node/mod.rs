//! A node of the bus, wired: alone in its folder, or with others over a broker and a store.

mod arguments;
mod connect;
mod scratch;

pub(crate) use arguments::{HealthArguments, NodeArguments, NodeOptions, Place, WorkerArguments};

use self::scratch::Scratch;
use crate::exit::{Exit, Failure};
use backplane::{BackplaneError, Broker, Store, Trouble, embedded::Embedded};
use bus_core::{msg, plan::Rules};
use connectors::{
    Connectors,
    contract::{Clock, Limits},
    kit::http::{Http, HttpOptions},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusError, BusParts, BusSettings, Split, SystemClock, Vault};

/// The folder of the workflows' files, within the data folder.
const FILES: &str = "files";
/// The folder for what steps spill, within the data folder.
const SCRATCH: &str = "scratch";
/// The least memory that a step may hold before it spills.
const LEAST: usize = 1 << 20;

/// A node that works.
pub(crate) struct Node {
    pub(crate) bus: Bus,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    embedded: Option<Embedded>,
    scratch: Scratch,
    working: CancellationToken,
    tasks: JoinSet<()>,
}

/// What holds a node together with others.
struct Backplane {
    broker: Arc<dyn Broker>,
    store: Arc<dyn Store>,
    embedded: Option<Embedded>,
}

impl Node {
    /// Wires a node and lets it work.
    pub(crate) async fn begin(asked: &NodeOptions, slots: usize) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let data = PathBuf::from(&asked.data);
        let name = name_of(&asked.place);
        let within = match asked.place {
            Place::Alone => data.join(SCRATCH),
            Place::Shared { .. } => std::env::temp_dir(),
        };
        let files = data.join(FILES);
        fs::create_dir_all(&files).map_err(|error| Failure::file(&files.to_string_lossy(), &error))?;
        let scratch =
            Scratch::new(&within).map_err(|error| Failure::file(&within.to_string_lossy(), &error))?;
        let Backplane { broker, store, embedded } = backplane(asked, &name, &data, &clock).await?;
        let keys = workers::vault_keys(&data).map_err(|error| troubled(&error))?;
        let vault = Vault::open(Arc::clone(&store), Arc::clone(&clock), keys).await;
        let vault = vault.map_err(|error| troubled(&error))?;
        let http = HttpOptions { allowed_hosts: asked.allowed_hosts.clone(), ..HttpOptions::default() };
        let bus = Bus::new(BusParts {
            node: name,
            broker,
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            find: connectors::connector,
            catalogue: Arc::new(Connectors),
            http: Http::new(http),
            limits: limits(&asked.limits.outside, asked.memory, slots),
            folder: files,
            scratch: scratch.path().to_owned(),
            slots,
            settings: settings(asked),
        })
        .with_vault(vault);
        let (working, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let node = (bus.clone(), working.clone());
        tasks.spawn(async move { node.0.work(node.1).await });
        Ok(Self { bus, store, clock, embedded, scratch, working, tasks })
    }

    /// Lets tasks under way finish, or hands them back, and closes what is its own.
    pub(crate) async fn end(mut self) {
        self.working.cancel();
        while self.tasks.join_next().await.is_some() {}
        let Self { bus, store, embedded, scratch, .. } = self;
        drop((bus, store));
        if let Some(embedded) = embedded {
            embedded.close().await;
        }
        drop(scratch);
    }
}

/// How many tasks a node of this machine does at a time unless it is said.
pub(crate) fn usual_slots() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * 2
}

/// Listens to an address.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let reason = error.to_string();
        let message = msg!("{address} cannot be listened to: {reason}", address = address, reason = reason);
        Failure { exit: Exit::InUse, message }
    })
}

/// Tells a node from all others, also from one that was here before.
fn name_of(place: &Place) -> String {
    match place {
        Place::Alone => "embedded".to_owned(),
        Place::Shared { .. } => format!("{}-{}", workers::host_name(), std::process::id()),
    }
}

fn settings(asked: &NodeOptions) -> BusSettings {
    let usual = BusSettings {
        labels: asked.labels.clone(),
        memory: asked.memory,
        shared: asked.place != Place::Alone,
        ..asked.limits.bus.clone()
    };
    let parts = match asked.part {
        Some(part) => Rules { part_bytes: part, from_bytes: part.saturating_mul(4), ..usual.parts },
        None => usual.parts,
    };
    // one node alone streams a run on all its cores: parts would cost it a third more work, and win nothing
    let alone = asked.place == Place::Alone && asked.part.is_none();
    let split = if alone { Split::Never } else { Split::Auto };
    let usual = BusSettings { grace: asked.grace.unwrap_or(usual.grace), parts, split, ..usual };
    match asked.redelivery {
        Some(time) => usual.redelivering_after(time),
        None => usual,
    }
}

/// With a memory budget, a step may hold its part of it at most: half of what a slot has.
fn limits(usual: &Limits, memory: Option<u64>, slots: usize) -> Limits {
    let slots = slots.max(1) as u64;
    let part = memory.and_then(|memory| usize::try_from(memory / slots / 2).ok());
    let step_memory = part.map_or(usual.step_memory, |part| part.clamp(LEAST, usual.step_memory));
    Limits { step_memory, ..usual.clone() }
}

async fn backplane(
    asked: &NodeOptions,
    node: &str,
    data: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Backplane, Failure> {
    match &asked.place {
        Place::Alone => {
            let clock = Arc::clone(clock);
            let opened = Embedded::open(data, Arc::new(move || workers::now(&*clock)));
            let embedded = opened.map_err(refused)?;
            Ok(Backplane {
                broker: Arc::new(embedded.clone()),
                store: Arc::new(embedded.clone()),
                embedded: Some(embedded),
            })
        }
        Place::Shared { amqp, mongodb } => connect::connect(amqp, mongodb, node, clock).await,
    }
}

fn refused(error: BackplaneError) -> Failure {
    let exit = match error.trouble {
        Trouble::Refused | Trouble::Conflict => Exit::InUse,
        Trouble::Unavailable | Trouble::Corrupt => Exit::File,
    };
    Failure { exit, message: error.message }
}

fn troubled(error: &BusError) -> Failure {
    Failure { exit: Exit::File, message: error.message() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_shared_by_the_slots() {
        let limits = |memory, slots| limits(&Limits::default(), memory, slots);
        assert_eq!(limits(None, 4).step_memory, Limits::default().step_memory);
        assert_eq!(limits(Some(64 << 20), 4).step_memory, 8 << 20);
        assert_eq!(limits(Some(1 << 40), 1).step_memory, Limits::default().step_memory);
        assert_eq!(limits(Some(1), 1).step_memory, LEAST);
    }
}
