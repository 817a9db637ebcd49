//! A file on this machine.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Receipt, Sink},
    formats::FormatChoice,
    kit::{
        transport::{BlockWriter, Gzip, io_reason},
        write,
    },
};
use bus_core::{error::StepError, msg};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

pub(crate) static CONNECTOR: Connector = Connector::sink::<FileOut>("file-out");

/// # Write a file
///
/// Writes the records to a file.
///
/// The file appears under its name when it is complete and safely on the disk; until then, and when the
/// run fails, a file that was there before stays as it is. Repeating a run writes the same file again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "file-down", "x-group" = "output"))]
struct FileOut {
    /// # File
    ///
    /// The name of the file. A relative name starts at the folder of the workflow; folders are made as
    /// needed.
    #[schemars(extend("examples" = ["stations.geojson", "out/readings.csv.gz"]))]
    path: String,
    /// # Format
    ///
    /// The format of the file. If not chosen, the ending of the name tells.
    #[serde(default)]
    format: Option<FormatChoice>,
    /// # Compression
    ///
    /// Whether to compress the file. If not chosen, a name that ends in `.gz` does.
    #[serde(default)]
    compression: Option<Compression>,
}

/// How to compress a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Compression {
    /// # None
    None,
    /// # Gzip
    Gzip,
}

impl Sink for FileOut {
    async fn write(self, mut input: Inputs, _: Outputs, context: Context) -> Result<Receipt, StepError> {
        let place = msg!("{name}", name = &self.path);
        Box::pin(self.write_all(&mut input, &context)).await.map_err(|error| error.at(place))
    }
}

impl FileOut {
    async fn write_all(&self, input: &mut Inputs, context: &Context) -> Result<Receipt, StepError> {
        let format = self.format.clone().or_else(|| FormatChoice::of_name(&self.path));
        let Some(format) = format else {
            return Err(StepError::settings(msg!(
                "the name does not tell the format: choose one in the settings"
            )));
        };
        let mut receipt = Receipt { target: Some(self.path.clone()), ..Receipt::default() };
        if self.path == "-" && context.standard_streams() {
            let out = BlockWriter::new(io::stdout());
            (receipt.written, _) = self.fill(out, &format, input, context).await?;
            return Ok(receipt);
        }
        let path = context.path(&self.path)?;
        // what is not a plain file (a pipe, a device) is written to in place: it cannot be replaced
        if path.exists() && !path.is_file() {
            let target = fs::OpenOptions::new().write(true).open(&path).map_err(|error| refused(&error))?;
            (receipt.written, _) = self.fill(BlockWriter::new(target), &format, input, context).await?;
            return Ok(receipt);
        }
        let path = fs::canonicalize(&path).unwrap_or(path);
        let part = beside(&path).map_err(|error| refused(&error))?;
        let (written, part) = self.fill(BlockWriter::new(part), &format, input, context).await?;
        receipt.written = written;
        // an input that ended because the run did is not the whole
        context.go_on()?;
        let kept = tokio::task::spawn_blocking(move || keep(part, &path)).await;
        kept.map_err(|error| StepError::ours(msg!("{problem}", problem = error.to_string())))?
            .map_err(|error| refused(&error))?;
        Ok(receipt)
    }

    /// Writes everything; gives the target back for what has to be done with it then.
    async fn fill<W: io::Write + Send + 'static>(
        &self,
        mut target: BlockWriter<W>,
        format: &FormatChoice,
        input: &mut Inputs,
        context: &Context,
    ) -> Result<(u64, W), StepError> {
        let by_name = || self.path.to_ascii_lowercase().ends_with(".gz").then_some(Compression::Gzip);
        if self.compression.or_else(by_name) == Some(Compression::Gzip) {
            let mut packed = Gzip::new(target);
            let written = write(input, format, &mut packed, context).await?;
            target = packed.into_inner();
            return Ok((written, target.into_inner().await?));
        }
        let written = write(input, format, &mut target, context).await?;
        Ok((written, target.into_inner().await?))
    }
}

/// A new file in the same folder, so that it can take the name in one step. It goes when it is let go.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    fs::create_dir_all(&folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{name}.");
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // what any new file gets (the system takes its mask off), or what the replaced one had
        let mode = fs::metadata(path).map_or(0o666, |about| about.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
        builder.tempfile_in(&folder)
    }
    #[cfg(not(unix))]
    builder.tempfile_in(&folder)
}

/// Puts the file safely on the disk and gives it its name.
fn keep(part: NamedTempFile, path: &Path) -> io::Result<()> {
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        // the name is on the disk only when the folder is; some file systems cannot do this
        fs::File::open(folder).and_then(|folder| folder.sync_all()).or_else(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })?;
    }
    Ok(())
}

fn refused(error: &io::Error) -> StepError {
    StepError::remote(io_reason(error))
}
