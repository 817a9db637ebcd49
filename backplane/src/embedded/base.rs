//! The file that everything stands in, opened anew when the disk has failed.
//!
//! After an error of the disk, such as a full one, redb answers nothing more until its file is opened again: what was
//! committed before is there then, what was not has not happened. The writer does that, at its next commit.

use redb::{Database, DatabaseError, Error, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    thread::sleep,
    time::Duration,
};

type Opens = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// A database that survives the failures of its disk.
pub(super) struct Base {
    opens: Opens,
    /// Nothing while it cannot be opened.
    database: RwLock<Option<Arc<Database>>>,
}

/// Tries to open a file that readers have not let go of yet, and the pause between two.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").finish_non_exhaustive()
    }
}

impl Base {
    pub(super) fn open(
        opens: impl Fn() -> Result<Database, DatabaseError> + Send + Sync + 'static,
    ) -> Result<Self, DatabaseError> {
        let database = RwLock::new(Some(Arc::new(opens()?)));
        Ok(Self { opens: Box::new(opens), database })
    }

    fn now(&self) -> Result<Arc<Database>, Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.clone().ok_or(Error::PreviousIo)
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Error> {
        Ok(self.now()?.begin_read()?)
    }

    pub(super) fn begin_write(&self) -> Result<WriteTransaction, Error> {
        Ok(self.now()?.begin_write()?)
    }

    /// Whether the file has to be opened anew after this.
    pub(super) const fn is_broken_by(error: &Error) -> bool {
        matches!(error, Error::Io(_) | Error::PreviousIo)
    }

    /// Opens the file anew; where that does not work yet, the next call tries again.
    #[expect(clippy::disallowed_methods, reason = "the writer has a thread of its own")]
    pub(super) fn mend(&self) -> Result<(), Error> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        *database = None;
        let mut tries = 0;
        loop {
            match (self.opens)() {
                Ok(opened) => {
                    *database = Some(Arc::new(opened));
                    return Ok(());
                }
                // a read that is under way holds the old one
                Err(DatabaseError::DatabaseAlreadyOpen) if tries < TRIES => {
                    tries += 1;
                    sleep(PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{failed, prepare, writer::Writer};
    use super::*;
    use crate::Trouble;
    use redb::{StorageBackend, TableDefinition, backends::FileBackend};
    use std::{
        fs::File,
        io,
        sync::atomic::{AtomicBool, Ordering::SeqCst},
    };

    const TABLE: TableDefinition<'_, u64, u64> = TableDefinition::new("t");

    /// A disk that can be full.
    #[derive(Debug)]
    struct Disk(FileBackend, Arc<AtomicBool>);

    impl Disk {
        fn room(&self) -> io::Result<()> {
            if self.1.load(SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.room()?;
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.room()?;
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.room()?;
            self.0.write(offset, data)
        }
        fn close(&self) -> io::Result<()> {
            self.0.close()
        }
    }

    #[tokio::test]
    async fn a_full_disk_costs_what_was_written_then_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, full) = (folder.path().join("store"), Arc::new(AtomicBool::new(false)));
        let disk = Arc::clone(&full);
        let opens = move || {
            let file =
                File::options().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
            Database::builder().create_with_backend(Disk(FileBackend::new(file)?, Arc::clone(&disk)))
        };
        let base = Arc::new(Base::open(opens).unwrap());
        prepare(&base).unwrap();
        let writer = Writer::start(Arc::clone(&base)).unwrap();
        let write = |key: u64| {
            writer.write(move |transaction| {
                transaction.open_table(TABLE)?.insert(key, key)?;
                Ok(Ok(()))
            })
        };
        let read = |key: u64| -> Result<bool, _> {
            let read = || Ok::<_, Error>(base.begin_read()?.open_table(TABLE)?.get(key)?.is_some());
            read().map_err(|error| failed(&error))
        };
        write(1).await.unwrap();
        full.store(true, SeqCst);
        for key in 2..5 {
            assert_eq!(write(key).await.unwrap_err().trouble, Trouble::Unavailable);
        }
        full.store(false, SeqCst);
        // the first write finds the file still closed, and opens it
        let tried = write(5).await;
        assert!(tried.is_ok() || write(5).await.is_ok(), "{tried:?}");
        assert_eq!(
            (1..6).map(|key| read(key).unwrap()).collect::<Vec<_>>(),
            [true, false, false, false, true]
        );
    }
}
