use super::{ByteSink, ByteStream};
use bus_core::{error::StepError, msg};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::fmt;

const BLOCK: usize = 256 << 10;
/// Up to this much output nobody asks how small the input was: such a bomb does no harm.
pub(super) const HARMLESS: u64 = 16 << 20;
const WINDOW: u8 = 15;
pub(super) const MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];

/// Opens gzip on the way: all members one after the other, checksums checked.
pub(super) struct Gunzip<S> {
    inner: S,
    member: Decompress,
    state: State,
    /// Compressed bytes waiting, and how many of them are used.
    input: Vec<u8>,
    used: usize,
    output: Vec<u8>,
    bytes_in: u64,
    bytes_out: u64,
    ratio: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a member: the first byte of a header, padding or the end must follow.
    Between,
    Inside,
    /// After the last member: only padding.
    Padding,
    /// What was opened before the damage has been given out.
    Damaged,
}

impl<S: ByteStream> Gunzip<S> {
    /// Opens `inner`; more than `ratio` times its size is refused.
    pub(super) fn new(inner: S, ratio: u64) -> Self {
        Self {
            inner,
            member: Decompress::new_gzip(WINDOW),
            state: State::Between,
            input: Vec::new(),
            used: 0,
            output: Vec::new(),
            bytes_in: 0,
            bytes_out: 0,
            ratio,
        }
    }

    /// Makes sure that compressed bytes wait; `false` at the end of the input.
    async fn refill(&mut self) -> Result<bool, StepError> {
        if self.used < self.input.len() {
            return Ok(true);
        }
        self.input.clear();
        self.used = 0;
        let Some(piece) = self.inner.next().await? else { return Ok(false) };
        self.input.extend_from_slice(piece);
        self.bytes_in += piece.len() as u64;
        Ok(true)
    }

    fn begin_member(&mut self) -> Result<(), StepError> {
        match self.input.get(self.used) {
            Some(0) => {
                self.state = State::Padding;
                Ok(())
            }
            Some(0x1f) => {
                self.member = Decompress::new_gzip(WINDOW);
                self.state = State::Inside;
                Ok(())
            }
            _ => Err(StepError::data(msg!("the gzip data is followed by something else"))),
        }
    }

    fn pad(&mut self) -> Result<(), StepError> {
        if self.input.get(self.used..).unwrap_or_default().iter().any(|byte| *byte != 0) {
            return Err(StepError::data(msg!("the gzip data is followed by something else")));
        }
        self.used = self.input.len();
        Ok(())
    }

    /// Opens what waits, as far as the block of output reaches.
    fn inflate(&mut self) -> Result<(), StepError> {
        self.output.resize(BLOCK, 0);
        let (before_in, before_out) = (self.member.total_in(), self.member.total_out());
        let input = self.input.get(self.used..).unwrap_or_default();
        let status = self.member.decompress(input, &mut self.output, FlushDecompress::None);
        let taken = usize::try_from(self.member.total_in() - before_in).unwrap_or(usize::MAX);
        let made = usize::try_from(self.member.total_out() - before_out).unwrap_or(usize::MAX);
        self.used += taken;
        self.output.truncate(made);
        self.bytes_out += made as u64;
        match status {
            Ok(Status::StreamEnd) => self.state = State::Between,
            Ok(Status::BufError) if taken == 0 && made == 0 => self.state = State::Damaged,
            Ok(Status::Ok | Status::BufError) => {}
            Err(_) => self.state = State::Damaged,
        }
        check_ratio(self.bytes_in, self.bytes_out, self.ratio)
    }
}

fn damaged() -> StepError {
    StepError::data(msg!("the gzip data is damaged: fetch or make the file again"))
}

/// Refuses what grows suspiciously: a small file that fills the disk or the memory.
pub(super) fn check_ratio(bytes_in: u64, bytes_out: u64, ratio: u64) -> Result<(), StepError> {
    if bytes_out > HARMLESS && bytes_out / bytes_in.max(1) > ratio {
        return Err(StepError::data(msg!(
            "the compressed data grows to more than {ratio} times its size (limit `expansion_ratio`): this looks like a bomb",
            ratio = ratio
        )));
    }
    Ok(())
}

impl<S: ByteStream> ByteStream for Gunzip<S> {
    async fn next(&mut self) -> Result<Option<&[u8]>, StepError> {
        self.output.clear();
        while self.output.is_empty() {
            if self.state == State::Damaged {
                return Err(damaged());
            }
            if !self.refill().await? {
                if self.state == State::Inside {
                    return Err(StepError::data(msg!(
                        "the gzip data ends too early: the file was cut, fetch it again"
                    )));
                }
                return Ok(None);
            }
            match self.state {
                State::Between => self.begin_member()?,
                State::Padding => self.pad()?,
                State::Inside => self.inflate()?,
                State::Damaged => {}
            }
        }
        Ok(Some(&self.output))
    }
}

/// Compresses on the way.
pub struct Gzip<W> {
    inner: W,
    compress: Compress,
    packed: Vec<u8>,
}

impl<W: ByteSink> Gzip<W> {
    /// Compresses what goes to `inner`.
    #[must_use]
    pub fn new(inner: W) -> Self {
        Self { inner, compress: Compress::new_gzip(Compression::default(), WINDOW), packed: Vec::new() }
    }

    /// What it writes to, after [`ByteSink::finish`].
    pub fn into_inner(self) -> W {
        self.inner
    }

    async fn deflate(&mut self, mut bytes: &[u8], flush: FlushCompress) -> Result<(), StepError> {
        loop {
            if self.packed.len() + BLOCK / 4 > self.packed.capacity() {
                if self.packed.len() >= BLOCK {
                    self.inner.write(&mut self.packed).await?;
                }
                self.packed.reserve(BLOCK);
            }
            let before = self.compress.total_in();
            let status = self.compress.compress_vec(bytes, &mut self.packed, flush);
            let status =
                status.map_err(|error| StepError::ours(msg!("{problem}", problem = error.to_string())))?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(usize::MAX);
            bytes = bytes.get(taken..).unwrap_or_default();
            let ended = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => bytes.is_empty(),
            };
            if ended {
                return Ok(());
            }
        }
    }
}

impl<W: ByteSink> ByteSink for Gzip<W> {
    async fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), StepError> {
        self.deflate(bytes, FlushCompress::None).await?;
        bytes.clear();
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StepError> {
        self.deflate(&[], FlushCompress::Finish).await?;
        self.inner.write(&mut self.packed).await?;
        self.inner.finish().await
    }
}

impl<W: fmt::Debug> fmt::Debug for Gzip<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gzip").field("inner", &self.inner).finish_non_exhaustive()
    }
}
