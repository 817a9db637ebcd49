//! From messages to records: what live sources share.

use super::{ReadOptions, transport::decode_whole};
use crate::{
    contract::{Arrived, Context, Decoded, Outputs},
    formats::FormatChoice,
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    record::{Batch, BatchBuilder, Precision, Timestamp, Value},
};

/// The field that holds what a message says that is a number or a text alone.
const VALUE: &str = "value";

/// How messages become records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages<'a> {
    /// The format of all of them; that of each is found by its media type and its bytes if not given.
    pub(crate) format: Option<&'a FormatChoice>,
    /// The field that tells the topic.
    pub(crate) topic: Option<&'a str>,
    /// The field that tells when the message arrived.
    pub(crate) time: Option<&'a str>,
}

impl Messages<'_> {
    /// Sends the records of messages, in their order. A message is read whole or not at all: one that cannot be read
    /// to its end goes to the `errors` port.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub(crate) async fn read(
        self,
        arrived: Vec<Arrived>,
        out: &mut Outputs,
        context: &Context,
    ) -> Result<(), StepError> {
        let mut writer = Writer { fields: self, builder: BatchBuilder::new() };
        for message in arrived {
            if out.is_done() {
                break;
            }
            match self.decode(&message, context).await {
                Ok(decoded) => writer.write(&message, decoded, (out, context)).await?,
                Err(error) => {
                    context.go_on()?;
                    let rejected = unreadable(&message);
                    let reason = msg!(
                        "message of `{topic}`: {problem}",
                        topic = &message.topic,
                        problem = error.message
                    );
                    rejected.records().for_each(|record| out.reject(record, &Reject::new(reason.clone())));
                }
            }
        }
        writer.flush(out).await
    }

    async fn decode(&self, message: &Arrived, context: &Context) -> Result<Decoded, StepError> {
        if self.format.is_none()
            && let Some(alone) = alone(&message.payload)
        {
            context.meter().read(message.payload.len());
            return Ok(alone);
        }
        let options = ReadOptions {
            format: self.format,
            media_type: message.media_type.as_deref().filter(|it| FormatChoice::of_media_type(it).is_some()),
            ..ReadOptions::default()
        };
        decode_whole(message.payload.clone(), at(message), &options, context).await
    }
}

/// A number, a text in quotes, `true` or `false`: what simple devices send.
fn alone(payload: &[u8]) -> Option<Decoded> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    if value.is_array() || value.is_object() {
        return None;
    }
    let mut decoded = Decoded::default();
    // a scalar has no keys that could come twice
    decoded.builder().json(&value).ok()?;
    decoded.cut();
    Some(decoded)
}

fn at(message: &Arrived) -> Timestamp {
    Timestamp::at(message.at.saturating_mul(1_000), 0, Precision::Millisecond)
}

/// A message as it came, for the `errors` port.
fn unreadable(message: &Arrived) -> Batch {
    let mut builder = BatchBuilder::new();
    builder.begin_object();
    let mut put = |name: &str, write: &dyn Fn(&mut BatchBuilder)| {
        // names differ, so that no key comes twice
        if builder.key(name).is_ok() {
            write(&mut builder);
        }
    };
    put("topic", &|out| out.text(&message.topic));
    put("time", &|out| out.time(at(message)));
    put("payload", &|out| match std::str::from_utf8(&message.payload) {
        Ok(text) => out.text(text),
        Err(_) => out.bytes(&message.payload),
    });
    builder.end();
    builder.take()
}

/// Puts the records of many small messages together.
struct Writer<'a> {
    fields: Messages<'a>,
    builder: BatchBuilder,
}

impl Writer<'_> {
    async fn write(
        &mut self,
        message: &Arrived,
        mut decoded: Decoded,
        (out, context): (&mut Outputs, &Context),
    ) -> Result<(), StepError> {
        let named = |(raw, reject): (Option<String>, Reject)| {
            let message =
                msg!("message of `{topic}`: {problem}", topic = &message.topic, problem = reject.message);
            (raw, Reject { message, ..reject })
        };
        out.reject_all(decoded.take_rejected().into_iter().map(named));
        if !decoded.losses().is_empty() {
            context.report_losses(std::mem::take(decoded.losses()));
        }
        while let Some(batch) = decoded.next_batch() {
            if !self.builder.is_empty() && self.builder.context() != batch.context() {
                self.flush(out).await?;
            }
            self.builder.set_context(batch.context().cloned());
            for record in batch.records() {
                self.record(message, record);
            }
            if self.builder.is_full() {
                self.flush(out).await?;
            }
        }
        Ok(())
    }

    /// Writes a record with what is known of its message.
    fn record(&mut self, message: &Arrived, record: Value<'_>) {
        let Messages { topic, time, .. } = self.fields;
        let out = &mut self.builder;
        out.begin_object();
        if let Some(field) = topic
            && out.key(field).is_ok()
        {
            out.text(&message.topic);
        }
        if let Some(field) = time
            && out.key(field).is_ok()
        {
            out.time(at(message));
        }
        match record {
            Value::Object(object) => {
                for (position, key) in object.shape().keys().iter().enumerate() {
                    // a key that is there already is one of the two above
                    if let Some(value) = object.at(position)
                        && out.key(key).is_ok()
                    {
                        out.copy(value);
                    }
                }
            }
            value => {
                if out.key(VALUE).is_ok() {
                    out.copy(value);
                }
            }
        }
        out.end();
    }

    async fn flush(&mut self, out: &mut Outputs) -> Result<(), StepError> {
        match self.builder.is_empty() {
            true => Ok(()),
            false => out.send(self.builder.take()).await,
        }
    }
}
