//! Workflows that a document uses as steps: files, named from the folder of the document that uses them.

use bus_core::{
    Message, msg,
    workflow::{Workflow, expand::Found},
};
use connectors::kit::transport::io_reason;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The most that is read of a document: more than any that loads.
pub(crate) const MOST_BYTES: u64 = 8 << 20;

/// The folder a document stands in.
pub(crate) fn folder(document: &str) -> PathBuf {
    let parent = Path::new(document).parent().filter(|_| document != "-");
    parent.filter(|path| !path.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Finds the workflow that a document calls `name`: `around` is the path of that document, or empty for `outermost`.
pub(crate) fn find(outermost: &str, around: &str, name: &str) -> Result<Found, Message> {
    let around = if around.is_empty() { outermost } else { around };
    let path = folder(around).join(name);
    let text =
        read(&path).map_err(|error| msg!("{file}: {reason}", file = name, reason = io_reason(&error)))?;
    let loaded = Workflow::load(&text).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        msg!("{file}: {problem}", file = name, problem = first)
    })?;
    let key = fs::canonicalize(&path).unwrap_or(path).to_string_lossy().into_owned();
    Ok(Found { key, workflow: loaded.workflow })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
