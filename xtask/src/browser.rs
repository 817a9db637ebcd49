//! The tests that drive a browser against the real server.

use crate::{
    tools::{cargo, root, run, target},
    ui::apt,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What the browser is for.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Makes the picture of the README instead (docs/editor.png)
    #[arg(long)]
    picture: bool,
    /// Only the tests in files with this in their name
    only: Option<String>,
}

/// Builds the server, installs what is missing and runs `tests/browser`.
pub(crate) fn test(options: &Options) -> Result<()> {
    let chromium = chromium()?;
    packages()?;
    // of the whole workspace, so that its dependencies are those the other tests were built with
    let server = ["build", "--locked", "--workspace", "--bin", "semantic-bus"];
    run("compile the server", cargo().args(server))?;
    let mut node = Command::new("node");
    if options.picture {
        node.arg(root().join("tests/browser/picture.mjs")).arg(root().join("docs/editor.png"));
    } else {
        node.args(["--test", "--test-concurrency=1"])
            .args(tests(options.only.as_deref().unwrap_or_default())?);
    }
    node.env("SEMANTIC_BUS", target().join("debug/semantic-bus")).env("CHROMIUM", chromium);
    run("tests in the browser", &mut node)
}

/// The browser; installed where a package manager can.
fn chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let folders = ["/usr/bin", "/usr/local/bin", "/snap/bin"];
    let known = names.iter().flat_map(|name| folders.iter().map(move |folder| Path::new(folder).join(name)));
    if let Some(there) = known.into_iter().find(|path| path.exists()) {
        return Ok(there);
    }
    installed(&["chromium"])?;
    Ok("/usr/bin/chromium".into())
}

/// The packages that the lock file names.
fn packages() -> Result<()> {
    let folder = root().join("tests/browser");
    let (wanted, there) = (folder.join("package-lock.json"), folder.join("node_modules/.lock"));
    let wanted = fs::read_to_string(wanted).context("tests/browser/package-lock.json")?;
    if !answers("node") || !answers("npm") {
        installed(&["nodejs", "npm"])?;
    }
    if fs::read_to_string(&there).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder);
    run("packages of the browser tests", &mut npm)?;
    fs::write(there, wanted).context("note that the packages are there")
}

fn tests(only: &str) -> Result<Vec<PathBuf>> {
    let mut tests = Vec::new();
    for entry in fs::read_dir(root().join("tests/browser"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") && name.contains(only) {
            tests.push(path);
        }
    }
    if tests.is_empty() {
        bail!("no file in tests/browser has `{only}` in its name");
    }
    tests.sort();
    Ok(tests)
}

fn answers(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

pub(crate) fn installed(packages: &[&str]) -> Result<()> {
    if nix::unistd::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists() {
        return apt(packages);
    }
    bail!("{} is needed: install it with your package manager", packages.join(" and "))
}
