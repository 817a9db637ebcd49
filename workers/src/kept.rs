use crate::report::KeptErrors;
use bus_core::{error::StepError, msg, record::Batch};
use connectors::kit::transport::io_reason;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};
use tokio::sync::mpsc::Receiver;

/// Keeps the refused records of a step whose `errors` port leads nowhere: counts all, shows the first, and
/// writes them all where there is a folder for them.
pub(crate) async fn keep(
    mut refused: Receiver<Batch>,
    most: usize,
    file: Option<PathBuf>,
) -> Result<KeptErrors, StepError> {
    let mut kept = KeptErrors::default();
    let mut target = None;
    while let Some(batch) = refused.recv().await {
        kept.count += batch.len() as u64;
        let room = most.saturating_sub(kept.first.len());
        kept.first.extend(batch.records().take(room).map(|record| record.to_json()));
        if let Some(path) = &file {
            let written = write(&mut target, path, &batch);
            written.map_err(|error| failed(path, &error))?;
        }
    }
    if let (Some(mut target), Some(path)) = (target, file) {
        target.flush().map_err(|error| failed(&path, &error))?;
        kept.file = Some(path);
    }
    Ok(kept)
}

fn write(target: &mut Option<BufWriter<File>>, path: &Path, batch: &Batch) -> std::io::Result<()> {
    let target = match target {
        Some(target) => target,
        None => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            target.insert(BufWriter::new(File::create(path)?))
        }
    };
    for record in batch.records() {
        serde_json::to_writer(&mut *target, &record.to_json())?;
        target.write_all(b"\n")?;
    }
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> StepError {
    StepError::remote(io_reason(error)).at(msg!("{name}", name = path.display().to_string()))
}
