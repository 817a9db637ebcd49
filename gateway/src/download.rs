//! Records on their way out as a file, written while they are read.

use crate::{Kind, Problem};
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bus_core::{loss::LossReport, msg, text::percent};
use bytes::Bytes;
use connectors::{
    contract::{Encoder, Format, FormatError},
    formats::{self, FormatChoice},
};
use futures::StreamExt;
use std::{fmt, io};
use workers::{BusError, Records};

/// A format that can be written.
pub(crate) struct Target {
    format: &'static Format,
    encoder: Box<dyn Encoder>,
}

impl Target {
    /// The format with this id; `None` if there is none, or if it is only read.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let format = formats::ALL.iter().find(|format| format.id() == id)?;
        let encoder = FormatChoice::of_id(id)?.encoder()?;
        Some(Self { format, encoder })
    }

    /// Its media type; text is in UTF-8.
    pub(crate) fn media_type(&self) -> String {
        media_type(self.format)
    }

    /// An answer to show, not to save.
    ///
    /// # Errors
    /// If the records are gone, or if the format cannot hold them: known from the first piece, which is written before
    /// the head.
    pub(crate) async fn answer(mut self, mut records: Records) -> Result<Response, Problem> {
        let media_type = HeaderValue::try_from(self.media_type());
        let mut first = Vec::new();
        let more = self.write_next(&mut records, &mut first).await?;
        let rest = futures::stream::try_unfold(more.then_some(Writing { target: self, records }), next);
        let pieces = futures::stream::iter([Ok(Bytes::from(first))]).chain(rest);
        let mut response = Response::new(Body::from_stream(pieces));
        let any = HeaderValue::from_static("application/octet-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type.unwrap_or(any));
        Ok(response)
    }

    /// An answer that a browser saves as `name` with the format's extension.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub(crate) async fn file(self, name: &str, records: Records) -> Result<Response, Problem> {
        let extension = self.format.extensions().first().copied().unwrap_or("txt");
        let disposition = HeaderValue::try_from(disposition(&format!("{name}.{extension}")));
        let mut response = self.answer(records).await?;
        let any = HeaderValue::from_static("attachment");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(any));
        Ok(response)
    }

    /// All records as one document.
    ///
    /// # Errors
    /// If the records are gone, or if the format cannot hold them.
    pub(crate) async fn whole(mut self, mut records: Records) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        while self.write_next(&mut records, &mut out).await? {}
        Ok(out)
    }

    /// Writes the next batch; `false` after what ends the document.
    async fn write_next(&mut self, records: &mut Records, out: &mut Vec<u8>) -> Result<bool, Broken> {
        let mut losses = LossReport::default();
        let batch = records.next().await.map_err(Broken::Records)?;
        let written = match &batch {
            Some(batch) => self.encoder.encode(batch, out, &mut losses),
            None => self.encoder.finish(out, &mut losses),
        };
        written.map_err(Broken::Format)?;
        Ok(batch.is_some())
    }
}

/// Why a document cannot be written on.
#[derive(Debug)]
enum Broken {
    /// The records cannot be read.
    Records(BusError),
    /// The format does not hold them.
    Format(FormatError),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(error) => error.fmt(f),
            Self::Format(error) => error.fmt(f),
        }
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Records(error) => error.into(),
            Broken::Format(error) => Self::of(
                Kind::NotAcceptable,
                msg!("the records cannot be written in this format: {reason}", reason = error.placed()),
            ),
        }
    }
}

struct Writing {
    target: Target,
    records: Records,
}

/// The next piece of a document. What goes wrong now breaks the answer off: its head is on its way already.
async fn next(writing: Option<Writing>) -> Result<Option<(Bytes, Option<Writing>)>, io::Error> {
    let Some(mut writing) = writing else { return Ok(None) };
    let mut out = Vec::new();
    let more = writing.target.write_next(&mut writing.records, &mut out).await;
    let more = more.map_err(|error| {
        tracing::warn!(reason = %error, "a download broke off");
        io::Error::other(error.to_string())
    })?;
    Ok(Some((out.into(), more.then_some(writing))))
}

/// The media type of a format by its id, without parameters.
pub(crate) fn essence(id: &str) -> Option<String> {
    let format = formats::ALL.iter().find(|format| format.id() == id)?;
    format.media_types().first().map(|&name| name.to_owned())
}

/// The media type of a format; text is in UTF-8.
fn media_type(format: &Format) -> String {
    let media_type = format.media_types().first().copied().unwrap_or("application/octet-stream");
    if media_type.starts_with("text/") {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}

/// `Content-Disposition` (RFC 6266) with the name as ASCII and, where it differs, as it is.
fn disposition(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_. ".contains(letter);
    let ascii: String = name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    let mut out = format!("attachment; filename=\"{ascii}\"");
    if ascii != name {
        out.push_str("; filename*=UTF-8''");
        out.push_str(&percent(name));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_of_any_letters() {
        assert_eq!(disposition("tri-out.csv"), "attachment; filename=\"tri-out.csv\"");
        assert_eq!(
            disposition("été\"\r\n.csv"),
            "attachment; filename=\"_t____.csv\"; filename*=UTF-8''%C3%A9t%C3%A9%22%0D%0A.csv"
        );
    }

    #[test]
    fn formats_that_are_only_read_cannot_be_had() {
        assert!(Target::of_id("ods").is_none());
        assert!(Target::of_id("nothing").is_none());
        assert_eq!(Target::of_id("csv").expect("written").media_type(), "text/csv; charset=utf-8");
    }
}
