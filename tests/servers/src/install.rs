//! Gets programs that are missing. Only one process does it at a time.

use crate::failed;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder below the builds where things are kept: beside the program that runs.
pub(crate) fn folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let mut folder = program.parent().unwrap_or(Path::new("."));
    if folder.ends_with("deps") {
        folder = folder.parent().unwrap_or(folder);
    }
    let folder = folder.join("test-servers");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Does something alone among all processes that want the same.
pub(crate) fn alone<R>(work: impl FnOnce(&Path) -> io::Result<R>) -> io::Result<R> {
    let folder = folder()?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    work(&folder)
}

/// The first of these that is there.
pub(crate) fn found(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.exists())
}

/// A Debian package, if it is missing and we may.
pub(crate) fn package(name: &str, paths: &[&str]) -> io::Result<PathBuf> {
    alone(|_| {
        if let Some(path) = found(paths) {
            return Ok(path);
        }
        // its own server must not be started: the tests start theirs
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "--no-install-recommends", name]).env("RUNLEVEL", "1");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        if run(&mut install).is_err() {
            run(Command::new("apt-get").arg("update"))?;
            run(&mut install)?;
        }
        found(paths)
            .ok_or_else(|| failed(format!("{name} is not there: install it, or name a server that runs")))
    })
}

/// A Python package with a program, in a folder of its own.
pub(crate) fn python(package: &str, version: &str, program: &str) -> io::Result<PathBuf> {
    alone(|folder| {
        let folder = folder.join(package);
        let (program, stamp) =
            (folder.join("bin").join(program), folder.join(format!("{version}.installed")));
        if program.exists() && stamp.exists() {
            return Ok(program);
        }
        if run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).is_err() {
            run(Command::new("apt-get").args(["install", "-y", "--no-install-recommends", "python3-venv"]))?;
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        }
        let wanted = format!("{package}=={version}");
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &wanted]))?;
        File::create(stamp)?;
        Ok(program)
    })
}

fn run(command: &mut Command) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.stdin(Stdio::null()).output()?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(failed(format!("{program}: {}: {said}", ran.status)))
}
