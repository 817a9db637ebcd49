//! Files on this machine.

use crate::{
    contract::{Connector, Context, InParts, Outputs, Reading, Source},
    formats::FormatChoice,
    kit::{
        Damaged, Pattern, ReadOptions, read,
        transport::{BlockReader, HEAD, Range, changed, cuts, io_reason, is_utf8, look_inside, read_range},
    },
};
use bus_core::{
    error::StepError,
    msg,
    plan::{Extent, ends},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File as Open},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

pub(crate) static CONNECTOR: Connector = Connector::source_in_parts::<File>("file");

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
        let options = self.options(file);
        let stream = match &file.path {
            None => BlockReader::new(std::io::stdin()),
            Some(path) => {
                let opened = Open::open(path).map_err(|error| refused(&file.name, &error))?;
                // a pipe or a device does not say how much it brings
                let known = opened.metadata().ok().filter(|known| known.is_file() && known.len() > 0);
                match known {
                    Some(known) => BlockReader::of_file(opened, known.len())
                        .map_err(|error| refused(&file.name, &error))?,
                    None => BlockReader::new(opened),
                }
            }
        };
        Box::pin(read(stream, &options, out, context)).await
    }

    fn options<'a>(&'a self, file: &'a Found) -> ReadOptions<'a> {
        ReadOptions {
            format: self.format.as_ref(),
            name: &file.name,
            media_type: None,
            entries: self.entries.as_deref(),
            name_field: self.file_field.as_deref(),
            damaged: self.damaged,
            path: file.path.as_deref(),
        }
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

/// A part of what is read.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    /// What the files looked like when they were divided.
    seen: Vec<Seen>,
    /// Stretches of files, by their place among all.
    stretches: Vec<(usize, Range)>,
}

impl InParts for File {
    type Seen = ();
    type Part = Part;

    async fn look(&self, context: &Context) -> Result<Option<(Extent, ())>, StepError> {
        let files = self.files(context)?;
        let Some(seen) = look(&files)? else { return Ok(None) };
        if context.remembered().and_then(|was| serde_json::from_value(was).ok()).as_ref() == Some(&seen) {
            return Ok(None);
        }
        let bytes = seen.iter().map(|seen| seen.bytes).sum();
        let mut inside = true;
        // of many files the first one tells: the others are looked at when they are divided
        if let Some((file, seen)) = files.iter().zip(&seen).find(|(_, seen)| seen.bytes > 0) {
            let head = head(file, seen, HEAD)?;
            let whole = head.len() as u64 == seen.bytes;
            inside = look_inside((&head, whole), &self.options(file), context).is_some();
        }
        let why = msg!("only CSV in UTF-8 and NDJSON, not packed, can be read from the middle on");
        let extent = Extent { bytes, undivided: (!inside).then_some(why) };
        Ok(Some((extent, ())))
    }

    async fn divide(&self, (): (), count: u32, context: &Context) -> Result<Vec<Part>, StepError> {
        let files = self.files(context)?;
        let Some(seen) = look(&files)? else { return Ok(Vec::new()) };
        let total: u64 = seen.iter().map(|seen| seen.bytes).sum();
        // how much was there before the file at hand
        let (mut parts, mut before) = (vec![Vec::new()], 0);
        for (place, (file, seen)) in
            files.iter().zip(&seen).enumerate().filter(|(_, (_, seen))| seen.bytes > 0)
        {
            let head = head(file, seen, HEAD)?;
            let whole = head.len() as u64 == seen.bytes;
            let Some(inside) = look_inside((&head, whole), &self.options(file), context) else {
                return Ok(Vec::new());
            };
            if ends(total, count).any(|end| end == before) {
                parts.push(Vec::new());
            }
            let here = |end: u64| end.checked_sub(before).filter(|end| (1..seen.bytes).contains(end));
            let wanted: Vec<u64> = ends(total, count).filter_map(here).collect();
            let path = file.path.clone().unwrap_or_default();
            let (most, cancel) = (context.limits().record_bytes, context.cancellation());
            let name = file.name.clone();
            // two looks at all of it, side by side: no part can begin before both have ended
            let (same, until) = (path.clone(), cancel.clone());
            let text = passing(move || match inside.quoting {
                Some(_) => is_utf8(behind(&same, inside.first)?, &until),
                None => Ok(true),
            });
            let cuts = passing(move || cuts(behind(&path, inside.first)?, inside, &wanted, (most, &cancel)));
            let (text, cuts) = tokio::join!(text, cuts);
            let text = text?.map_err(|error| refused(&name, &error))?;
            let cuts = cuts?.map_err(|error| refused(&name, &error))?;
            let Some(cuts) = cuts.filter(|_| text) else { return Ok(Vec::new()) };
            let range = |from, to, line| {
                let (first, head) = (from == inside.first, inside.head);
                Range { from, to, line, first, head }
            };
            let (mut from, mut line) = (inside.first, inside.line);
            for cut in &cuts {
                stretch(&mut parts, place, range(from, cut.at, line));
                parts.push(Vec::new());
                (from, line) = (cut.at, cut.line);
            }
            stretch(&mut parts, place, range(from, seen.bytes, line));
            before += seen.bytes;
        }
        parts.retain(|stretches| !stretches.is_empty());
        Ok(parts.into_iter().map(|stretches| Part { seen: seen.clone(), stretches }).collect())
    }

    async fn read_part(self, part: Part, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let files = self.files(&context)?;
        if look(&files)?.as_ref() != Some(&part.seen) {
            return Err(changed());
        }
        for (place, range) in &part.stretches {
            let (Some(file), Some(seen)) = (files.get(*place), part.seen.get(*place)) else {
                return Err(changed());
            };
            let head = head(file, seen, range.head)?;
            let whole = head.len() as u64 == seen.bytes;
            let opened = open_at(file, range.from)?;
            let stream = BlockReader::of_file(opened, range.to.saturating_sub(range.from))
                .map_err(|error| refused(&file.name, &error))?;
            let options = self.options(file);
            let reading = read_range(stream, ((&head, whole), *range), &options, (&mut out, &context));
            Box::pin(reading).await?;
        }
        if look(&files)?.as_ref() != Some(&part.seen) {
            return Err(changed());
        }
        context.remember(serde_json::to_value(&part.seen).unwrap_or_default());
        Ok(())
    }
}

/// Adds a stretch to the last part, if there is anything in it.
fn stretch(parts: &mut [Vec<(usize, Range)>], file: usize, range: Range) {
    if let Some(last) = parts.last_mut().filter(|_| range.first || range.from < range.to) {
        last.push((file, range));
    }
}

/// The first bytes of a file.
fn head(file: &Found, seen: &Seen, most: usize) -> Result<Vec<u8>, StepError> {
    let bytes = usize::try_from(seen.bytes).unwrap_or(most).min(most);
    let mut head = Vec::with_capacity(bytes);
    let read = open_at(file, 0)?.take(bytes as u64).read_to_end(&mut head);
    read.map_err(|error| refused(&file.name, &error))?;
    Ok(head)
}

fn open_at(file: &Found, at: u64) -> Result<Open, StepError> {
    let mut open = Open::open(file.path.as_deref().unwrap_or(Path::new("-")))
        .map_err(|error| refused(&file.name, &error))?;
    open.seek(SeekFrom::Start(at)).map_err(|error| refused(&file.name, &error))?;
    Ok(open)
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

/// A file from a byte on.
fn behind(path: &Path, first: u64) -> std::io::Result<Open> {
    let mut open = Open::open(path)?;
    open.seek(SeekFrom::Start(first))?;
    Ok(open)
}

/// What a pass over a file finds, beside everything else that goes on.
async fn passing<T: Send + 'static>(pass: impl FnOnce() -> T + Send + 'static) -> Result<T, StepError> {
    let passed = tokio::task::spawn_blocking(pass).await;
    passed.map_err(|error| StepError::ours(msg!("{problem}", problem = error.to_string())))
}

fn refused(name: &str, error: &std::io::Error) -> StepError {
    StepError::remote(io_reason(error)).at(msg!("{name}", name = name))
}
