//! What compiles for the browser on this machine.

use crate::tools::{cargo, root, run};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{IsTerminal as _, stdin},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const WASM: &str = "wasm32-unknown-unknown";
const DEBIAN: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// A toolchain that can build for the browser.
pub(super) enum Toolchain {
    /// The usual one: its standard library for wasm is there.
    Own,
    /// The one Debian builds its browsers with; it compiles the standard library from source.
    Debian,
}

impl Toolchain {
    /// Looks for what is there, and installs what can be installed from where this machine can reach.
    pub(super) fn find(yes: bool) -> Result<Self> {
        if has_wasm() {
            return Ok(Self::Own);
        }
        if has_debian() {
            return Ok(Self::Debian);
        }
        if nix::unistd::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists() {
            // its compiler comes by way of security updates: old lists name one that is too old, and installs it
            lists()?;
            apt(&DEBIAN)?;
            return Ok(Self::Debian);
        }
        if !yes && !agreed()? {
            bail!("the editor is built for {WASM}: run `rustup target add {WASM}`, or this with --yes");
        }
        run("install the target", Command::new("rustup").args(["target", "add", WASM]))?;
        Ok(Self::Own)
    }

    /// Compiles the editor; the path of its wasm.
    pub(super) fn build(&self, folder: &Path) -> Result<PathBuf> {
        let mut command = match self {
            Self::Own => cargo(),
            Self::Debian => debian(),
        };
        let build =
            ["build", "--locked", "--package", "web-ui", "--lib", "--profile", "wasm", "--target", WASM];
        command.args(build).arg("--target-dir").arg(folder);
        if matches!(self, Self::Debian) {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        run("compile the editor", &mut command)?;
        Ok(folder.join(WASM).join("wasm/web_ui.wasm"))
    }
}

/// Installs packages of Debian.
pub(crate) fn apt(packages: &[&str]) -> Result<()> {
    let install = |what: &str| {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
        run(what, apt.env("DEBIAN_FRONTEND", "noninteractive"))
    };
    install(&format!("install {}", packages.join(", "))).or_else(|_| {
        // a fresh machine has no lists, or old ones
        lists()?;
        install("install again")
    })
}

fn lists() -> Result<()> {
    run("lists of packages", Command::new("apt-get").args(["update", "--quiet"]))
}

fn debian() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"] {
        cargo.env_remove(name);
    }
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-19");
    cargo
}

fn has_wasm() -> bool {
    let asked = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .current_dir(root())
        .stderr(Stdio::null())
        .output();
    let Ok(answer) = asked else { return false };
    let folder = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    let Ok(files) = fs::read_dir(folder) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn has_debian() -> bool {
    let parts =
        ["/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/wasm-ld-19", "/usr/lib/rustlib/src/rust/library"];
    parts.iter().all(|part| Path::new(part).exists()) && new_enough("/usr/bin/rustc")
}

/// Whether a compiler is the one the workspace asks for, or a later one.
fn new_enough(rustc: &str) -> bool {
    let needed = minor(env!("CARGO_PKG_RUST_VERSION"));
    let asked = Command::new(rustc).arg("--version").output();
    asked
        .is_ok_and(|said| minor(String::from_utf8_lossy(&said.stdout).trim_start_matches("rustc ")) >= needed)
}

/// The middle number of a version.
fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or_default()
}

#[expect(clippy::print_stderr, reason = "a question to whoever runs the chore")]
fn agreed() -> Result<bool> {
    if !stdin().is_terminal() {
        return Ok(false);
    }
    eprintln!("The editor is built for {WASM}. Run `rustup target add {WASM}`? [y/N]");
    let mut answer = String::new();
    stdin().read_line(&mut answer).context("the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "o" | "oui"))
}
