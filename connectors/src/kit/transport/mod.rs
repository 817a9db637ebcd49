//! From bytes to batches and back: what every source and sink of bytes shares, whatever the transport.
//!
//! Reading goes bytes → gzip or zip opened on the way → format found → decoder → batches; writing goes
//! batches → encoder → gzip if asked → bytes.

mod blocks;
mod divide;
mod gzip;
mod message;
mod read;
mod start;
mod tag;
#[cfg(test)]
mod tests;
mod write;
mod zip;

pub use blocks::{BlockReader, BlockWriter, io_reason};
pub(crate) use divide::{cuts, is_utf8};
pub use gzip::Gzip;
pub(crate) use message::decode_whole;
pub use read::{Damaged, ReadOptions, read};
pub(crate) use read::{HEAD, LOOK, Range, changed, look_inside, opened, read_range};
pub use write::write;

use bus_core::error::StepError;
use std::future::Future;

/// Bytes that come in pieces: a file, an answer of a server, a message.
pub trait ByteStream: Send {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the other side breaks off, or what it sends cannot be opened.
    fn next(&mut self) -> impl Future<Output = Result<Option<&[u8]>, StepError>> + Send;
}

/// Where bytes go in pieces.
pub trait ByteSink: Send {
    /// Takes what `bytes` holds and leaves it empty, perhaps with another buffer's room.
    ///
    /// # Errors
    /// When the other side does not take it.
    fn write(&mut self, bytes: &mut Vec<u8>) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Writes what is held back; to be called once, at the end.
    ///
    /// # Errors
    /// When the other side does not take it.
    fn finish(&mut self) -> impl Future<Output = Result<(), StepError>> + Send;
}

/// Bytes that are all there.
#[derive(Debug)]
pub struct Whole(Option<Vec<u8>>, Vec<u8>);

impl Whole {
    /// A stream of these bytes, in one piece.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(Some(bytes), Vec::new())
    }
}

impl ByteStream for Whole {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        match self.0.take() {
            Some(bytes) => {
                self.1 = bytes;
                Ok(Some(&self.1))
            }
            None => Ok(None),
        }
    }
}

impl ByteSink for Vec<u8> {
    async fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), StepError> {
        self.append(bytes);
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StepError> {
        Ok(())
    }
}
