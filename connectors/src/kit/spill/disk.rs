use crate::contract::{Context, Meter};
use bus_core::{error::StepError, msg};
use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tempfile::NamedTempFile;

/// The disk space of one step. Cheap to clone; all clones share the limit.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Space>);

#[derive(Debug)]
struct Space {
    folder: PathBuf,
    limit: u64,
    used: AtomicU64,
    meter: Arc<Meter>,
}

impl Disk {
    /// The disk space of the step that `context` belongs to.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        Self::new(context.scratch().clone(), context.limits().spill_bytes, Arc::clone(context.meter()))
    }

    /// At most `limit` bytes in `folder`, counted in `meter`. Nothing is touched before the first file.
    #[must_use]
    pub fn new(folder: PathBuf, limit: u64, meter: Arc<Meter>) -> Self {
        Self(Arc::new(Space { folder, limit, used: AtomicU64::new(0), meter }))
    }

    pub(super) fn file(&self) -> Result<NamedTempFile, StepError> {
        let made = fs::create_dir_all(&self.0.folder)
            .and_then(|()| tempfile::Builder::new().prefix("spill-").tempfile_in(&self.0.folder));
        made.map_err(|error| self.error(&error))
    }

    /// Takes `bytes` of the space.
    pub(super) fn take(&self, bytes: usize) -> Result<(), StepError> {
        let used = self.0.used.fetch_add(bytes as u64, Relaxed) + bytes as u64;
        if used > self.0.limit {
            return Err(StepError::data(msg!(
                "the records do not fit in memory, nor in the {limit} bytes a step may keep on disk: let fewer records or fields reach this step, or raise the limit `spill_bytes`",
                limit = self.0.limit
            )));
        }
        self.0.meter.spilled(bytes);
        Ok(())
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn error(&self, error: &io::Error) -> StepError {
        let folder = self.0.folder.display().to_string();
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            StepError::passing(msg!(
                "the disk is full: make room in the folder of temporary files {folder}",
                folder = folder
            ))
        } else {
            StepError::remote(msg!(
                "the folder of temporary files {folder} cannot be used: {problem}",
                folder = folder,
                problem = error.to_string()
            ))
        }
    }
}
