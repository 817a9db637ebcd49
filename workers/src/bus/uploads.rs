//! Files that come with a run and stand for what a source would read.

use super::{Bus, BusError, execute::trouble, kept::gone, record::RunRecord};
use crate::new_id;
use backplane::{BackplaneError, Body, Collection, Expect, Index, IndexValue, Query, Revision};
use bus_core::{
    api::{Time, Upload},
    error::StepError,
    msg,
    workflow::Workflow,
};
use connectors::{
    contract::{Reading, Step},
    formats::FormatChoice,
    kit::{ReadOptions, read, transport::ByteStream},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

const UPLOADS: Collection =
    Collection { name: "uploads", indexes: &[Index { name: "until", members: &["until"], unique: false }] };

/// An upload as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    name: String,
    media_type: String,
    size: u64,
    format: String,
    until: i64,
    /// Its bytes, as the names of chunks.
    pieces: Vec<String>,
    /// Whether more of it is to come: nobody reads it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    coming: bool,
}

/// Bytes of a piece.
const PIECE: usize = 4_000_000;
/// How long an upload waits for its run and for those that repeat it.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// How long an upload may be under way; what came of one that broke off goes then.
const COMING: Duration = Duration::from_secs(2 * 3_600);

/// A file that comes piece by piece. No more of it than a piece is held in memory.
#[derive(Debug)]
pub struct Uploading {
    bus: Bus,
    id: String,
    kept: Kept,
    /// What came after the last piece that was kept.
    rest: Vec<u8>,
    /// The revision of what is stored of it so far.
    noted: Option<Revision>,
}

impl Uploading {
    pub(super) fn new(bus: &Bus, name: &str, media_type: &str) -> Self {
        let kept = Kept {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: 0,
            format: String::new(),
            until: 0,
            pieces: Vec::new(),
            coming: true,
        };
        let id = new_id(&*bus.parts().clock);
        Self { bus: bus.clone(), id, kept, rest: Vec::new(), noted: None }
    }

    /// Whether nothing has come so far.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kept.size == 0
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// If there are too many, if they are of no format that is known, or if the store is in trouble.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), BusError> {
        let most = self.bus.settings().upload_bytes;
        self.kept.size = self.kept.size.saturating_add(bytes.len() as u64);
        if self.kept.size > most {
            return Err(BusError::Refused(msg!(
                "larger than the {limit} bytes that an upload may have (limit `upload_bytes`)",
                limit = most
            )));
        }
        while self.rest.len() + bytes.len() > PIECE {
            let (now, later) = bytes.split_at((PIECE - self.rest.len()).min(bytes.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            self.note().await?;
            self.keep_piece().await?;
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// All of it has come.
    ///
    /// # Errors
    /// If it is of no format that is known, or if the store is in trouble.
    pub async fn finish(mut self) -> Result<Upload, BusError> {
        let kept = self.keep().await;
        if kept.is_err() {
            self.abandon().await;
        }
        kept
    }

    /// No more of it will come: what has come is deleted.
    pub async fn abandon(self) {
        if let Err(error) = self.bus.delete_upload(&self.id).await {
            tracing::warn!(upload = self.id, %error, "what came of an upload stays for a while");
        }
    }

    async fn keep(&mut self) -> Result<Upload, BusError> {
        self.find_format()?;
        if !self.rest.is_empty() {
            self.keep_piece().await?;
        }
        self.kept.coming = false;
        self.save(KEPT).await?;
        let Kept { name, size, format, until, .. } = self.kept.clone();
        Ok(Upload { id: self.id.clone(), name, size, format, until: Time(until) })
    }

    /// Notes an upload of several pieces before the first is kept, so that they go if no more of it comes.
    async fn note(&mut self) -> Result<(), BusError> {
        if self.noted.is_none() {
            self.find_format()?;
            self.save(COMING).await?;
        }
        Ok(())
    }

    async fn save(&mut self, time: Duration) -> Result<(), BusError> {
        let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.kept.until = self.bus.now().saturating_add(time);
        let body = Body::of(&self.kept).map_err(|error| BusError::unreadable(&error))?;
        let expect = self.noted.map_or(Expect::Absent, Expect::Revision);
        self.noted = Some(self.bus.store().save(UPLOADS, &self.id, body, expect).await?);
        Ok(())
    }

    fn find_format(&mut self) -> Result<(), BusError> {
        if !self.kept.format.is_empty() {
            return Ok(());
        }
        let Kept { name, media_type, .. } = &self.kept;
        self.kept.format = format_of(name, media_type, &self.rest).ok_or_else(|| {
            BusError::Refused(msg!(
                "it is not clear what format `{name}` is: give it the ending of its format, such as .csv",
                name = name
            ))
        })?;
        Ok(())
    }

    async fn keep_piece(&mut self) -> Result<(), BusError> {
        let owner = owner(&self.id);
        let name = format!("{owner}/{:04}", self.kept.pieces.len());
        let piece = std::mem::take(&mut self.rest);
        self.bus.store().put_chunk(&name, &owner, piece, KEPT).await?;
        self.kept.pieces.push(name);
        Ok(())
    }
}

/// For whom the pieces of an upload are kept.
fn owner(upload: &str) -> String {
    format!("upload/{upload}")
}

impl Bus {
    /// An upload that has come whole.
    async fn kept_upload(&self, upload: &str) -> Result<Option<Kept>, BackplaneError> {
        let stored = self.store().get(UPLOADS, upload).await?;
        let kept: Option<Kept> = stored.and_then(|document| document.body.read().ok());
        Ok(kept.filter(|kept| !kept.coming))
    }

    pub(super) async fn has_upload(&self, upload: &str) -> Result<bool, BusError> {
        Ok(self.kept_upload(upload).await?.is_some())
    }

    /// A source that reads an upload in place of what `step` would read; the step's own choice of format
    /// holds if it has one.
    pub(super) async fn reading(&self, run: &RunRecord, step: &str, upload: &str) -> Result<Step, StepError> {
        let kept = self.kept_upload(upload).await.map_err(|error| trouble(&error))?.ok_or_else(gone)?;
        let settings = run.document.step(step).map(|step| Workflow::settings(step, &run.parameters));
        let chosen = settings.and_then(|settings| settings.get("format").cloned());
        let format: Option<FormatChoice> = chosen.and_then(|chosen| serde_json::from_value(chosen).ok());
        let pieces = Pieces { bus: self.clone(), names: kept.pieces.into(), piece: Vec::new() };
        let (name, media_type) = (kept.name, kept.media_type);
        Ok(Step::reading(move |mut out, context| async move {
            let options = ReadOptions {
                format: format.as_ref(),
                name: &name,
                media_type: Some(media_type.as_str())
                    .filter(|given| FormatChoice::of_media_type(given).is_some()),
                ..ReadOptions::default()
            };
            Box::pin(read(pieces, &options, &mut out, &context)).await?;
            Ok(Reading::Complete)
        }))
    }

    /// Forgets uploads whose time has passed.
    pub(super) async fn forget_uploads(&self) -> Result<(), BusError> {
        let until = IndexValue::Int(self.now());
        let query = Query { until: Some(until), ..Query::of("until", Vec::new()) };
        for upload in self.store().find(UPLOADS, query).await? {
            self.delete_upload(&upload.id).await?;
        }
        Ok(())
    }

    /// Deletes an upload: first its record, so that nobody begins to read it.
    async fn delete_upload(&self, upload: &str) -> Result<(), BusError> {
        self.store().delete(UPLOADS, upload, Expect::Anything).await?;
        self.delete_chunks(&owner(upload)).await
    }
}

/// The format of a file, by media type, name, then content; archives are opened when they are read.
fn format_of(name: &str, media_type: &str, bytes: &[u8]) -> Option<String> {
    let packed = [b"\x1f\x8b".as_slice(), b"PK\x03\x04"].iter().any(|magic| bytes.starts_with(magic));
    let start = bytes.get(..bytes.len().min(8 << 10)).unwrap_or_default();
    let found = FormatChoice::of_media_type(media_type)
        .or_else(|| FormatChoice::of_name(name))
        .or_else(|| FormatChoice::of_bytes(start));
    match found {
        Some(choice) => Some(choice.format().id().to_owned()),
        // what is inside tells, when it is read
        None if packed => Some(if bytes.starts_with(b"PK") { "zip" } else { "gzip" }.to_owned()),
        None => None,
    }
}

/// The bytes of an upload, piece by piece.
struct Pieces {
    bus: Bus,
    names: VecDeque<String>,
    piece: Vec<u8>,
}

impl ByteStream for Pieces {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        let Some(name) = self.names.pop_front() else { return Ok(None) };
        let piece = self.bus.store().chunk(&name).await.map_err(|error| trouble(&error))?;
        self.piece = piece.ok_or_else(gone)?;
        Ok(Some(&self.piece))
    }
}
