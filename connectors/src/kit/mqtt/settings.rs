//! Where a broker is, and what is subscribed to, as people write it.

use bus_core::{Message, msg};
use rumqttc::v5::mqttbytes::{matches, valid_filter};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt::Write as _};
use url::Url;

/// The address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BrokerAddress {
    host: String,
    port: u16,
    secured: bool,
}

impl TryFrom<String> for BrokerAddress {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        let wrong =
            || msg!("`{text}` is not an address such as mqtts://broker.example.org:8883", text = &text);
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        let secured = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(wrong()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(msg!(
                "user name and password have settings of their own: they do not belong in an address"
            ));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(wrong());
        }
        let port = url.port().unwrap_or(if secured { 8_883 } else { 1_883 });
        Ok(Self { host: host.to_owned(), port, secured })
    }
}

impl BrokerAddress {
    /// Its host and port.
    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Whether TLS is spoken there.
    pub(super) const fn is_secured(&self) -> bool {
        self.secured
    }

    /// As it is shown.
    pub(crate) fn shown(&self) -> Message {
        let scheme = if self.secured { "mqtts" } else { "mqtt" };
        msg!("{name}", name = format!("{scheme}://{}:{}", self.host, self.port))
    }
}

impl JsonSchema for BrokerAddress {
    fn schema_name() -> Cow<'static, str> {
        "BrokerAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// A filter of topics.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Filter(String);

impl TryFrom<String> for Filter {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        if text.len() > usize::from(u16::MAX) || text.contains('\0') || !valid_filter(&text) {
            return Err(msg!(
                "`{text}` is no filter of topics: `+` stands for a whole level, `#` for the last ones, as in `sensors/+/state`",
                text = &text
            ));
        }
        Ok(Self(text))
    }
}

impl Filter {
    /// As it is written.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether a message of this topic may come because of it.
    pub(super) fn takes(&self, topic: &str) -> bool {
        // $share/name/filter is one that several clients share
        let shared = self.0.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
        let filter = shared.map_or(self.0.as_str(), |(_, filter)| filter);
        topic.starts_with('$') || matches(topic, filter)
    }
}

impl JsonSchema for Filter {
    fn schema_name() -> Cow<'static, str> {
        "TopicFilter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The name of a client that is the same wherever `work` is done.
pub(crate) fn client_name(work: &str, step: &str) -> String {
    let digest = Sha256::new().chain_update(work).chain_update("\0").chain_update(step).finalize();
    let mut name = "semantic-bus-".to_owned();
    for byte in digest.iter().take(10) {
        write!(name, "{byte:02x}").unwrap_or_default();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_what_it_says() {
        for (filter, topic, takes) in [
            ("plant/+/power", "plant/roof/power", true),
            ("plant/+/power", "plant/roof/state", false),
            ("plant/#", "plant/roof/power", true),
            ("#", "plant", true),
            ("$share/us/plant/+", "plant/roof", true),
            ("$share/us/plant/+", "other/roof", false),
            ("$SYS/#", "$SYS/broker/uptime", true),
        ] {
            let known = Filter::try_from(filter.to_owned()).unwrap();
            assert_eq!(known.takes(topic), takes, "{filter} {topic}");
        }
        for wrong in ["", "a#", "#/a", "a+/b", "a\0"] {
            assert!(Filter::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_has_a_host_and_nothing_else() {
        let read = |text: &str| BrokerAddress::try_from(text.to_owned());
        let address = read("mqtts://broker.example.org/").unwrap();
        assert_eq!((address.place(), address.is_secured()), (("broker.example.org", 8_883), true));
        assert_eq!(read("mqtt://[::1]:1884").unwrap().place(), ("[::1]", 1_884));
        for wrong in
            ["broker", "http://broker", "mqtt://", "mqtt://broker/topic", "mqtt://a:b@broker", "mqtt://b?x=1"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_client_has_a_name_of_its_own_for_each_step() {
        let name = client_name("listen/w", "in");
        assert_eq!((name.len(), name.as_str()), (33, client_name("listen/w", "in").as_str()));
        assert_ne!(name, client_name("listen/wi", "n"));
    }
}
