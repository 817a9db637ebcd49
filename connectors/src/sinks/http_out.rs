//! Records to a server.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Receipt, Sink},
    formats::FormatChoice,
    kit::{
        http::{Address, Auth, Method, Pair, Request, Retry, of_status, shown},
        json,
    },
};
use bus_core::{
    Message,
    error::{Reject, StepError},
    expression::{Scope, Template, TemplateWriter},
    loss::LossReport,
    msg,
    record::{Batch, BatchBuilder, Timestamp, Value},
};
use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    num::{NonZeroU32, NonZeroUsize},
    ops::Range,
    sync::Arc,
    time::Duration,
};

pub(crate) static CONNECTOR: Connector = Connector::sink::<HttpOut>("http-out");

/// # Send to the web
///
/// Sends records to a server over HTTP, one by one or many at a time.
///
/// When the server is busy or does not answer, the call is repeated after a while, with the same key, so
/// that a server that knows such keys does nothing twice. Records that the server refuses go to the errors
/// port with its answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "send", "x-group" = "output"))]
struct HttpOut {
    /// # Address
    ///
    /// Where to send to; fields of the record may stand in it if records are sent one by one.
    #[schemars(extend("examples" = ["https://example.org/stations/{id}"]))]
    url: Template,
    /// # Method
    ///
    /// What to do there.
    #[serde(default = "post")]
    method: Method,
    /// # Records in a call
    ///
    /// At most how many records go in one call. With one, the record is sent as it is; with more, a list is.
    #[serde(default = "one")]
    records: NonZeroUsize,
    /// # Format
    ///
    /// The format of what is sent.
    #[serde(default)]
    format: Option<FormatChoice>,
    /// # Body
    ///
    /// The text to send for each record, instead of the record in a format.
    #[serde(default)]
    body: Option<Template>,
    /// # Headers
    ///
    /// Headers to send. Passwords and keys belong in the authentication.
    #[serde(default)]
    headers: Vec<Pair>,
    /// # Authentication
    ///
    /// How to show who is calling.
    #[serde(default)]
    auth: Option<Auth>,
    /// # Header for the key
    ///
    /// The header that takes the key by which the server knows a repeated call; empty to send none.
    #[serde(default = "key_header")]
    key_header: String,
    /// # Calls at a time
    ///
    /// How many calls may be under way at once.
    #[serde(default = "one")]
    parallel: NonZeroUsize,
    /// # Patience
    ///
    /// How many seconds to wait for the answer.
    #[serde(default = "patience")]
    timeout: NonZeroU32,
    /// # Further attempts
    ///
    /// How often to try again when the server is busy or does not answer.
    #[serde(default = "attempts")]
    retries: u32,
}

const fn post() -> Method {
    Method::Post
}

const fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

const fn patience() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(29)
}

const fn attempts() -> u32 {
    3
}

fn key_header() -> String {
    "Idempotency-Key".to_owned()
}

/// Bodies remembered, so that a second call with the same one gets another key.
const REMEMBERED: usize = 100_000;

/// The records of one call.
#[derive(Clone)]
struct Group {
    batch: Arc<Batch>,
    rows: Range<usize>,
}

/// Puts records together, as many as go in one call.
struct Groups {
    most: usize,
    pending: BatchBuilder,
    ready: Vec<Group>,
}

impl Groups {
    fn add(&mut self, batch: Batch) {
        if self.most == 1 {
            let batch = Arc::new(batch);
            let rows = (0..batch.len()).map(|row| Group { batch: Arc::clone(&batch), rows: row..row + 1 });
            self.ready.extend(rows);
            return;
        }
        for row in batch.rows() {
            self.pending.set_context(batch.context().cloned());
            self.pending.put(&batch, *row);
            if self.pending.len() == self.most {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if !self.pending.is_empty() {
            let batch = self.pending.take();
            self.ready.push(Group { rows: 0..batch.len(), batch: Arc::new(batch) });
        }
    }
}

/// Writes requests from records.
struct Writer<'a> {
    settings: &'a HttpOut,
    context: &'a Context,
    url: TemplateWriter,
    body: Option<TemplateWriter>,
    format: FormatChoice,
    losses: LossReport,
    began: Timestamp,
    calls: u64,
    /// How often each body was sent, by its digest.
    sent: HashMap<[u8; 16], u64>,
}

impl Sink for HttpOut {
    async fn write(
        self,
        mut input: Inputs,
        mut out: Outputs,
        context: Context,
    ) -> Result<Receipt, StepError> {
        let mut receipt = Receipt { target: Some(self.url.source().to_owned()), ..Receipt::default() };
        let mut writer = Writer::new(&self, &context)?;
        let mut groups = Groups { most: self.records.get(), pending: BatchBuilder::new(), ready: Vec::new() };
        loop {
            let next = input.next().await;
            let ended = next.is_none();
            match next {
                Some(batch) => groups.add(batch),
                None => groups.cut(),
            }
            if ended || groups.ready.len() >= self.parallel.get() {
                let ready = std::mem::take(&mut groups.ready);
                self.send_all(ready, &mut writer, (&mut out, &mut receipt)).await?;
            }
            if ended {
                break;
            }
        }
        // an input that ended because the run did is not the whole
        context.go_on()?;
        context.report_losses(std::mem::take(&mut writer.losses));
        Ok(receipt)
    }
}

impl HttpOut {
    /// Makes the calls of these records, several at a time.
    async fn send_all(
        &self,
        groups: Vec<Group>,
        writer: &mut Writer<'_>,
        (out, receipt): (&mut Outputs, &mut Receipt),
    ) -> Result<(), StepError> {
        let mut calls = Vec::new();
        for group in groups {
            match writer.request(&group.batch, group.rows.clone())? {
                Ok(request) => calls.push((group, request)),
                Err(reject) => refuse(&group, &reject, (out, receipt)),
            }
        }
        let context = writer.context;
        let mut answers = stream::iter(calls)
            .map(|(group, request)| async move { (group, self.send(&request, context).await) })
            .buffered(self.parallel.get());
        while let Some((group, answer)) = answers.next().await {
            match answer? {
                None => receipt.written += group.rows.len() as u64,
                Some(reason) => refuse(&group, &Reject::new(reason), (out, receipt)),
            }
        }
        // the refused go out
        out.send(Batch::default()).await
    }

    /// Makes one call; gives the reason if the server refuses the records.
    async fn send(&self, unsigned: &Request, context: &Context) -> Result<Option<Message>, StepError> {
        let (http, retry) = (context.http(), Retry::times(self.retries));
        let mut renewed = false;
        loop {
            let mut request = unsigned.clone();
            if let Some(auth) = &self.auth {
                auth.apply(&mut request, http, context).await?;
            }
            let answer = http.fetch(&request, retry, context).await?;
            let status = answer.status();
            if status.is_success() {
                context.meter().wrote(request.body.as_ref().map_or(0, Vec::len));
                return Ok(None);
            }
            let hope = !renewed && status.as_u16() == 401;
            if let Some(auth) = self.auth.as_ref().filter(|_| hope)
                && auth.renew(http).await
            {
                renewed = true;
                continue;
            }
            let place = shown(answer.url());
            let error = of_status(status, &answer.snippet().await);
            // who calls is wrong, or the server: that is no fault of this record
            if error.retry || matches!(status.as_u16(), 401 | 403 | 407) || status.is_server_error() {
                return Err(error.at(place));
            }
            return Ok(Some(error.message));
        }
    }
}

impl<'a> Writer<'a> {
    fn new(settings: &'a HttpOut, context: &'a Context) -> Result<Self, StepError> {
        let fuel = context.limits().expression_fuel;
        let format = settings.format.clone().or_else(|| FormatChoice::of_id("json"));
        let format = format.ok_or_else(|| StepError::ours(msg!("there is no format `json`")))?;
        Ok(Self {
            settings,
            context,
            url: settings.url.writer(fuel),
            body: settings.body.as_ref().map(|body| body.writer(fuel)),
            format,
            losses: LossReport::default(),
            began: context.now(),
            calls: 0,
            sent: HashMap::new(),
        })
    }

    /// The request that sends these rows, or why they cannot be sent.
    fn request(&mut self, batch: &Batch, rows: Range<usize>) -> Result<Result<Request, Reject>, StepError> {
        let single = rows.len() == 1 && self.settings.records.get() == 1;
        let record = if single || self.body.is_some() { batch.record(rows.start) } else { Value::Null };
        let scope = Scope { record, parameters: self.context.parameters(), now: self.began };
        let mut url = String::new();
        if let Err(error) = self.url.text(&scope, &mut url) {
            return Ok(Err(error.reject()));
        }
        let address = match Address::try_from(url) {
            Ok(address) => address,
            Err(problem) => return Ok(Err(Reject::new(msg!("{problem}", problem = problem)))),
        };
        let mut request = Request::new(self.settings.method, address.url().clone());
        request.timeout = Duration::from_secs(self.settings.timeout.get().into());
        request.most_bytes = self.context.limits().document_bytes as u64;
        let body = match &mut self.body {
            Some(writer) => {
                let mut text = String::new();
                if let Err(error) = writer.text(&scope, &mut text) {
                    return Ok(Err(error.reject()));
                }
                request.header("content-type", "text/plain; charset=utf-8")?;
                text.into_bytes()
            }
            None => {
                if let Some(media_type) = self.format.format().media_types().first() {
                    request.header("content-type", media_type)?;
                }
                self.encode(batch, rows, single)?
            }
        };
        for pair in &self.settings.headers {
            request.header(&pair.name, &pair.value)?;
        }
        if !self.settings.key_header.is_empty() {
            request.header(&self.settings.key_header, &self.key(&body))?;
        }
        request.body = Some(body);
        Ok(Ok(request))
    }

    /// The rows in the format; a single one as JSON without a list around it.
    fn encode(&mut self, batch: &Batch, rows: Range<usize>, single: bool) -> Result<Vec<u8>, StepError> {
        let mut bytes = Vec::new();
        if single && self.format.format().id() == "json" {
            json::write(batch.record(rows.start), &mut bytes);
            return Ok(bytes);
        }
        let alone;
        let batch = if rows.len() == batch.len() {
            batch
        } else {
            let mut some = BatchBuilder::new();
            some.set_context(batch.context().cloned());
            for row in batch.rows().get(rows).unwrap_or_default() {
                some.put(batch, *row);
            }
            alone = some.take();
            &alone
        };
        let Some(mut encoder) = self.format.encoder() else {
            return Err(StepError::settings(msg!(
                "the format {format} can only be read",
                format = self.format.format().id()
            )));
        };
        let encoded = encoder
            .encode(batch, &mut bytes, &mut self.losses)
            .and_then(|()| encoder.finish(&mut bytes, &mut self.losses));
        encoded.map_err(|error| StepError::data(error.message))?;
        Ok(bytes)
    }

    /// The same for each attempt at a call, also by another worker that does all of it again, in whatever order;
    /// another for each call and run.
    fn key(&mut self, body: &[u8]) -> String {
        self.calls += 1;
        let content: [u8; 16] = short(&Sha256::digest(body));
        let is_full = self.sent.len() >= REMEMBERED;
        let time = match self.sent.get_mut(&content) {
            Some(times) => {
                *times += 1;
                *times
            }
            // of so many calls the order has to tell
            None if is_full => self.calls,
            None => {
                self.sent.insert(content, 0);
                0
            }
        };
        let mut hash = Sha256::new();
        hash.update(self.context.step().as_bytes());
        match self.context.work() {
            "" => hash.update(self.began.micros().to_be_bytes()),
            work => hash.update(work.as_bytes()),
        }
        hash.update(time.to_be_bytes());
        hash.update(content);
        let digest: [u8; 16] = short(&hash.finalize());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The first bytes of a digest.
fn short(digest: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(digest).for_each(|(byte, of)| *byte = *of);
    short
}

fn refuse(group: &Group, reject: &Reject, (out, receipt): (&mut Outputs, &mut Receipt)) {
    receipt.refused += group.rows.len() as u64;
    for row in group.rows.clone() {
        out.reject(group.batch.record(row), reject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Clock, ContextParts};
    use bus_core::record::Precision;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::at(self.0, 0, Precision::Microsecond)
        }
    }

    /// The keys of these bodies, sent by somebody who does this work at that time.
    fn keys(work: &str, time: i64, bodies: &[&str]) -> Vec<String> {
        let settings = serde_json::json!({ "url": "https://example.org/" });
        let settings: HttpOut = serde_json::from_value(settings).expect("settings");
        let parts = ContextParts { work: work.to_owned(), ..ContextParts::new("out", Arc::new(At(time))) };
        let context = Context::new(parts);
        let mut writer = Writer::new(&settings, &context).expect("a writer");
        bodies.iter().map(|body| writer.key(body.as_bytes())).collect()
    }

    /// A worker that died and the one that did its task again once sent different keys.
    #[test]
    fn who_does_a_task_again_sends_the_same_keys() {
        let first = keys("run/0.0", 1, &["a", "b", "a"]);
        assert_eq!(keys("run/0.0", 2, &["a", "b", "a"]), first);
        assert_ne!(first[0], first[2], "the same record twice is two calls");
        let mut other_order = keys("run/0.0", 3, &["b", "a", "a"]);
        other_order.sort();
        let mut first = first;
        first.sort();
        assert_eq!(other_order, first);
        assert_ne!(keys("run/0.1", 1, &["a"]), keys("run/0.0", 1, &["a"]));
        assert_ne!(keys("", 1, &["a"]), keys("", 2, &["a"]), "what has no name is done once");
    }
}
