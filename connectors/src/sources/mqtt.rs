//! Messages of an MQTT broker.

use crate::{
    contract::{Arrived, Connector, Context, Live, Mailbox, Outputs, Sample},
    formats::FormatChoice,
    kit::{
        Secret,
        messages::Messages,
        mqtt::{Account, BrokerAddress, Filter, Session, Subscription, client_name},
    },
};
use bus_core::{Message, error::StepError, msg};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU32, time::Duration};

pub(crate) static CONNECTOR: Connector = Connector::live::<Mqtt>("mqtt");

/// # MQTT
///
/// Takes the messages that devices and services send to an MQTT broker (MQTT 5), of any format.
///
/// With the trigger for arriving messages, the bus stays connected and runs the workflow whenever messages come. The
/// broker keeps what comes while nobody is connected for a day, and no message is forgotten before a run has it; after
/// trouble one may come twice. Started by hand, the step listens for a few seconds. A message that is a number or a
/// text alone becomes a record with the field `value`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "radio", "x-group" = "input", "x-outside" = true))]
struct Mqtt {
    /// # Address
    ///
    /// Where the broker is: `mqtts://` with TLS, `mqtt://` without; the port is 8883 or 1883 if none is given.
    #[schemars(extend("examples" = ["mqtts://broker.example.org"]))]
    address: BrokerAddress,
    /// # Topics
    ///
    /// What to subscribe to: `+` stands for one level, `#` at the end for all below.
    #[schemars(length(min = 1), extend("examples" = [["sensors/+/temperature"]]))]
    topics: Vec<Filter>,
    /// # User name
    ///
    /// Who connects, if the broker asks.
    #[serde(default)]
    user: Option<String>,
    /// # Password
    ///
    /// The secret that holds the password of the user.
    #[serde(default)]
    password: Option<Secret>,
    /// # Delivery
    ///
    /// What happens with messages when the connection breaks or the bus is stopped.
    #[serde(default)]
    delivery: Delivery,
    /// # Format
    ///
    /// The format of the messages. If not chosen, the content type and then the first bytes of each tell.
    #[serde(default)]
    format: Option<FormatChoice>,
    /// # Field for the topic
    ///
    /// A field that is added to each record and tells the topic of its message; none if empty.
    #[serde(default = "topic_field")]
    topic_field: String,
    /// # Field for the time
    ///
    /// A field that is added to each record and tells when its message arrived; none if empty.
    #[serde(default)]
    time_field: String,
    /// # Keep alive
    ///
    /// After so many seconds of silence it is asked whether the broker is still there.
    #[serde(default = "keep_alive")]
    keep_alive: KeepAlive,
    /// # Sample: messages
    ///
    /// Started by hand or for a preview: listen until so many messages have come.
    #[serde(default = "sample_messages")]
    messages: NonZeroU32,
    /// # Sample: seconds
    ///
    /// Started by hand or for a preview: listen for so many seconds at most.
    #[serde(default = "sample_seconds")]
    seconds: NonZeroU32,
}

/// # Delivery
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Delivery {
    /// # At least once
    ///
    /// The broker keeps them until they are in safe hands (QoS 1).
    #[default]
    AtLeastOnce,
    /// # At most once
    ///
    /// They are lost (QoS 0).
    AtMostOnce,
}

/// # Keep alive
///
/// Seconds, from 5 to 3600.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(try_from = "u16")]
struct KeepAlive(#[schemars(range(min = 5, max = 3_600))] u16);

impl TryFrom<u16> for KeepAlive {
    type Error = Message;

    fn try_from(seconds: u16) -> Result<Self, Message> {
        if !(5..=3_600).contains(&seconds) {
            return Err(msg!("`{seconds}` is not between 5 and 3600", seconds = u32::from(seconds)));
        }
        Ok(Self(seconds))
    }
}

fn topic_field() -> String {
    "topic".to_owned()
}

const fn keep_alive() -> KeepAlive {
    KeepAlive(30)
}

const fn sample_messages() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(9)
}

const fn sample_seconds() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(4)
}

impl Live for Mqtt {
    async fn listen(self, mailbox: Mailbox, context: Context) -> Result<(), StepError> {
        let place = self.address.shown();
        let listening = async {
            let password = self.password.as_ref().map(|secret| secret.reveal(&context)).transpose()?;
            let account = Account { user: self.user.clone(), password };
            let subscription = Subscription {
                // one that is listened for a moment leaves nothing behind at the broker
                client: if mailbox.is_lasting() {
                    client_name(context.work(), context.step())
                } else {
                    String::new()
                },
                lasting: mailbox.is_lasting() && self.delivery == Delivery::AtLeastOnce,
                at_least_once: self.delivery == Delivery::AtLeastOnce,
                filters: &self.topics,
                keep_alive: Duration::from_secs(self.keep_alive.0.into()),
            };
            let session = Session::begin(&self.address, account, &subscription, &context).await?;
            session.run(&mailbox, &context).await
        };
        listening.await.map_err(|error: StepError| error.at(place))
    }

    async fn read(self, arrived: Vec<Arrived>, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let (topic, time) = (named(&self.topic_field), named(&self.time_field));
        let messages = Messages { format: self.format.as_ref(), topic, time };
        messages.read(arrived, &mut out, &context).await
    }

    fn sample(&self) -> Sample {
        Sample {
            messages: usize::try_from(self.messages.get()).unwrap_or(usize::MAX),
            time: Duration::from_secs(self.seconds.get().into()),
        }
    }
}

/// A field that is wanted, if it has a name.
fn named(field: &str) -> Option<&str> {
    Some(field).filter(|name| !name.is_empty())
}
