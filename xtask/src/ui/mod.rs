//! `cargo xtask ui`: the editor, from its sources to the files a server sends.

mod pack;
mod toolchain;

use crate::tools::{root, target};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};
use toolchain::Toolchain;

pub(crate) use toolchain::apt;

/// What the editor may weigh, compressed: beyond it people on slow lines wait.
const MOST_BYTES: usize = 600_000;

/// What the editor is made of.
const SOURCES: [&str; 6] =
    ["web-ui/src", "web-ui/static", "web-ui/Cargo.toml", "bus-core/src", "Cargo.lock", "Cargo.toml"];

/// How to build the editor.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Installs what is missing without asking
    #[arg(long)]
    yes: bool,
}

/// Builds the editor into `web-ui/dist`, where the server takes it from; nothing if it is current.
#[expect(clippy::print_stderr, reason = "a chore says what it does")]
pub(crate) fn ui(options: &Options) -> Result<()> {
    let sources = digest_of_sources()?;
    let dist = root().join("web-ui/dist");
    if pack::built_from(&dist).is_some_and(|built| built == sources) {
        eprintln!("── editor: current");
    } else {
        let built = Toolchain::find(options.yes)?.build(&target().join("wasm"))?;
        pack::pack(&built, &root().join("web-ui/static"), &dist, &sources)?;
    }
    let size = pack::compressed_wasm(&dist)?;
    eprintln!("   editor: {:.1} kB of wasm (brotli)", kilobytes(size));
    if size > MOST_BYTES {
        bail!("the editor weighs {:.1} kB, more than {:.0}", kilobytes(size), kilobytes(MOST_BYTES));
    }
    Ok(())
}

fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
}

fn digest_of_sources() -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        list(&root().join(source), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.strip_prefix(root())?.to_string_lossy().as_bytes());
        digest.update(fs::read(&file).with_context(|| file.display().to_string())?);
    }
    Ok(hex(&digest.finalize()))
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
            list(&entry?.path(), files)?;
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
