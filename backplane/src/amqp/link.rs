//! A connection that is made anew whenever it breaks.

use super::{
    AmqpSettings, trouble,
    wire::{Address, Connection, Fault, Sign},
};
use crate::{BackplaneError, Trouble};
use futures::StreamExt;
use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How often the connection is looked at, whatever it says by itself.
const LOOK: Duration = Duration::from_millis(250);
/// The first pause between two tries, doubled each time.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);
/// What closing may take.
const CLOSING: Duration = Duration::from_secs(1);

/// A connection as long as it stands.
pub(super) struct Up {
    pub(super) connection: Connection,
    /// Counts the connections of a link.
    pub(super) number: u64,
    /// Why the broker takes nothing, if it does not.
    blocked: Mutex<Option<String>>,
    suspect: Notify,
}

impl Up {
    fn new(connection: Connection, number: u64) -> Arc<Self> {
        Arc::new(Self { connection, number, blocked: Mutex::default(), suspect: Notify::new() })
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.is_up()
    }

    /// Why the broker takes nothing now, if it does not.
    pub(super) fn blocked(&self) -> Option<String> {
        let reason = self.blocked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.connection.is_blocked().then(|| reason.unwrap_or_else(|| "-".to_owned()))
    }

    /// Something did not answer in time: the connection is made anew.
    pub(super) fn suspect(&self) {
        self.suspect.notify_one();
    }
}

#[derive(Clone)]
enum State {
    Up(Arc<Up>),
    Down(BackplaneError),
}

/// One connection to the broker, over time.
pub(super) struct Link {
    pub(super) address: Address,
    settings: AmqpSettings,
    name: String,
    state: watch::Sender<State>,
    keeper: Mutex<JoinSet<()>>,
}

impl Link {
    /// Connects, trying again for as long as the settings say; then keeps the connection.
    pub(super) async fn open(settings: &AmqpSettings, role: &str) -> Result<Arc<Self>, BackplaneError> {
        let address = Address::parse(&settings.uri).map_err(|fault| invalid(&fault))?;
        let name = format!("{} {role}", settings.name);
        let until = Instant::now() + settings.start;
        let mut pause = PAUSE;
        let first = loop {
            let error = match connect(settings, &address, &name).await {
                Ok(connection) => break connection,
                Err(error) => error,
            };
            if error.trouble != Trouble::Unavailable || Instant::now() + pause >= until {
                return Err(error);
            }
            tracing::warn!(%error, "the message broker is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        };
        let first = Up::new(first, 1);
        let link = Arc::new(Self {
            address,
            settings: settings.clone(),
            name,
            state: watch::Sender::new(State::Up(Arc::clone(&first))),
            keeper: Mutex::new(JoinSet::new()),
        });
        let keeping = keep(Arc::downgrade(&link), first);
        link.keeper.lock().unwrap_or_else(PoisonError::into_inner).spawn(keeping);
        Ok(link)
    }

    /// The connection, waiting for it until then.
    pub(super) async fn up(&self, until: Instant) -> Result<Arc<Up>, BackplaneError> {
        let mut states = self.state.subscribe();
        loop {
            let down = match &*states.borrow_and_update() {
                State::Up(up) if up.is_up() => return Ok(Arc::clone(up)),
                State::Up(_) => self.told(&Fault::Gone("-".to_owned())),
                State::Down(error) => error.clone(),
            };
            match timeout_at(until, states.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(trouble::closed()),
                Err(_) => return Err(down),
            }
        }
    }

    /// The connection, if there is one now.
    pub(super) fn now(&self) -> Result<Arc<Up>, BackplaneError> {
        match &*self.state.borrow() {
            State::Up(up) if up.is_up() => Ok(Arc::clone(up)),
            State::Up(_) => Err(self.told(&Fault::Gone("-".to_owned()))),
            State::Down(error) => Err(error.clone()),
        }
    }

    pub(super) fn told(&self, fault: &Fault) -> BackplaneError {
        trouble::told(fault, &self.address)
    }

    pub(super) fn slow(&self) -> BackplaneError {
        trouble::slow(&self.address)
    }

    /// Ends the connection for good.
    pub(super) async fn close(&self) {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        let old = self.state.send_replace(State::Down(trouble::closed()));
        if let State::Up(up) = old {
            let _in_time = timeout(CLOSING, up.connection.close()).await;
        }
    }
}

fn invalid(fault: &Fault) -> BackplaneError {
    let reason = match fault {
        Fault::Invalid(reason) => reason.clone(),
        other => format!("{other:?}"),
    };
    BackplaneError::new(
        Trouble::Refused,
        bus_core::msg!(
            "the address of the message broker cannot be read ({reason}): it is written amqp://user:password@host:5672/vhost",
            reason = reason
        ),
    )
}

async fn connect(
    settings: &AmqpSettings,
    address: &Address,
    name: &str,
) -> Result<Connection, BackplaneError> {
    let opening = Connection::open(address, name, settings.certificates.clone());
    match timeout(settings.connect, opening).await {
        Ok(opened) => opened.map_err(|fault| trouble::told(&fault, address)),
        Err(_) => Err(trouble::slow(address)),
    }
}

/// Looks after the connection, and makes it anew when it breaks, as long as there is a link.
async fn keep(link: Weak<Link>, first: Arc<Up>) {
    let mut up = first;
    loop {
        watch_over(&up).await;
        let number = up.number + 1;
        let Some(held) = link.upgrade() else { return };
        let lost = held.told(&Fault::Gone("-".to_owned()));
        tracing::warn!(connection = held.name, "the connection to the message broker is lost");
        held.state.send_replace(State::Down(lost));
        drop(held);
        // what is held of the old one is told by closing it that it is gone
        let _in_time = timeout(CLOSING, up.connection.close()).await;
        let mut pause = PAUSE;
        up = loop {
            let Some(held) = link.upgrade() else { return };
            match connect(&held.settings, &held.address, &held.name).await {
                Ok(connection) => break Up::new(connection, number),
                Err(error) => {
                    tracing::warn!(%error, "the message broker is tried again");
                    held.state.send_replace(State::Down(error));
                }
            }
            drop(held);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        };
        let Some(held) = link.upgrade() else { return };
        tracing::info!(connection = held.name, "the message broker is reached again");
        held.state.send_replace(State::Up(Arc::clone(&up)));
    }
}

/// Returns when the connection does not stand any more.
async fn watch_over(up: &Up) {
    let mut signs = Box::pin(up.connection.signs());
    while up.is_up() {
        let sign = tokio::select! {
            () = sleep(LOOK) => continue,
            () = up.suspect.notified() => return,
            sign = signs.next() => sign,
        };
        match sign {
            Some(Sign::Blocked(reason)) => {
                tracing::warn!(reason, "the message broker takes no messages: it is short of memory or disk");
                *up.blocked.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            }
            Some(Sign::Unblocked) => tracing::info!("the message broker takes messages again"),
            Some(Sign::Look) => {}
            None => sleep(LOOK).await,
        }
    }
}
