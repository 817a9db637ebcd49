use super::ByteStream;
use bus_core::error::StepError;

/// A stream whose first bytes can be looked at before it is read.
pub(super) struct Start<S> {
    inner: S,
    held: Vec<u8>,
    given: bool,
    /// What stopped the looking: told when the held bytes have been read.
    failed: Option<StepError>,
    ended: bool,
}

impl<S: ByteStream> Start<S> {
    /// Reads on until there are `wanted` bytes to look at, or the end.
    pub(super) async fn look(mut inner: S, wanted: usize) -> Self {
        let (mut held, mut failed, mut ended) = (Vec::new(), None, false);
        while held.len() < wanted && !ended {
            match inner.next().await {
                Ok(Some(piece)) => held.extend_from_slice(piece),
                Ok(None) => ended = true,
                Err(error) => {
                    failed = Some(error);
                    ended = true;
                }
            }
        }
        Self { inner, held, given: false, failed, ended }
    }

    /// The first bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.held
    }
}

impl<S: ByteStream> ByteStream for Start<S> {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        if !self.given {
            self.given = true;
            if !self.held.is_empty() {
                return Ok(Some(&self.held));
            }
        }
        self.held = Vec::new();
        match self.failed.take() {
            Some(error) => Err(error),
            None if self.ended => Ok(None),
            None => self.inner.next().await,
        }
    }
}
