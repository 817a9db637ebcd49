//! Files that come with a run and stand for what a source would read.

use super::{Bus, BusError, execute::trouble, kept::gone, record::RunRecord};
use crate::new_id;
use backplane::{Collection, Expect, Index};
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

pub(super) const UPLOADS: Collection =
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
}

/// Bytes of a piece.
const PIECE: usize = 4_000_000;
/// How long an upload waits for its run and for those that repeat it.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

impl Bus {
    pub(super) async fn keep_upload(
        &self,
        name: &str,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Upload, BusError> {
        let most = self.settings().upload_bytes;
        if bytes.len() > most {
            return Err(BusError::Refused(msg!(
                "larger than the {limit} bytes that may be held",
                limit = most
            )));
        }
        let format = format_of(name, media_type, &bytes).ok_or_else(|| {
            BusError::Refused(msg!(
                "it is not clear what format `{name}` is: give it the ending of its format, such as .csv",
                name = name
            ))
        })?;
        let id = new_id(&*self.parts().clock);
        let owner = format!("upload/{id}");
        let mut pieces = Vec::new();
        for piece in bytes.chunks(PIECE) {
            let piece_name = format!("{owner}/{:04}", pieces.len());
            self.store().put_chunk(&piece_name, &owner, piece.to_vec(), KEPT).await?;
            pieces.push(piece_name);
        }
        let until = self.now().saturating_add(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
        let kept = Kept {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            format,
            until,
            pieces,
        };
        let body = serde_json::to_value(&kept).map_err(|error| BusError::unreadable(&error))?;
        self.store().save(UPLOADS, &id, body, Expect::Absent).await?;
        Ok(Upload { id, name: kept.name, size: kept.size, format: kept.format, until: Time(until) })
    }

    /// A source that reads an upload in place of what `step` would read; the step's own choice of format
    /// holds if it has one.
    pub(super) async fn reading(&self, run: &RunRecord, step: &str, upload: &str) -> Result<Step, StepError> {
        let stored = self.store().get(UPLOADS, upload).await.map_err(|error| trouble(&error))?;
        let kept: Kept =
            stored.and_then(|document| serde_json::from_value(document.body).ok()).ok_or_else(gone)?;
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

    /// Forgets uploads whose time has passed; their bytes go by themselves.
    pub(super) async fn forget_uploads(&self) -> Result<(), BusError> {
        let until = backplane::IndexValue::Int(self.now());
        let query = backplane::Query { until: Some(until), ..backplane::Query::of("until", Vec::new()) };
        for upload in self.store().find(UPLOADS, query).await? {
            self.store().delete(UPLOADS, &upload.id, Expect::Anything).await?;
        }
        Ok(())
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
