//! A clock that can be put forward and back, for some of the processes: libfaketime stands before theirs.

use crate::browser::installed;
use anyhow::Result;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The false clock, if there is one.
pub(super) struct FalseClock {
    library: Option<PathBuf>,
    file: PathBuf,
}

impl FalseClock {
    /// Finds or installs the library; without it clocks do not jump.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let known = || {
            let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
            let mut found = folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
            found.find(|path| path.exists())
        };
        let mut library = known();
        if library.is_none() && installed(&["faketime"]).is_ok() {
            library = known();
        }
        let clock = Self { library, file: folder.join("clock") };
        clock.jump(0)?;
        Ok(clock)
    }

    pub(super) const fn is_there(&self) -> bool {
        self.library.is_some()
    }

    /// What a process needs in its environment to have this clock; every other one has it.
    pub(super) fn environment(&self, which: usize) -> Vec<(&'static str, String)> {
        let Some(library) = self.library.as_ref().filter(|_| which.is_multiple_of(2)) else {
            return Vec::new();
        };
        vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            // timeouts go on as they were
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// Puts the clock so many seconds before or behind the true one.
    pub(super) fn jump(&self, seconds: i32) -> Result<()> {
        fs::write(&self.file, format!("{seconds:+}s\n"))?;
        Ok(())
    }
}
