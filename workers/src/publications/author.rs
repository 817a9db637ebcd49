use super::{Body, Piece, Publications, content::Content, owner};
use crate::{BusError, bus::chunk::Packer};
use backplane::Expect;
use bus_core::{error::StepError, msg, record::Batch};
use connectors::contract::{Edition, Offer, Publisher};
use futures::future::BoxFuture;
use std::time::Duration;

/// Hours a publication is kept, where neither the step nor the workflow says.
const KEEP_HOURS: u32 = 24;
/// Bytes of a chunk, before it is compressed.
const CHUNK: usize = 4 << 20;

/// Publishes what the steps of a run offer.
pub(crate) struct Author {
    publications: Publications,
    run: String,
    workflow: String,
    hours: u32,
}

impl Author {
    pub(crate) fn new(publications: Publications, run: &str, workflow: &str, hours: Option<u32>) -> Self {
        let hours = hours.unwrap_or(KEEP_HOURS);
        Self { publications, run: run.to_owned(), workflow: workflow.to_owned(), hours }
    }
}

impl Publisher for Author {
    fn begin<'a>(&'a self, offer: &'a Offer) -> BoxFuture<'a, Result<Box<dyn Edition>, StepError>> {
        Box::pin(async move {
            let known = self.publications.body(&offer.slug).await.map_err(|error| trouble(&error))?;
            if known.is_some_and(|(body, _)| body.workflow != self.workflow) {
                return Err(taken(&offer.slug));
            }
            let hours = offer.hours.unwrap_or(self.hours);
            let edition: Box<dyn Edition> = Box::new(Draft {
                publications: self.publications.clone(),
                run: self.run.clone(),
                workflow: self.workflow.clone(),
                offer: offer.clone(),
                time: Duration::from_secs(u64::from(hours) * 3_600),
                packer: Packer::default(),
                chunks: Vec::new(),
                content: Content::default(),
            });
            Ok(edition)
        })
    }
}

/// An edition that is being made.
struct Draft {
    publications: Publications,
    run: String,
    workflow: String,
    offer: Offer,
    time: Duration,
    packer: Packer,
    chunks: Vec<Piece>,
    content: Content,
}

impl Edition for Draft {
    fn add<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            self.content.add(batch);
            self.packer.push(batch);
            if self.packer.size() >= CHUNK { self.flush().await } else { Ok(()) }
        })
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<(), StepError>> {
        Box::pin(async move {
            if self.packer.records() > 0 {
                self.flush().await?;
            }
            self.swap().await
        })
    }
}

impl Draft {
    /// Keeps the records that wait as a chunk. Its name follows from the run, from its first record and from what all
    /// records to its end say: whoever does the step again writes the same chunks, and one that differs stands beside
    /// them.
    async fn flush(&mut self) -> Result<(), StepError> {
        let packer = std::mem::take(&mut self.packer);
        let records = packer.records();
        let (first, digest) = (self.content.records() - records, self.content.digest());
        let owner = owner(&self.offer.slug);
        let name = format!("{owner}/{}/{first:09}-{digest}", self.run);
        let bytes = packer.finish();
        self.chunks.push(Piece { name: name.clone(), records, bytes: bytes.len() });
        let kept = self.publications.0.store().put_chunk(&name, &owner, bytes, self.time).await;
        kept.map_err(|error| StepError::passing(error.message))
    }

    /// Puts the new edition in the place of the old one.
    async fn swap(self) -> Result<(), StepError> {
        let digest = self.content.digest();
        loop {
            let old = self.publications.body(&self.offer.slug).await.map_err(|error| trouble(&error))?;
            if old.as_ref().is_some_and(|(body, _)| body.workflow != self.workflow) {
                return Err(taken(&self.offer.slug));
            }
            let now = self.publications.0.milliseconds();
            let same = old.as_ref().filter(|(body, _)| body.digest == digest && body.until > now);
            let mut leaving: Vec<String> = Vec::new();
            if let Some((body, _)) = &old {
                leaving.extend(body.leaving.iter().cloned());
                leaving.extend(body.chunks.iter().map(|piece| piece.name.clone()));
                leaving.retain(|name| !self.chunks.iter().any(|piece| piece.name == *name));
            }
            let kept = i64::try_from(self.time.as_millis()).unwrap_or(i64::MAX);
            let body = Body {
                form: 1,
                workflow: self.workflow.clone(),
                title: self.offer.title.clone(),
                description: self.offer.description.clone(),
                public: self.offer.public,
                run: self.run.clone(),
                // what says the same is as old as it was
                at: same.map_or(now, |(body, _)| body.at),
                until: now.saturating_add(kept),
                kept,
                digest: digest.clone(),
                chunks: self.chunks.clone(),
                leaving_since: (!leaving.is_empty()).then_some(now),
                leaving,
            };
            let expect = old.map_or(Expect::Absent, |(_, document)| Expect::Revision(document.revision));
            let saved = self.publications.put(&self.offer.slug, &body, expect).await;
            if saved.map_err(|error| trouble(&error))? {
                return Ok(());
            }
        }
    }
}

fn taken(slug: &str) -> StepError {
    StepError::settings(msg!(
        "another workflow publishes at /data/{slug} already: take another name",
        slug = slug
    ))
}

fn trouble(error: &BusError) -> StepError {
    StepError::passing(error.message())
}
