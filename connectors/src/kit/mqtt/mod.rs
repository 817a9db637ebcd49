//! A client of MQTT 5 that only listens: the packets are read and written by rumqttc, the connection is the kit's
//! guarded one.

mod settings;

pub(crate) use settings::{BrokerAddress, Filter, client_name};

use super::Revealed;
use crate::{
    contract::{Acknowledge, Arrived, Context, MESSAGE_BYTES, Mailbox, Room},
    kit::http::Wire,
};
use bus_core::{error::StepError, msg};
use bytes::{Buf, BytesMut};
use futures::future::BoxFuture;
use rumqttc::v5::mqttbytes::{
    QoS,
    v5::{
        Connect, ConnectProperties, ConnectReturnCode, DisconnectReasonCode, Filter as Subscribed, Login,
        Packet, PubAck, Publish, RetainForwardRule, Subscribe, SubscribeReasonCode,
    },
};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// How long the broker keeps what comes while nobody is connected, s.
const SESSION: u32 = 24 * 3_600;
/// Messages the broker may send before the first of them is acknowledged: as many as a run may take.
const UNACKNOWLEDGED: u16 = 10_000;
/// How long an answer to what begins a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a packet beside its topic and what it says.
const FRAME: usize = 8 << 10;
/// `DISCONNECT`: the session stays.
const GOODBYE: [u8; 2] = [0xE0, 0x00];

/// Who connects.
#[derive(Debug)]
pub(crate) struct Account {
    /// The user's name, if the broker asks.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Option<Revealed>,
}

/// What is subscribed to, and how.
#[derive(Debug)]
pub(crate) struct Subscription<'a> {
    /// The client's name; given by the broker if empty.
    pub(crate) client: String,
    /// Whether the broker is to keep what comes while nobody is connected.
    pub(crate) lasting: bool,
    /// Whether messages are acknowledged.
    pub(crate) at_least_once: bool,
    /// Of which topics.
    pub(crate) filters: &'a [Filter],
    /// After how much silence it is asked whether the broker is there.
    pub(crate) keep_alive: Duration,
}

/// A connection that is subscribed.
pub(crate) struct Session<'a> {
    wire: Box<dyn Wire>,
    came: BytesMut,
    /// Bytes of a message that is too large, still to come.
    skipped: usize,
    filters: &'a [Filter],
    keep_alive: Duration,
}

/// What stands at the beginning of what has come.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
enum Next {
    Packet(Packet),
    /// A message that is larger than may be, and what to acknowledge.
    TooLarge(u16),
    /// More has to come first.
    Part,
}

type Coming = BoxFuture<'static, Result<Room, StepError>>;

impl<'a> Session<'a> {
    /// Connects and subscribes.
    ///
    /// # Errors
    /// When the broker cannot be reached, or refuses.
    pub(crate) async fn begin(
        address: &BrokerAddress,
        account: Account,
        subscription: &Subscription<'a>,
        context: &Context,
    ) -> Result<Self, StepError> {
        let wire = context.http().dial(address.place(), address.is_secured()).await?;
        let mut session = Self {
            wire,
            came: BytesMut::new(),
            skipped: 0,
            filters: subscription.filters,
            keep_alive: subscription.keep_alive,
        };
        let late = || StepError::passing(msg!("the broker does not answer"));
        let begun = timeout(PATIENCE, session.connect(account, subscription)).await;
        begun.map_err(|_| late())??;
        Ok(session)
    }

    async fn connect(&mut self, account: Account, subscription: &Subscription<'a>) -> Result<(), StepError> {
        let mut properties = ConnectProperties::new();
        properties.session_expiry_interval = Some(if subscription.lasting { SESSION } else { 0 });
        properties.receive_maximum = Some(UNACKNOWLEDGED);
        let connect = Connect {
            keep_alive: u16::try_from(subscription.keep_alive.as_secs()).unwrap_or(u16::MAX),
            client_id: subscription.client.clone(),
            clean_start: !subscription.lasting,
            properties: Some(properties),
        };
        let login =
            account.user.map(|user| Login::new(user, account.password.as_ref().map_or("", Revealed::text)));
        self.write(&Packet::Connect(connect, None, login)).await?;
        match self.answer().await? {
            Packet::ConnAck(answer) if answer.code == ConnectReturnCode::Success => {}
            Packet::ConnAck(answer) => return Err(refused(answer.code)),
            _ => return Err(no_mqtt()),
        }
        let qos = if subscription.at_least_once { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let filters = subscription.filters.iter().map(|filter| Subscribed {
            // what a broker retains comes once, not after each break of the connection
            retain_forward_rule: RetainForwardRule::OnNewSubscribe,
            preserve_retain: true,
            ..Subscribed::new(filter.text().to_owned(), qos)
        });
        let subscribe = Subscribe { pkid: 1, ..Subscribe::new_many(filters, None) };
        self.write(&Packet::Subscribe(subscribe)).await
    }

    /// The next packet, while the connection begins.
    async fn answer(&mut self) -> Result<Packet, StepError> {
        loop {
            match self.next() {
                // a broker that does not know this version answers in an older one
                Err(_) => return Err(no_mqtt()),
                Ok(Next::Packet(packet)) => return Ok(packet),
                Ok(Next::TooLarge(_) | Next::Part) => {}
            }
            if self.receive().await? == 0 {
                return Err(no_mqtt());
            }
        }
    }

    /// Hands on what comes, and acknowledges what is in safe hands, until the context is cancelled.
    ///
    /// # Errors
    /// When the connection breaks, or the broker ends it.
    pub(crate) async fn run(mut self, mailbox: &Mailbox, context: &Context) -> Result<(), StepError> {
        let (safe, mut acknowledged) = mpsc::unbounded_channel::<u16>();
        let mut asks = interval(self.keep_alive / 2);
        asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let cancelled = context.cancellation();
        let mut heard = Instant::now();
        let mut waiting: Option<(Publish, Coming)> = None;
        loop {
            while waiting.is_none() {
                match self.next().map_err(|_| broken())? {
                    Next::Packet(Packet::Publish(message)) => match self.arrived(message) {
                        Ok(message) => {
                            let room = mailbox.room(message.topic.len() + message.payload.len());
                            waiting = Some((message, room));
                        }
                        Err(stale) => self.acknowledge(stale).await?,
                    },
                    Next::Packet(packet) => said(&packet, self.filters, mailbox)?,
                    Next::TooLarge(id) => {
                        mailbox.too_large();
                        self.acknowledge(id).await?;
                    }
                    Next::Part => break,
                }
            }
            tokio::select! {
                () = cancelled.cancelled() => {
                    while let Ok(id) = acknowledged.try_recv() {
                        self.acknowledge(id).await?;
                    }
                    let _left = timeout(PATIENCE, self.wire.write_all(&GOODBYE)).await;
                    return Ok(());
                }
                Some(id) = acknowledged.recv() => self.acknowledge(id).await?,
                room = async {
                    match &mut waiting {
                        Some((_, room)) => room.await,
                        None => std::future::pending().await,
                    }
                } => {
                    if let Some((message, _)) = waiting.take() {
                        put(message, room?, (mailbox, context, &safe)).await?;
                    }
                    // nothing was read while there was no room
                    heard = Instant::now();
                }
                count = self.receive(), if waiting.is_none() => {
                    if count? == 0 {
                        return Err(broken());
                    }
                    heard = Instant::now();
                }
                _ = asks.tick() => {
                    if waiting.is_none() && heard.elapsed() > self.keep_alive * 2 {
                        return Err(StepError::passing(msg!("the broker does not answer any more")));
                    }
                    self.write(&Packet::PingReq(rumqttc::v5::mqttbytes::v5::PingReq)).await?;
                }
            }
        }
    }

    /// A message that was asked for, or what to acknowledge of one that an earlier subscription has left.
    fn arrived(&self, message: Publish) -> Result<Publish, u16> {
        let topic = String::from_utf8_lossy(&message.topic);
        match self.filters.iter().any(|filter| filter.takes(&topic)) {
            true => Ok(message),
            false => Err(message.pkid),
        }
    }

    async fn acknowledge(&mut self, id: u16) -> Result<(), StepError> {
        match id {
            // of a message that is sent at most once
            0 => Ok(()),
            id => self.write(&Packet::PubAck(PubAck::new(id, None))).await,
        }
    }

    async fn write(&mut self, packet: &Packet) -> Result<(), StepError> {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).map_err(|error| {
            StepError::settings(msg!("this cannot be sent: {problem}", problem = error.to_string()))
        })?;
        let sent = timeout(self.keep_alive.max(PATIENCE), async {
            self.wire.write_all(&bytes).await?;
            self.wire.flush().await
        });
        match sent.await {
            Ok(sent) => sent.map_err(|error| lost(&error)),
            Err(_) => Err(broken()),
        }
    }

    /// Takes what comes; zero at the end.
    async fn receive(&mut self) -> Result<usize, StepError> {
        self.came.reserve(FRAME);
        self.wire.read_buf(&mut self.came).await.map_err(|error| lost(&error))
    }

    /// The next packet of what has come.
    fn next(&mut self) -> Result<Next, ()> {
        let skipped = self.skipped.min(self.came.len());
        self.came.advance(skipped);
        self.skipped -= skipped;
        if self.skipped > 0 {
            return Ok(Next::Part);
        }
        let Some((header, rest)) = frame(&self.came)? else { return Ok(Next::Part) };
        if rest > MESSAGE_BYTES + FRAME {
            return self.too_large(header, rest);
        }
        if self.came.len() < header + rest {
            self.came.reserve(header + rest - self.came.len());
            return Ok(Next::Part);
        }
        let mut packet = self.came.split_to(header + rest);
        Packet::read(&mut packet, None).map(Next::Packet).map_err(drop)
    }

    /// Lets a packet go that is too large, but for what is needed to acknowledge it.
    fn too_large(&mut self, header: usize, rest: usize) -> Result<Next, ()> {
        let first = self.came.first().copied().unwrap_or_default();
        if first >> 4 != 3 {
            return Err(());
        }
        let acknowledged = first & 0b0110 != 0;
        let number = |place: usize| -> Option<u16> {
            let bytes: [u8; 2] = self.came.get(place..place + 2)?.try_into().ok()?;
            Some(u16::from_be_bytes(bytes))
        };
        let Some(topic) = number(header) else { return Ok(Next::Part) };
        let id = match acknowledged {
            true => number(header + 2 + usize::from(topic)),
            false => Some(0),
        };
        let Some(id) = id else { return Ok(Next::Part) };
        self.skipped = header + rest;
        Ok(Next::TooLarge(id))
    }
}

/// The sizes of a packet's fixed header and of the rest of it (MQTT 5, 2.1.4).
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    let mut size = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(1 + place) else { return Ok(None) };
        size |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((2 + place, size)));
        }
    }
    Err(())
}

/// What acknowledges a message, as long as the connection is there that it came by.
struct Receipt {
    safe: mpsc::UnboundedSender<u16>,
    id: u16,
}

impl Acknowledge for Receipt {
    fn acknowledge(&self) {
        // nobody hears it once the connection has broken: the message comes again
        let _heard = self.safe.send(self.id);
    }

    fn is_stale(&self) -> bool {
        self.safe.is_closed()
    }
}

/// Hands a message on for which there is room.
async fn put(
    message: Publish,
    room: Room,
    (mailbox, context, safe): (&Mailbox, &Context, &mpsc::UnboundedSender<u16>),
) -> Result<(), StepError> {
    let arrived = Arrived {
        topic: String::from_utf8_lossy(&message.topic).into_owned(),
        at: context.now().micros().div_euclid(1_000),
        media_type: message.properties.and_then(|properties| properties.content_type),
        payload: message.payload.to_vec(),
    };
    let receipt = Receipt { safe: safe.clone(), id: message.pkid };
    let acknowledge = (receipt.id > 0).then(|| -> Box<dyn Acknowledge> { Box::new(receipt) });
    mailbox.put(room, arrived, acknowledge).await
}

/// What the broker says beside messages.
fn said(packet: &Packet, filters: &[Filter], mailbox: &Mailbox) -> Result<(), StepError> {
    match packet {
        Packet::SubAck(answer) => {
            let answers = filters.iter().zip(&answer.return_codes);
            for (filter, code) in answers {
                let filter = filter.text();
                match code {
                    SubscribeReasonCode::Success(_) => {}
                    SubscribeReasonCode::NotAuthorized => {
                        return Err(StepError::settings(msg!(
                            "the broker does not allow this user to subscribe to `{topic}`",
                            topic = filter
                        )));
                    }
                    code => {
                        return Err(StepError::remote(msg!(
                            "the broker does not take the subscription to `{topic}`: {problem}",
                            topic = filter,
                            problem = format!("{code:?}")
                        )));
                    }
                }
            }
            mailbox.connected(true);
            Ok(())
        }
        Packet::Disconnect(farewell) => Err(match farewell.reason_code {
            DisconnectReasonCode::SessionTakenOver => {
                StepError::passing(msg!("another client has connected under the same name"))
            }
            reason => StepError::passing(msg!(
                "the broker has ended the connection: {problem}",
                problem = format!("{reason:?}")
            )),
        }),
        _ => Ok(()),
    }
}

fn refused(code: ConnectReturnCode) -> StepError {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
            StepError::settings(msg!("the broker refuses this user name and password"))
        }
        ConnectReturnCode::UnsupportedProtocolVersion | ConnectReturnCode::RefusedProtocolVersion => {
            no_mqtt()
        }
        ConnectReturnCode::ServerUnavailable
        | ConnectReturnCode::ServiceUnavailable
        | ConnectReturnCode::ServerBusy
        | ConnectReturnCode::ConnectionRateExceeded => StepError::passing(msg!("the broker has no time now")),
        code => StepError::remote(msg!(
            "the broker refuses the connection: {problem}",
            problem = format!("{code:?}")
        )),
    }
}

fn no_mqtt() -> StepError {
    StepError::remote(msg!("what answers there does not speak MQTT 5"))
}

fn broken() -> StepError {
    StepError::passing(msg!("the connection to the broker broke"))
}

fn lost(error: &io::Error) -> StepError {
    StepError::passing(msg!("the connection broke: {problem}", problem = error.to_string()))
}
