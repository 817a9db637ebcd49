//! Files on this machine.

use crate::{
    contract::{Connector, Context, Outputs, Reading, Source},
    formats::FormatChoice,
    kit::{
        Damaged, Pattern, ReadOptions, read,
        transport::{BlockReader, io_reason},
    },
};
use bus_core::{error::StepError, msg};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File as Open},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

pub(crate) static CONNECTOR: Connector = Connector::source::<File>("file");

/// # Read files
///
/// Reads one file or many, of any format; gzip and zip are opened on the way.
///
/// If none of the files has changed since the last run, nothing is read and nothing downstream runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "file", "x-group" = "input"))]
struct File {
    /// # File
    ///
    /// The name of a file, or a pattern such as `data/*.csv` (`**` for any folders between). A relative
    /// name starts at the folder of the workflow. Files of a pattern are read in the order of their names.
    #[schemars(extend("examples" = ["stations.csv", "readings/**/*.json.gz"]))]
    path: String,
    /// # More files
    ///
    /// Further names or patterns, read after the first one.
    #[serde(default)]
    more: Vec<String>,
    /// # Format
    ///
    /// The format of the files. If not chosen, the name and then the first bytes tell.
    #[serde(default)]
    format: Option<FormatChoice>,
    /// # Files in archives
    ///
    /// Which files of a zip archive to read, as a pattern; all if empty.
    #[serde(default)]
    #[schemars(extend("examples" = ["*.csv"]))]
    entries: Option<Pattern>,
    /// # Field for the file name
    ///
    /// A field that is added to each record and tells the name of its file.
    #[serde(default)]
    #[schemars(extend("examples" = ["file"]))]
    file_field: Option<String>,
    /// # Damaged files
    ///
    /// What to do with a file that cannot be read to its end.
    #[serde(default)]
    damaged: Damaged,
}

/// What tells whether a file has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    path: String,
    bytes: u64,
    changed_nanoseconds: u128,
}

/// A file to read; standard input has no path.
struct Found {
    name: String,
    path: Option<PathBuf>,
}

impl Source for File {
    async fn read(self, mut out: Outputs, context: Context) -> Result<Reading, StepError> {
        let files = self.files(&context)?;
        let seen = look(&files)?;
        if seen.is_some() && context.remembered().and_then(|was| serde_json::from_value(was).ok()) == seen {
            return Ok(Reading::Unchanged);
        }
        for file in &files {
            if out.is_done() {
                return Ok(Reading::Complete);
            }
            self.read_one(file, &mut out, &context).await?;
        }
        // a file that changed while it was read has to be read again next time
        if seen.is_some() && look(&files)? == seen {
            context.remember(serde_json::to_value(&seen).unwrap_or_default());
        }
        Ok(Reading::Complete)
    }
}

impl File {
    async fn read_one(&self, file: &Found, out: &mut Outputs, context: &Context) -> Result<(), StepError> {
        let options = ReadOptions {
            format: self.format.as_ref(),
            name: &file.name,
            media_type: None,
            entries: self.entries.as_deref(),
            name_field: self.file_field.as_deref(),
            damaged: self.damaged,
            path: file.path.as_deref(),
        };
        let stream = match &file.path {
            None => BlockReader::new(std::io::stdin()),
            Some(path) => {
                let opened = Open::open(path).map_err(|error| refused(&file.name, &error))?;
                BlockReader::new(opened)
            }
        };
        Box::pin(read(stream, &options, out, context)).await
    }

    fn files(&self, context: &Context) -> Result<Vec<Found>, StepError> {
        let mut files: Vec<Found> = Vec::new();
        for name in [&self.path].into_iter().chain(&self.more) {
            if name == "-" && context.standard_streams() {
                files.push(Found { name: name.clone(), path: None });
                continue;
            }
            let path = context.path(name).map_err(|error| error.at(msg!("{name}", name = name)))?;
            // a name that exists means just that file, whatever characters it has
            if path.exists() || !name.contains(['*', '?', '[']) {
                files.push(Found { name: name.clone(), path: Some(path) });
            } else {
                files.extend(matching(name, &path, context)?);
            }
        }
        let mut known = std::collections::HashSet::new();
        files.retain(|file| known.insert(file.path.clone()));
        Ok(files)
    }
}

/// The files a pattern means, by name.
fn matching(name: &str, path: &Path, context: &Context) -> Result<Vec<Found>, StepError> {
    let folder = context.folder();
    let pattern = match Path::new(name).is_absolute() {
        true => name.to_owned(),
        false => {
            Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(name).to_string_lossy().into()
        }
    };
    let paths = glob::glob(&pattern).map_err(|error| {
        StepError::settings(msg!(
            "`{pattern}` is not a pattern: {problem}",
            pattern = name,
            problem = error.to_string()
        ))
    })?;
    let mut files = Vec::new();
    for found in paths {
        let found = found.map_err(|error| refused(&error.path().to_string_lossy(), error.error()))?;
        if found.is_file() {
            let shown = found.strip_prefix(folder).unwrap_or(&found).to_string_lossy().into_owned();
            // a link among them may lead elsewhere
            context.path(&shown).map_err(|error| error.at(msg!("{name}", name = &shown)))?;
            files.push(Found { name: shown, path: Some(found) });
        }
    }
    if files.is_empty() {
        return Err(StepError::remote(msg!(
            "no file matches `{pattern}`",
            pattern = path.to_string_lossy().into_owned()
        )));
    }
    Ok(files)
}

/// What the files look like from outside; nothing if one is not a plain file (a pipe, standard input).
fn look(files: &[Found]) -> Result<Option<Vec<Seen>>, StepError> {
    let mut seen = Vec::new();
    for file in files {
        let Some(path) = &file.path else { return Ok(None) };
        let about = fs::metadata(path).map_err(|error| refused(&file.name, &error))?;
        let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let (true, Some(changed)) = (about.is_file(), changed) else { return Ok(None) };
        seen.push(Seen {
            path: path.to_string_lossy().into_owned(),
            bytes: about.len(),
            changed_nanoseconds: changed.as_nanos(),
        });
    }
    Ok(Some(seen))
}

fn refused(name: &str, error: &std::io::Error) -> StepError {
    StepError::remote(io_reason(error)).at(msg!("{name}", name = name))
}
