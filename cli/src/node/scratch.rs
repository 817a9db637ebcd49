//! The folder for what the steps of a node spill: it goes with the node, and what a node that was killed has left goes
//! with the next one.

use std::{
    fs::{self, File},
    io,
    path::Path,
};
use tempfile::TempDir;

const PREFIX: &str = "semantic-bus-";
/// In each folder; locked as long as its node lives.
const LOCK: &str = "lock";

#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// A new folder in `within`, from which the folders of nodes that are gone are removed.
    pub(super) fn new(within: &Path) -> io::Result<Self> {
        fs::create_dir_all(within)?;
        sweep(within)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(within)?;
        // it gets its name when it is locked: nobody finds it before
        let unnamed = folder.path().join("lock.part");
        let lock = File::create(&unnamed)?;
        lock.try_lock()?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn sweep(within: &Path) -> io::Result<()> {
    for entry in fs::read_dir(within)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // others' folders cannot be opened, and those without a lock are no node's
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok()
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, folder = %entry.path().display(), "what a node has left cannot be removed");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(within: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(within)
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_node_has_left_goes_with_the_next() {
        let within = tempfile::tempdir().expect("a folder");
        let lives = Scratch::new(within.path()).expect("made");
        let killed = Scratch::new(within.path()).expect("made");
        fs::write(killed.path().join("spill-1"), b"records").expect("written");
        // a killed process holds no lock, and removes nothing
        let Scratch { folder, _lock: lock } = killed;
        let left = folder.keep();
        drop(lock);
        fs::create_dir(within.path().join("semantic-bus-of-somebody")).expect("made");
        let next = Scratch::new(within.path()).expect("made");
        assert!(!left.exists(), "{:?}", folders(within.path()));
        assert!(lives.path().exists() && next.path().exists());
        drop((lives, next));
        assert_eq!(folders(within.path()), ["semantic-bus-of-somebody"]);
    }
}
