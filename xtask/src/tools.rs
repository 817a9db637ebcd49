//! Programs the chores call, and how to get those that are missing.

use crate::browser::installed;
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The cargo that runs us, as if it had not: its subcommands look at what `cargo run` sets.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
        cargo.env_remove(name);
    }
    cargo
}

/// Runs a command in the root of the checkout and fails if it does.
#[expect(clippy::print_stderr, reason = "a chore says what it does")]
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    eprintln!("── {what}");
    let start = Instant::now();
    let status = command
        .current_dir(root())
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{what}: {} cannot be started", command.get_program().display()))?;
    if !status.success() {
        bail!("{what}: {status}");
    }
    eprintln!("   {what}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// A cargo subcommand, installed from its registry if it is not there.
pub(crate) fn subcommand(name: &str, version: &str) -> Result<()> {
    let there = cargo().args([name, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let package = format!("cargo-{name}@{version}");
    run(&format!("install {package}"), cargo().args(["install", "--locked", "--quiet", &package]))
}

/// A Python program, installed from its registry into a folder of its own below the builds if it is not there.
pub(crate) fn python(name: &str, version: &str) -> Result<()> {
    let folder = target().join(name);
    let there = Command::new(folder.join("bin").join(name)).arg("--version").output();
    if there.is_ok_and(|ran| String::from_utf8_lossy(&ran.stdout).contains(version)) {
        return Ok(());
    }
    let made = |what: &str| run(what, Command::new("python3").args(["-m", "venv"]).arg(&folder));
    if made(&format!("folder for {name}")).is_err() {
        installed(&["python3-venv"])?;
        made(&format!("folder for {name}, again"))?;
    }
    let package = format!("{name}=={version}");
    let mut pip = Command::new(folder.join("bin/pip"));
    run(&format!("install {package}"), pip.args(["install", "--quiet", &package]))
}

/// Where builds go.
pub(crate) fn target() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "a chore reads cargo's own setting")]
    let set = std::env::var("CARGO_TARGET_DIR");
    set.map_or_else(|_| root().join("target"), PathBuf::from)
}
