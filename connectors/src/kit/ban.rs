//! The French national address base (BAN), through the geocoder of the Géoplateforme: one address a call, or many
//! as CSV.

mod answers;
mod form;
mod settings;

pub(crate) use settings::{NoMatch, calls_a_second, latitude, longitude};

use crate::{
    contract::{Context, Inputs},
    kit::http::{Address, Method, Request, Retry, of_status},
};
use bus_core::{
    error::StepError,
    msg,
    record::{Batch, BatchBuilder, Value},
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use rustc_hash::FxHashMap;
use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

/// Where the public service stands.
const PUBLIC: &str = "https://data.geopf.fr/geocodage";

/// The address of the service: the one of the settings, or the public one.
pub(crate) fn base(given: Option<Address>) -> Result<Address, StepError> {
    match given {
        Some(address) => Ok(address),
        None => Address::try_from(PUBLIC.to_owned())
            .map_err(|problem| StepError::ours(msg!("{problem}", problem = problem))),
    }
}

/// What is asked of the geocoder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// Where an address is.
    Search {
        /// The address.
        text: String,
        /// Its postal code, to look only there.
        postcode: String,
        /// The INSEE code of its commune, to look only there.
        citycode: String,
    },
    /// What is at a place, both in decimal degrees.
    Reverse { longitude: String, latitude: String },
}

/// One address that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Decimal degrees (WGS 84), as the service wrote them.
    pub(crate) longitude: String,
    pub(crate) latitude: String,
    /// How well it fits, from 0 to 1.
    pub(crate) score: f64,
    /// Metres from the place asked for.
    pub(crate) distance: Option<f64>,
    /// Label, codes, names, by the names of the service.
    pub(crate) details: Vec<(&'static str, String)>,
}

impl Place {
    /// The address in one line.
    pub(crate) fn label(&self) -> &str {
        self.details.iter().find(|(name, _)| *name == "label").map_or("", |(_, label)| label)
    }

    /// Writes the details as an object, with the score and what else is known.
    pub(crate) fn write(&self, others: &[Self], out: &mut BatchBuilder) {
        out.begin_object();
        let mut put = |name: &str, write: &dyn Fn(&mut BatchBuilder)| {
            // names differ, so that no key comes twice
            if out.key(name).is_ok() {
                write(out);
            }
        };
        for (name, value) in &self.details {
            put(name, &|out| out.text(value));
        }
        put("score", &|out| out.float(self.score));
        if let Some(distance) = self.distance {
            put("distance", &|out| out.float(distance));
        }
        put("longitude", &|out| decimal(&self.longitude, out));
        put("latitude", &|out| decimal(&self.latitude, out));
        if !others.is_empty() {
            put("candidates", &|out| {
                out.begin_list();
                others.iter().for_each(|other| other.write(&[], out));
                out.end();
            });
        }
        out.end();
    }
}

/// Writes a number in the text the service gave.
pub(crate) fn decimal(text: &str, out: &mut BatchBuilder) {
    match bus_core::numbers::read(text) {
        Some(number) => out.decimal(&number),
        None => out.null(),
    }
}

/// How the service is used.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Where it stands.
    pub(crate) base: Address,
    /// Whether many questions go in one call.
    pub(crate) bulk: bool,
    /// Calls a second.
    pub(crate) rate: NonZeroU32,
    /// Answers a question, where each has its own call.
    pub(crate) candidates: u8,
    /// Only such places: `housenumber`, `street`, `locality`, `municipality`.
    pub(crate) kind: Option<&'static str>,
}

/// The service, with what it said before in this run.
pub(crate) struct Service {
    options: Options,
    context: Context,
    known: FxHashMap<Question, Arc<[Place]>>,
    most_known: usize,
    next_call: Option<Instant>,
}

/// Questions in one bulk call.
const BULK: usize = 1_024;
/// Calls under way at once.
const AT_ONCE: usize = 4;
/// One answer remembered takes about so many bytes.
const BYTES_REMEMBERED: usize = 1_024;
/// The service wants three characters at least.
const SHORTEST: usize = 3;
const TRIES: u32 = 4;

impl Service {
    pub(crate) fn new(options: Options, context: Context) -> Self {
        let most_known = context.limits().step_memory / BYTES_REMEMBERED;
        Self { options, context, known: FxHashMap::default(), most_known, next_call: None }
    }

    /// The places for each question, best first; none where nothing fits.
    pub(crate) async fn ask(
        &mut self,
        questions: &[Option<Question>],
    ) -> Result<Vec<Arc<[Place]>>, StepError> {
        if self.known.len() + questions.len() > self.most_known {
            self.known.clear();
        }
        let mut new: Vec<Question> = Vec::new();
        for question in questions.iter().flatten() {
            if question.is_askable() && !self.known.contains_key(question) {
                self.known.insert(question.clone(), Arc::default());
                new.push(question.clone());
            }
        }
        let answers =
            if self.options.bulk { self.in_bulk(&new).await? } else { self.one_by_one(&new).await? };
        for (question, places) in new.into_iter().zip(answers) {
            self.known.insert(question, places.into());
        }
        let found = questions.iter().map(|question| {
            question
                .as_ref()
                .and_then(|question| self.known.get(question))
                .map(Arc::clone)
                .unwrap_or_default()
        });
        Ok(found.collect())
    }

    async fn in_bulk(&mut self, questions: &[Question]) -> Result<Vec<Vec<Place>>, StepError> {
        let mut all = Vec::with_capacity(questions.len());
        for some in questions.chunks(BULK) {
            let wait = self.turn();
            tokio::time::sleep(wait).await;
            let reverse = matches!(some.first(), Some(Question::Reverse { .. }));
            let (media_type, body) = form::multipart(some, self.options.kind);
            let url = self.url(if reverse { &["reverse", "csv"] } else { &["search", "csv"] })?;
            let mut request = self.request(Method::Post, url);
            request.header("content-type", &media_type)?;
            request.body = Some(body);
            let bytes = self.fetch(&request).await?.ok_or_else(|| {
                StepError::remote(msg!("the geocoder does not know this kind of call; check its address"))
            })?;
            all.extend(answers::from_csv(&bytes, some.len())?);
        }
        Ok(all)
    }

    async fn one_by_one(&mut self, questions: &[Question]) -> Result<Vec<Vec<Place>>, StepError> {
        let waits: Vec<Duration> = questions.iter().map(|_| self.turn()).collect();
        let mut calls = Vec::with_capacity(questions.len());
        for (question, wait) in questions.iter().zip(waits) {
            calls.push(self.one(question, wait).boxed());
        }
        stream::iter(calls).buffered(AT_ONCE).try_collect().await
    }

    async fn one(&self, question: &Question, wait: Duration) -> Result<Vec<Place>, StepError> {
        tokio::time::sleep(wait).await;
        let reverse = matches!(question, Question::Reverse { .. });
        let mut url = self.url(&[if reverse { "reverse" } else { "search" }])?;
        form::query(&mut url, question, self.options.kind, self.options.candidates.max(1));
        // a question it cannot read (400, 404) has no answer
        match self.fetch(&self.request(Method::Get, url)).await? {
            Some(bytes) => answers::from_json(&bytes),
            None => Ok(Vec::new()),
        }
    }

    /// How long to wait for one's turn.
    fn turn(&mut self) -> Duration {
        let now = Instant::now();
        let mine = self.next_call.map_or(now, |next| next.max(now));
        self.next_call = Some(mine + Duration::from_secs(1) / self.options.rate.get());
        mine - now
    }

    fn url(&self, path: &[&str]) -> Result<Url, StepError> {
        let mut url = self.options.base.url().clone();
        let wrong = || {
            StepError::settings(msg!(
                "`{address}` cannot be the address of a geocoder",
                address = self.options.base.to_string()
            ))
        };
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(path);
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        request.timeout = Duration::from_secs(120);
        request.most_bytes = self.context.limits().document_bytes as u64;
        request
    }

    /// The body of the answer; `None` where the service says that the question makes no sense.
    async fn fetch(&self, request: &Request) -> Result<Option<Vec<u8>>, StepError> {
        let http = self.context.http();
        let answer = http.fetch(request, Retry::times(TRIES), &self.context).await?;
        let status = answer.status();
        if status.is_success() {
            let bytes = answer.bytes(self.context.limits().document_bytes, &self.context).await?;
            self.context.meter().read(bytes.len());
            return Ok(Some(bytes));
        }
        if matches!(status.as_u16(), 400 | 404) {
            return Ok(None);
        }
        let place = crate::kit::http::shown(answer.url());
        Err(of_status(status, &answer.snippet().await).at(place))
    }
}

impl Question {
    fn is_askable(&self) -> bool {
        match self {
            Self::Search { text, .. } => text.chars().count() >= SHORTEST,
            Self::Reverse { .. } => true,
        }
    }
}

/// Puts records together, so that small batches do not make small calls.
#[derive(Debug, Default)]
pub(crate) struct Gather(BatchBuilder);

impl Gather {
    /// As many records as go in one call; `None` at the end of the input.
    pub(crate) async fn next(&mut self, inputs: &mut Inputs) -> Option<Batch> {
        while let Some(batch) = inputs.next().await {
            if self.0.is_empty() && batch.len() >= BULK / 2 {
                return Some(batch);
            }
            for row in batch.rows() {
                self.0.put(&batch, *row);
            }
            self.0.set_context(batch.context().cloned());
            if self.0.is_full() {
                return Some(self.0.take());
            }
        }
        (!self.0.is_empty()).then(|| self.0.take())
    }
}

/// The text of a field, for a question.
pub(crate) fn plain(value: Option<Value<'_>>) -> String {
    let mut text = String::new();
    if let Some(value) = value {
        value.write_plain(&mut text);
    }
    bus_core::text::collapse_spaces(&text)
}
