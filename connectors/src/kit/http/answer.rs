use super::{Request, client};
use crate::{
    contract::Context,
    kit::transport::{ByteStream, opened},
};
use bus_core::{error::StepError, msg};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap},
};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use url::Url;

/// What a server answered; its body is read as a [`ByteStream`].
#[derive(Debug)]
pub struct Answer {
    response: Response,
    piece: Vec<u8>,
    wait: Duration,
    until: Instant,
    left: u64,
    most: u64,
}

impl Answer {
    pub(super) fn new(response: Response, request: &Request, time: Duration) -> Self {
        Self {
            response,
            piece: Vec::new(),
            wait: request.timeout,
            until: Instant::now() + time,
            left: request.most_bytes,
            most: request.most_bytes,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The address that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.response.url()
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The file name the server suggests (`Content-Disposition`).
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let header = self.header("content-disposition")?;
        let (_, after) = header.split_once("filename=")?;
        let name = match after.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => after.split(';').next()?.trim(),
        };
        Some(name.to_owned()).filter(|name| !name.is_empty())
    }

    /// Refuses a body that is packed in a way nobody asked for.
    ///
    /// # Errors
    /// When it is.
    pub fn check_encoding(&self) -> Result<(), StepError> {
        match self.headers().get(CONTENT_ENCODING).map(|encoding| encoding.to_str().unwrap_or("?")) {
            None | Some("" | "identity" | "gzip" | "x-gzip") => Ok(()),
            Some(other) => Err(StepError::remote(msg!(
                "the answer is packed as `{encoding}`, which was not asked for",
                encoding = other
            ))),
        }
    }

    /// The whole body, opened if it is packed.
    ///
    /// # Errors
    /// When it does not come in time, is larger than `most` bytes, or cannot be opened.
    pub async fn bytes(self, most: usize, context: &Context) -> Result<Vec<u8>, StepError> {
        self.check_encoding()?;
        let place = client::shown(self.url());
        opened(self, most, context).await.map_err(|error| error.at(place))
    }

    /// The first line of the body, for messages: what a server says of what it refused.
    pub async fn snippet(mut self) -> String {
        let mut start = Vec::new();
        while let Ok(Some(piece)) = self.next().await {
            start.extend_from_slice(piece);
            if start.len() >= SNIPPET {
                break;
            }
        }
        let text = String::from_utf8_lossy(start.get(..SNIPPET).unwrap_or(&start)).into_owned();
        let text: String =
            text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

const SNIPPET: usize = 300;

impl ByteStream for Answer {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        if Instant::now() > self.until {
            return Err(StepError::remote(msg!("the answer takes too long and was broken off")));
        }
        let piece = match timeout(self.wait, self.response.chunk()).await {
            Ok(piece) => piece.map_err(|error| client::explain(&error))?,
            Err(_) => {
                return Err(StepError::passing(msg!(
                    "the answer stopped for {seconds} seconds",
                    seconds = self.wait.as_secs()
                )));
            }
        };
        let Some(piece) = piece else { return Ok(None) };
        self.left = self.left.checked_sub(piece.len() as u64).ok_or_else(|| {
            StepError::remote(msg!(
                "the answer is larger than {limit} bytes and was broken off",
                limit = self.most
            ))
        })?;
        self.piece.clear();
        self.piece.extend_from_slice(&piece);
        Ok(Some(&self.piece))
    }
}
