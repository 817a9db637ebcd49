//! `cargo xtask test`: everything that must hold, cheapest first.

use crate::{
    browser, faults,
    tools::{cargo, python, root, run, subcommand, target},
    ui,
};
use anyhow::{Context, Result, bail};
use std::{fs, process::Command};

/// Runs all checks and stops at the first that fails.
pub(crate) fn test() -> Result<()> {
    format()?;
    subcommand("machete", "0.9.2")?;
    run("unused dependencies", cargo().arg("machete"))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run("lints", cargo().args(lints))?;
    subcommand("nextest", "0.9.143")?;
    python("schemathesis", "4.32.5")?;
    run("tests", cargo().args(["nextest", "run", "--workspace", "--locked"]))?;
    run(
        "examples in the documentation",
        cargo().args(["test", "--workspace", "--doc", "--locked", "--quiet"]),
    )?;
    // the editor goes into the server: it is there before the server is built for the browser
    ui::ui(&ui::Options::default())?;
    browser::test(&browser::Options::default())?;
    faults::faults(&faults::Options::of_a_test())?;
    licences()
}

/// `cargo fmt` does not see the files that `connectors/build.rs` lists: every file is named.
fn format() -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])
        .current_dir(root())
        .output()
        .context("git ls-files")?;
    if !listed.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    }
    let files = String::from_utf8(listed.stdout)?;
    let there = files.lines().filter(|file| root().join(file).exists());
    run("format", Command::new("rustfmt").args(["--check", "--edition", "2024"]).args(there))
}

/// Licences, sources and bans of all dependencies; again only when `Cargo.lock` or the rules change.
fn licences() -> Result<()> {
    let state =
        fs::read_to_string(root().join("Cargo.lock"))? + &fs::read_to_string(root().join("deny.toml"))?;
    let stamp = target().join("licences-checked");
    if fs::read_to_string(&stamp).is_ok_and(|checked| checked == state) {
        return Ok(());
    }
    subcommand("deny", "0.20.2")?;
    run("licences", cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    fs::write(stamp, state).context("note that licences were checked")
}
