//! The one door to the AMQP client: connections, channels, messages, and what can go wrong with them.
//!
//! Its own recovery is left off: it was seen to hang without a word after a restart of the broker. Whoever
//! meets a [`Fault`] drops what it holds and begins anew; `link.rs` rebuilds connections.

use futures::{Stream, StreamExt};
use lapin::{
    Acker, BasicProperties, Confirmation, ConnectionProperties, ErrorKind, Event, ExchangeKind,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions,
        BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    },
    tcp::OwnedTLSConfig,
    types::{AMQPValue, FieldTable, ShortString},
    uri::{AMQPScheme, AMQPUri},
};
use std::{
    collections::BTreeMap,
    fmt,
    future::{Future, poll_fn},
    sync::{Arc, Mutex, PoisonError},
};
use url::{Host, Url};

/// What went wrong on the way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody answers there.
    Unreachable(String),
    /// The certificate of the broker is not trusted.
    Untrusted(String),
    /// User or password are wrong.
    Credentials,
    /// There is no such virtual host, or the user may not use it.
    Host(String),
    /// The user may not do this.
    Forbidden(String),
    /// It exists with other settings.
    Different(String),
    /// It does not exist.
    Missing(String),
    /// The message came back: no queue takes it.
    Unrouted,
    /// The broker did not take the message: a queue that is full, or in trouble.
    Refused,
    /// What was held (connection, channel, delivery) is gone.
    Gone(String),
    /// A name or a message that AMQP cannot carry.
    Invalid(String),
}

/// What rustls says of a certificate; the client hands it on as an error of the connection.
const UNTRUSTED: &str = "invalid peer certificate";

impl Fault {
    fn of(error: &lapin::Error) -> Self {
        match error.kind() {
            ErrorKind::ProtocolError(said) => Self::said(said.get_id(), said.get_message().as_str()),
            ErrorKind::IOError(error) if error.to_string().contains(UNTRUSTED) => {
                Self::Untrusted(error.to_string())
            }
            ErrorKind::IOError(error) => Self::Gone(error.to_string()),
            _ => Self::Gone(error.to_string()),
        }
    }

    /// What the broker says, by the codes of AMQP 0-9-1, section 1.6.
    fn said(code: u16, text: &str) -> Self {
        match code {
            403 => Self::Forbidden(text.to_owned()),
            404 => Self::Missing(text.to_owned()),
            405 | 406 => Self::Different(text.to_owned()),
            530 => Self::Host(text.to_owned()),
            _ => Self::Gone(text.to_owned()),
        }
    }
}

/// Where the broker is, and who we are there.
#[derive(Clone)]
pub(super) struct Address(AMQPUri);

/// Seconds between two signs of life, if the address does not say.
const HEARTBEAT: u16 = 10;

/// Bytes of a frame at most, if the address does not say. The client holds 64 of them for each connection, touched
/// or not; tasks and events are far smaller, and data goes through the store.
const FRAME: u32 = 32 << 10;

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut uri: AMQPUri = text.parse().map_err(Fault::Invalid)?;
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        // the client takes such a host for none, and goes to localhost
        if let Ok(Some(Host::Ipv6(address))) =
            Url::parse(text).map(|url| url.host().map(|host| host.to_owned()))
        {
            uri.authority.host = address.to_string();
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.frame_max.get_or_insert(FRAME);
        Ok(Self(uri))
    }

    pub(super) fn user(&self) -> &str {
        &self.0.authority.userinfo.username
    }

    pub(super) fn host(&self) -> &str {
        &self.0.vhost
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.0.scheme == AMQPScheme::AMQPS { "amqps" } else { "amqp" };
        let (host, port) = (&self.0.authority.host, self.0.authority.port);
        if host.contains(':') {
            return write!(f, "{scheme}://[{host}]:{port}");
        }
        write!(f, "{scheme}://{host}:{port}")
    }
}

/// A connection.
pub(super) struct Connection(lapin::Connection);

/// What a connection tells by itself.
#[derive(Debug)]
pub(super) enum Sign {
    /// The broker takes nothing now, and says why.
    Blocked(String),
    /// It does again.
    Unblocked,
    /// Something else happened: look whether the connection still stands.
    Look,
}

impl Connection {
    /// Connects. `certificates` (PEM) are trusted besides those of the system.
    pub(super) async fn open(
        address: &Address,
        name: &str,
        certificates: Option<String>,
    ) -> Result<Self, Fault> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let tls = OwnedTLSConfig { identity: None, cert_chain: certificates };
        let runtime = lapin::runtime::default_runtime().map_err(|error| Fault::of(&error))?;
        let connecting =
            lapin::Connection::connect_uri_with_config(address.0.clone(), properties, tls, runtime);
        match connecting.await {
            Ok(connection) => Ok(Self(connection)),
            Err(error) => Err(match Fault::of(&error) {
                // at this stage the broker speaks of the user, not of what the user does
                Fault::Forbidden(_) => Fault::Credentials,
                Fault::Gone(reason) => Fault::Unreachable(reason),
                other => other,
            }),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.0.status().connected()
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.0.status().blocked()
    }

    pub(super) fn signs(&self) -> impl Stream<Item = Sign> + Send {
        self.0.events_listener().map(|event| match event {
            Event::ConnectionBlocked(reason) => Sign::Blocked(reason),
            Event::ConnectionUnblocked => Sign::Unblocked,
            _ => Sign::Look,
        })
    }

    /// A channel; one that confirms what is published, if asked.
    pub(super) async fn channel(&self, confirms: bool) -> Result<Channel, Fault> {
        let channel = self.0.create_channel().await.map_err(|error| Fault::of(&error))?;
        if confirms {
            let asked = channel.confirm_select(ConfirmSelectOptions::default()).await;
            asked.map_err(|error| Fault::of(&error))?;
        }
        Ok(Channel { inner: channel, turn: Arc::default() })
    }

    pub(super) async fn close(&self) {
        // one that is gone needs no closing
        let _closed = self.0.close(200, "OK".into()).await;
    }
}

/// A channel. Cheap to clone; it closes with its last clone.
#[derive(Clone)]
pub(super) struct Channel {
    inner: lapin::Channel,
    /// Held while a message is numbered and put in line, so that both orders are the same.
    turn: Arc<Mutex<()>>,
}

/// A value in a header or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Int(i64),
    Text(String),
}

/// A message with what AMQP carries beside its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) id: String,
    /// What it is, by its `type`.
    pub(super) kind: String,
    pub(super) durable: bool,
    pub(super) headers: BTreeMap<String, Value>,
    pub(super) body: Vec<u8>,
}

/// How an exchange passes messages on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Passing {
    ByKey,
    ByTopic,
    ToAll,
}

/// How a queue is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declare {
    /// It is only looked at.
    Look,
    /// It outlives the broker.
    Durable,
    /// It belongs to this connection.
    Own,
}

impl Channel {
    /// Declares a queue; says how many messages wait in it.
    pub(super) async fn queue(
        &self,
        name: &str,
        how: Declare,
        arguments: &[(&str, Value)],
    ) -> Result<u32, Fault> {
        let own = how == Declare::Own;
        let options = QueueDeclareOptions {
            passive: how == Declare::Look,
            durable: how == Declare::Durable,
            exclusive: own,
            auto_delete: own,
            nowait: false,
        };
        let declared = self.inner.queue_declare(short(name)?, options, table(arguments)?).await;
        declared.map(|queue| queue.message_count()).map_err(|error| Fault::of(&error))
    }

    /// Declares an exchange; `look` only checks that it is there.
    pub(super) async fn exchange(&self, name: &str, passing: Passing, look: bool) -> Result<(), Fault> {
        let kind = match passing {
            Passing::ByKey => ExchangeKind::Direct,
            Passing::ByTopic => ExchangeKind::Topic,
            Passing::ToAll => ExchangeKind::Fanout,
        };
        let options = ExchangeDeclareOptions { durable: true, passive: look, ..Default::default() };
        let declared = self.inner.exchange_declare(short(name)?, kind, options, FieldTable::default());
        declared.await.map_err(|error| Fault::of(&error))
    }

    pub(super) async fn bind(&self, queue: &str, exchange: &str, key: &str) -> Result<(), Fault> {
        let (queue, exchange, key) = (short(queue)?, short(exchange)?, short(key)?);
        let bound =
            self.inner.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default());
        bound.await.map_err(|error| Fault::of(&error))
    }

    /// Publishes, and waits until the broker says that it has the message: only a plain yes counts. On a
    /// channel that does not confirm it waits until the message is sent.
    pub(super) async fn publish(&self, exchange: &str, key: &str, envelope: &Envelope) -> Result<(), Fault> {
        let options = BasicPublishOptions { mandatory: envelope.durable, immediate: false };
        let (exchange, key, properties) = (short(exchange)?, short(key)?, properties(envelope)?);
        let sending = self.inner.basic_publish(exchange, key, options, &envelope.body, properties);
        let mut sending = std::pin::pin!(sending);
        let mut lined_up = false;
        let sent = poll_fn(|context| {
            if lined_up {
                return sending.as_mut().poll(context);
            }
            lined_up = true;
            let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            sending.as_mut().poll(context)
        });
        let confirm = sent.await.map_err(|error| Fault::of(&error))?;
        match confirm.await.map_err(|error| Fault::of(&error))? {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::NotRequested if !envelope.durable => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => Err(Fault::Unrouted),
            Confirmation::Nack(None) | Confirmation::NotRequested => Err(Fault::Refused),
        }
    }

    /// Takes messages from a queue, at most `prefetch` at a time without an answer; all at once and without
    /// answers if it is 0.
    pub(super) async fn consume(&self, queue: &str, tag: &str, prefetch: u16) -> Result<Incoming, Fault> {
        if prefetch > 0 {
            let asked = self.inner.basic_qos(prefetch, BasicQosOptions::default());
            asked.await.map_err(|error| Fault::of(&error))?;
        }
        let options = BasicConsumeOptions { no_ack: prefetch == 0, ..Default::default() };
        let consuming = self.inner.basic_consume(short(queue)?, short(tag)?, options, FieldTable::default());
        consuming.await.map(Incoming).map_err(|error| Fault::of(&error))
    }

    /// Takes no more messages under this tag.
    pub(super) async fn cancel(&self, tag: &str) -> Result<(), Fault> {
        let cancelled = self.inner.basic_cancel(short(tag)?, BasicCancelOptions::default());
        cancelled.await.map_err(|error| Fault::of(&error))
    }

    /// Gives back all that came by this channel and has no answer, in its order.
    pub(super) async fn requeue_all(&self) -> Result<(), Fault> {
        let all = self.inner.basic_nack(0, BasicNackOptions { multiple: true, requeue: true });
        all.await.map_err(|error| Fault::of(&error))
    }

    pub(super) async fn close(&self) {
        // one that is gone needs no closing
        let _closed = self.inner.close(200, "OK".into()).await;
    }
}

/// Messages as they come. It ends when the broker takes the consumer away.
pub(super) struct Incoming(lapin::Consumer);

impl Stream for Incoming {
    type Item = Result<Received, Fault>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = self.0.poll_next_unpin(context);
        next.map(|item| item.map(|item| item.map(Received::of).map_err(|error| Fault::of(&error))))
    }
}

/// A message that came.
pub(super) struct Received {
    pub(super) envelope: Envelope,
    pub(super) topic: String,
    pub(super) handle: Handle,
}

impl Received {
    fn of(delivery: Delivery) -> Self {
        let text = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string).unwrap_or_default();
        let properties = &delivery.properties;
        let envelope = Envelope {
            id: text(properties.message_id()),
            kind: text(properties.kind()),
            durable: *properties.delivery_mode() == Some(DURABLE),
            headers: properties.headers().as_ref().map(headers).unwrap_or_default(),
            body: delivery.data,
        };
        Self { envelope, topic: delivery.routing_key.to_string(), handle: Handle(delivery.acker) }
    }
}

/// Answers a message.
#[derive(Clone)]
pub(super) struct Handle(Acker);

impl Handle {
    /// It is done. Once this returns, the answer is on its way.
    pub(super) async fn ack(&self) -> Result<(), Fault> {
        answered(self.0.ack(BasicAckOptions::default()).await)
    }

    /// It goes back to its queue.
    pub(super) async fn requeue(&self) -> Result<(), Fault> {
        answered(self.0.nack(BasicNackOptions { multiple: false, requeue: true }).await)
    }
}

fn answered(result: lapin::Result<bool>) -> Result<(), Fault> {
    match result {
        Ok(true) => Ok(()),
        Ok(false) => Err(Fault::Gone("-".to_owned())),
        Err(error) => Err(Fault::of(&error)),
    }
}

/// The delivery mode of messages that outlive the broker.
const DURABLE: u8 = 2;

fn short(text: &str) -> Result<ShortString, Fault> {
    ShortString::try_new(text).map_err(|error| Fault::Invalid(format!("{text}: {error}")))
}

fn properties(envelope: &Envelope) -> Result<BasicProperties, Fault> {
    let mut table = FieldTable::default();
    for (name, known) in &envelope.headers {
        table.insert(short(name)?, value(known));
    }
    Ok(BasicProperties::default()
        .with_message_id(short(&envelope.id)?)
        .with_type(short(&envelope.kind)?)
        .with_delivery_mode(if envelope.durable { DURABLE } else { 1 })
        .with_headers(table))
}

fn table(arguments: &[(&str, Value)]) -> Result<FieldTable, Fault> {
    let mut table = FieldTable::default();
    for (name, known) in arguments {
        table.insert(short(name)?, value(known));
    }
    Ok(table)
}

fn value(value: &Value) -> AMQPValue {
    match value {
        Value::Int(int) => AMQPValue::LongLongInt(*int),
        Value::Text(text) => AMQPValue::LongString(text.as_str().into()),
    }
}

/// The headers that are whole numbers or texts; of the history of a dead letter its latest reason and time,
/// as `x-death-reason` and `x-death-time`.
fn headers(table: &FieldTable) -> BTreeMap<String, Value> {
    let mut known: BTreeMap<String, Value> =
        table.inner().iter().filter_map(|(name, value)| Some((name.to_string(), read(value)?))).collect();
    let history = table.inner().get("x-death").and_then(AMQPValue::as_array);
    let latest = history.and_then(|history| history.as_slice().first()).and_then(AMQPValue::as_field_table);
    for (name, value) in latest.into_iter().flat_map(FieldTable::inner) {
        if let Some(value) = read(value) {
            known.insert(format!("x-death-{name}"), value);
        }
    }
    known
}

fn read(value: &AMQPValue) -> Option<Value> {
    Some(match value {
        AMQPValue::ShortShortInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::ShortShortUInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::ShortInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::ShortUInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::LongInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::LongUInt(int) => Value::Int(i64::from(*int)),
        AMQPValue::LongLongInt(int) => Value::Int(*int),
        AMQPValue::Timestamp(seconds) => Value::Int(i64::try_from(*seconds).ok()?),
        AMQPValue::ShortString(text) => Value::Text(text.to_string()),
        AMQPValue::LongString(text) => Value::Text(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        _ => return None,
    })
}
