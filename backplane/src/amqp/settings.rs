use crate::Clock;
use std::{fmt, time::Duration};

/// How to reach the message broker, and how patient to be with it.
#[derive(Clone)]
pub struct AmqpSettings {
    /// Where it is: `amqp://user:password@host:5672/vhost`, or `amqps://` for TLS. `?heartbeat=10` sets the
    /// seconds between two signs of life.
    pub uri: String,
    /// Certificates (PEM) that are trusted besides those of the system.
    pub certificates: Option<String>,
    /// Begins the names of all exchanges and queues, so that several buses can share a virtual host.
    pub prefix: String,
    /// Names this process at the broker.
    pub name: String,
    /// Whether exchanges and queues are made where they are missing. If not, they come from the operator's
    /// definitions and are only looked at: the user then needs no rights to configure more than its own
    /// queue of events.
    pub declare: bool,
    /// The time, for the age of messages.
    pub clock: Clock,
    /// How long the start waits for a broker that cannot be reached.
    pub start: Duration,
    /// The limit of one try to connect.
    pub connect: Duration,
    /// The limit of a call: a message published and confirmed, an answer sent, also while the connection is
    /// made anew.
    pub call: Duration,
    /// Messages under way at a time without the broker's confirmation; large ones count more.
    pub window: u16,
    /// Deliveries of one message that ended without an answer (the worker died, the connection broke),
    /// before the broker makes it a dead letter.
    pub delivery_limit: u32,
    /// A delivery without an answer for so long is answered and a copy is left to come later, because a
    /// broker closes the channel of whoever holds one for too long (RabbitMQ: 30 minutes).
    pub hold: Duration,
}

impl AmqpSettings {
    /// The usual settings for a broker.
    #[must_use]
    pub fn new(uri: impl Into<String>, clock: Clock) -> Self {
        Self {
            uri: uri.into(),
            certificates: None,
            prefix: "semantic-bus".to_owned(),
            name: "semantic-bus".to_owned(),
            declare: true,
            clock,
            start: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            window: 128,
            delivery_limit: 30,
            hold: Duration::from_secs(15 * 60),
        }
    }
}

/// Without the address: it holds a password.
impl fmt::Debug for AmqpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpSettings")
            .field("prefix", &self.prefix)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
