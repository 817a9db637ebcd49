//! What workflows offer to the outside, at `/data/<slug>`.
//!
//! An edition's records are chunks of its own; the document of the publication names them and is replaced as one, so
//! that a reader sees the old edition or the new one. Chunks of the old one stay for a while, for those who read it at
//! that moment.

mod author;
mod content;
#[cfg(test)]
mod tests;

pub(crate) use author::Author;

use crate::{Bus, BusError, Records};
use backplane::{BackplaneError, Collection, Document, Expect, Index, IndexValue, Query, Store, Trouble};
use bus_core::{
    api::{PublicationInfo, Time},
    msg,
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

const PUBLICATIONS: Collection = Collection {
    name: "publications",
    indexes: &[
        Index { name: "at", members: &["at"], unique: false },
        Index { name: "workflow", members: &["workflow"], unique: false },
        Index { name: "leaving", members: &["leaving_since"], unique: false },
    ],
};

/// How long chunks of an old edition stay for those who read it.
const GRACE: i64 = 10 * 60_000;

/// A publication as the store holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Body {
    form: u32,
    workflow: String,
    title: String,
    description: String,
    public: bool,
    run: String,
    /// Since when it says this, ms since the Unix epoch.
    at: i64,
    until: i64,
    /// How long it is kept, ms.
    kept: i64,
    /// What it says, as a short text.
    digest: String,
    chunks: Vec<Piece>,
    /// Chunks of older editions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leaving: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leaving_since: Option<i64>,
}

/// A chunk of an edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Piece {
    name: String,
    records: u64,
    bytes: usize,
}

/// What is known of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What a list shows of it.
    pub info: PublicationInfo,
    /// What it is.
    pub description: String,
    /// Tells what it says from what it said before: the same as long as the records are.
    pub etag: String,
}

/// What workflows offer to the outside. Cheap to clone.
#[derive(Clone)]
pub struct Publications(Bus);

impl fmt::Debug for Publications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publications").finish_non_exhaustive()
    }
}

impl Publications {
    pub(crate) const fn new(bus: Bus) -> Self {
        Self(bus)
    }

    /// All that is published, latest first, at most a thousand.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn list(&self) -> Result<Vec<PublicationInfo>, BusError> {
        let query = Query { descending: true, ..Query::of("at", Vec::new()) };
        let mut seen = Vec::new();
        for found in self.0.store().find(PUBLICATIONS, query).await? {
            let body = Body::read(&found)?;
            if body.until > self.0.milliseconds() {
                seen.push(body.info(&found.id));
            }
        }
        Ok(seen)
    }

    /// What is known of a publication; `None` if there is none, or if it has outlived its time.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn get(&self, slug: &str) -> Result<Option<Published>, BusError> {
        let Some((body, _)) = self.body(slug).await? else { return Ok(None) };
        if body.until <= self.0.milliseconds() {
            return Ok(None);
        }
        Ok(Some(Published { info: body.info(slug), etag: body.digest, description: body.description }))
    }

    /// The records of a publication, batch by batch, with their context.
    ///
    /// # Errors
    /// [`BusError::Missing`] if there is none; if the store is in trouble.
    pub async fn batches(&self, slug: &str) -> Result<Records, BusError> {
        let (body, _) = self.body(slug).await?.ok_or(BusError::Missing)?;
        let chunks = body.chunks.into_iter().map(|piece| (piece.name, piece.bytes, piece.records));
        Ok(Records::of_chunks(self.0.clone(), chunks))
    }

    /// Keeps what a workflow publishes under these names for as long again: a run has found that it still holds.
    pub(crate) async fn prolong(&self, workflow: &str, slugs: &[String]) -> Result<(), BusError> {
        let store = self.0.store();
        for slug in slugs {
            let Some((mut body, found)) = self.body(slug).await? else { continue };
            let now = self.0.milliseconds();
            // half of the time is still left: nothing to do yet
            let early = body.until.saturating_sub(now) > body.kept / 2;
            if body.workflow != workflow || early || body.until <= now {
                continue;
            }
            let time = Duration::from_millis(body.kept.unsigned_abs());
            for piece in &body.chunks {
                if let Some(bytes) = store.chunk(&piece.name).await? {
                    store.put_chunk(&piece.name, &owner(&found.id), bytes, time).await?;
                }
            }
            body.until = now.saturating_add(body.kept);
            self.put(&found.id, &body, Expect::Revision(found.revision)).await?;
        }
        Ok(())
    }

    /// Deletes what is left of old editions that nobody reads any more.
    pub(crate) async fn tidy(&self) -> Result<(), BusError> {
        let until = IndexValue::Int(self.0.milliseconds().saturating_sub(GRACE));
        let query = Query { until: Some(until), limit: 100, ..Query::of("leaving", Vec::new()) };
        for found in self.0.store().find(PUBLICATIONS, query).await? {
            let mut body = Body::read(&found)?;
            for name in std::mem::take(&mut body.leaving) {
                self.0.store().delete_chunk(&name).await?;
            }
            body.leaving_since = None;
            self.put(&found.id, &body, Expect::Revision(found.revision)).await?;
        }
        Ok(())
    }

    async fn body(&self, slug: &str) -> Result<Option<(Body, Document)>, BusError> {
        let found = self.0.store().get(PUBLICATIONS, slug).await?;
        found.map(|found| Ok((Body::read(&found)?, found))).transpose()
    }

    /// Saves if `expect` holds; `false` if somebody else was faster.
    async fn put(&self, slug: &str, body: &Body, expect: Expect) -> Result<bool, BusError> {
        // nothing in it can fail to serialise
        let json = backplane::Body::of(body).unwrap_or_default();
        match self.0.store().save(PUBLICATIONS, slug, json, expect).await {
            Ok(_) => Ok(true),
            Err(error) if error.trouble == Trouble::Conflict => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Body {
    fn read(document: &Document) -> Result<Self, BusError> {
        document.body.read().map_err(|error| {
            BusError::Backplane(BackplaneError::new(
                Trouble::Corrupt,
                msg!(
                    "the publication `{slug}` in the store cannot be read: {problem}",
                    slug = &document.id,
                    problem = error.to_string()
                ),
            ))
        })
    }

    fn info(&self, slug: &str) -> PublicationInfo {
        PublicationInfo {
            slug: slug.to_owned(),
            title: self.title.clone(),
            workflow: self.workflow.clone(),
            run: self.run.clone(),
            at: Time(self.at),
            until: Time(self.until),
            records: self.chunks.iter().map(|piece| piece.records).sum(),
            public: self.public,
        }
    }
}

/// For whom the chunks of a publication are kept.
fn owner(slug: &str) -> String {
    format!("publication/{slug}")
}

/// Deletes what a workflow has published; its names are free again.
pub(crate) async fn forget(store: &dyn Store, workflow: &str) -> Result<(), BusError> {
    for found in store.find(PUBLICATIONS, Query::of("workflow", vec![workflow.into()])).await? {
        let body = Body::read(&found)?;
        let pieces = body.chunks.iter().map(|piece| &piece.name);
        for name in pieces.chain(&body.leaving) {
            store.delete_chunk(name).await?;
        }
        store.delete(PUBLICATIONS, &found.id, Expect::Anything).await?;
    }
    Ok(())
}
