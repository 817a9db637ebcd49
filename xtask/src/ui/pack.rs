//! From compiled wasm to files with the hash of their content in their name, compressed.

use super::hex;
use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{fs, io::Write as _, path::Path};
use wasm_bindgen_cli_support::Bindgen;

/// Where a page says what it was built from.
const BUILT_FROM: &str = "<meta name=\"built-from\" content=\"";

/// The digest of the sources that `dist` was built from, if it is there.
pub(super) fn built_from(dist: &Path) -> Option<String> {
    let page = fs::read_to_string(dist.join("index.html")).ok()?;
    let (_, rest) = page.split_once(BUILT_FROM)?;
    rest.split_once('"').map(|(digest, _)| digest.to_owned())
}

/// Bytes of the wasm as most browsers take it.
pub(super) fn compressed_wasm(dist: &Path) -> Result<usize> {
    let mut size = 0;
    for entry in fs::read_dir(dist.join("assets"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".wasm.br") {
            size += usize::try_from(entry.metadata()?.len())?;
        }
    }
    Ok(size)
}

/// Writes `dist` beside its place and moves it there once it is whole.
pub(super) fn pack(wasm: &Path, statics: &Path, dist: &Path, sources: &str) -> Result<()> {
    // two builds at once do not disturb each other
    let fresh = dist.with_extension(format!("fresh-{}", std::process::id()));
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(fresh.join("assets"))?;
    let (glue, wasm) = bind(wasm, &fresh.join("bound"))?;
    let asset = |name: &str, kind: &str, content: &[u8]| write_asset(&fresh, name, kind, content);
    let wasm = asset("editor", "wasm", &wasm)?;
    let glue = asset("editor", "js", &glue)?;
    let boot = fs::read_to_string(statics.join("boot.js"))?;
    let boot =
        asset("boot", "js", boot.replace("/editor.js", &glue).replace("/editor.wasm", &wasm).as_bytes())?;
    let style = asset("style", "css", styles(&statics.join("style"))?.as_bytes())?;
    let icon = asset("icon", "svg", &fs::read(statics.join("icon.svg"))?)?;
    let mut page = fs::read_to_string(statics.join("index.html"))?;
    let names = [("boot.js", &boot), ("style.css", &style), ("icon.svg", &icon), ("editor.js", &glue)];
    for (name, hashed) in names.into_iter().chain([("editor.wasm", &wasm)]) {
        page = page.replace(&format!("/{name}"), hashed);
    }
    let page = page.replace("</head>", &format!("{BUILT_FROM}{sources}\">\n</head>"));
    write_compressed(&fresh.join("index.html"), page.as_bytes())?;
    if dist.exists() {
        fs::remove_dir_all(dist)?;
    }
    fs::rename(&fresh, dist).context("move the editor into place")
}

/// The JavaScript that starts the wasm, and the wasm with its imports named.
fn bind(wasm: &Path, folder: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).web(true)?.omit_default_module_path(false).typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true).out_name("editor");
    bindgen.generate(folder).context("bind the wasm")?;
    let bound = (fs::read(folder.join("editor.js"))?, fs::read(folder.join("editor_bg.wasm"))?);
    fs::remove_dir_all(folder)?;
    Ok(bound)
}

/// All style sheets as one, in the order of their names.
fn styles(folder: &Path) -> Result<String> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    files.iter().map(|file| Ok(fs::read_to_string(file)?)).collect()
}

/// Writes an asset under the hash of its content; its address.
fn write_asset(dist: &Path, name: &str, kind: &str, content: &[u8]) -> Result<String> {
    let address = format!("/assets/{name}.{}.{kind}", hex(&Sha256::digest(content)));
    write_compressed(&dist.join(address.trim_start_matches('/')), content)?;
    Ok(address)
}

/// Writes a file, and beside it what is sent to those who take it compressed.
fn write_compressed(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| path.display().to_string())?;
    let with = |ending: &str| path.with_added_extension(ending);
    let mut small = Vec::new();
    brotli::BrotliCompress(
        &mut &*content,
        &mut small,
        &BrotliEncoderParams { quality: 11, ..Default::default() },
    )?;
    fs::write(with("br"), small)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    fs::write(with("gz"), gzip.finish()?)?;
    Ok(())
}
