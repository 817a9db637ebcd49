use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder for what a run spills. It is made by whoever spills first, and goes with the run.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A folder in `within` of a name that nobody can guess; nothing is touched yet.
    pub(crate) fn within(within: &Path) -> Self {
        let mut chance = [0_u8; 12];
        let _filled = getrandom::fill(&mut chance);
        let name: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(within.join(format!("semantic-bus-{name}")))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // most runs spill nothing: there is no folder then
        let _removed = fs::remove_dir_all(&self.0);
    }
}
