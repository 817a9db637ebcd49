//! A message of the port as AMQP carries it.

use super::wire::{Envelope, Value};
use crate::{DeadLetter, Message, Priority};
use bus_core::msg;
use std::time::Duration;

/// The `type` of messages.
const MESSAGE: &str = "message";

/// A message on its way, with what is known of it besides.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    pub(super) message: Message,
    /// Deliveries before it was published the last time.
    pub(super) before: u32,
    /// When it was published first, ms since the Unix epoch.
    pub(super) since: i64,
    /// What it still has to wait when it comes.
    pub(super) left: Duration,
}

/// Why a message became a dead letter, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Death {
    pub(super) reason: String,
    pub(super) at: i64,
}

impl Letter {
    pub(super) const fn new(message: Message, since: i64) -> Self {
        Self { message, before: 0, since, left: Duration::ZERO }
    }

    pub(super) fn envelope(&self, death: Option<&Death>) -> Envelope {
        let priority = match self.message.priority {
            Priority::Interactive => "interactive",
            Priority::Batch => "batch",
            Priority::Heavy => "heavy",
        };
        let left = i64::try_from(self.left.as_millis()).unwrap_or(i64::MAX);
        let mut headers = vec![
            ("version", Value::Int(i64::from(self.message.version))),
            ("priority", Value::Text(priority.to_owned())),
            ("attempts", Value::Int(i64::from(self.before))),
            ("since", Value::Int(self.since)),
            ("left", Value::Int(left)),
        ];
        if let Some(death) = death {
            headers.push(("reason", Value::Text(death.reason.clone())));
            headers.push(("at", Value::Int(death.at)));
        }
        Envelope {
            id: self.message.id.clone(),
            kind: MESSAGE.to_owned(),
            durable: true,
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: self.message.body.clone(),
        }
    }

    /// Reads what came, with the deliveries before this one; `None` if it is not of this bus.
    pub(super) fn read(envelope: &Envelope) -> Option<(Self, u32)> {
        let int = |name: &str| match envelope.headers.get(name) {
            Some(Value::Int(int)) => Some(*int),
            _ => None,
        };
        let priority = match envelope.headers.get("priority") {
            Some(Value::Text(text)) if text == "interactive" => Priority::Interactive,
            Some(Value::Text(text)) if text == "batch" => Priority::Batch,
            Some(Value::Text(text)) if text == "heavy" => Priority::Heavy,
            _ => return None,
        };
        if envelope.kind != MESSAGE {
            return None;
        }
        let message = Message {
            id: envelope.id.clone(),
            version: u16::try_from(int("version")?).ok()?,
            priority,
            body: envelope.body.clone(),
        };
        let before = u32::try_from(int("attempts")?).ok()?;
        let left = Duration::from_millis(u64::try_from(int("left")?).ok()?);
        // the broker counts what came back to the queue without an answer
        let returned = int("x-delivery-count").and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let earlier = before.saturating_add(returned);
        Some((Self { message, before, since: int("since")?, left }, earlier))
    }

    /// Reads a dead letter; one that is not of this bus is shown with what is known of it.
    pub(super) fn read_dead(envelope: &Envelope) -> DeadLetter {
        let int = |name: &str| match envelope.headers.get(name) {
            Some(Value::Int(int)) => Some(*int),
            _ => None,
        };
        let text = |name: &str| match envelope.headers.get(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let (letter, attempts) = Self::read(envelope).unwrap_or_else(|| {
            let message = Message {
                id: envelope.id.clone(),
                version: 0,
                priority: Priority::Batch,
                body: envelope.body.clone(),
            };
            (Self::new(message, 0), 0)
        });
        // the broker's own word is in seconds
        let died = int("at").or_else(|| int("x-death-time").map(|seconds| seconds.saturating_mul(1_000)));
        let reason = text("reason").unwrap_or_else(|| match text("x-death-reason").as_deref() {
            Some("delivery_limit") => {
                msg!("whoever took this message went away each time, until the broker gave it up").to_string()
            }
            Some(other) => msg!("the broker gave this message up: {reason}", reason = other).to_string(),
            None => msg!("nobody said why").to_string(),
        });
        DeadLetter { message: letter.message, reason, attempts, at: died.unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        let message =
            Message { id: "m".to_owned(), version: 7, priority: Priority::Heavy, body: vec![0, 255] };
        Letter { message, before: 2, since: -5, left: Duration::from_millis(30) }
    }

    #[test]
    fn a_letter_is_read_as_written() {
        let mut envelope = letter().envelope(None);
        assert_eq!(Letter::read(&envelope), Some((letter(), 2)));
        envelope.headers.insert("x-delivery-count".to_owned(), Value::Int(3));
        assert_eq!(Letter::read(&envelope).map(|(_, earlier)| earlier), Some(5));
    }

    #[test]
    fn what_others_put_there_is_not_read() {
        let whole = letter().envelope(None);
        for name in ["version", "priority", "attempts", "since", "left"] {
            let mut envelope = whole.clone();
            envelope.headers.remove(name);
            assert_eq!(Letter::read(&envelope), None, "without {name}");
        }
        assert_eq!(Letter::read(&Envelope { kind: String::new(), ..whole.clone() }), None);
        let mut too_new = whole;
        too_new.headers.insert("version".to_owned(), Value::Int(70_000));
        assert_eq!(Letter::read(&too_new), None);
    }

    #[test]
    fn a_dead_letter_says_why() {
        let death = Death { reason: "no such file".to_owned(), at: 12 };
        let dead = Letter::read_dead(&letter().envelope(Some(&death)));
        assert_eq!((dead.reason.as_str(), dead.at, dead.attempts), ("no such file", 12, 2));
        let mut limit = letter().envelope(None);
        limit.headers.insert("x-death-reason".to_owned(), Value::Text("delivery_limit".to_owned()));
        limit.headers.insert("x-death-time".to_owned(), Value::Int(3));
        let dead = Letter::read_dead(&limit);
        assert!(dead.reason.contains("went away each time"), "{}", dead.reason);
        assert_eq!(dead.at, 3_000);
        assert_eq!(Letter::read_dead(&Envelope::default()).reason, "nobody said why");
    }
}
