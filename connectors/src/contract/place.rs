//! Files inside of one folder, and nowhere else.

use bus_core::{error::StepError, msg};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// The path of a file in `folder`; refused are absolute names, `..`, and links that lead out.
pub(super) fn inside(folder: &Path, name: &str) -> Result<PathBuf, StepError> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(plain) {
        return Err(outside());
    }
    let path = folder.join(name);
    // where there is no folder there is no link that leads out of it
    let Ok(home) = fs::canonicalize(folder) else { return Ok(path) };
    for known in path.ancestors() {
        match fs::canonicalize(known) {
            Ok(real) if real.starts_with(&home) => return Ok(path),
            Ok(_) => break,
            // a link to what is not there: writing to it would make it, elsewhere
            Err(_) if fs::symlink_metadata(known).is_ok() => break,
            Err(_) => {}
        }
    }
    Err(outside())
}

fn outside() -> StepError {
    StepError::settings(msg!("files outside of the workflow's folder cannot be reached from here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        assert!(inside(&home, "a/b.csv").is_ok(), "before the folder is made");
        fs::create_dir_all(home.join("in")).expect("a folder");
        fs::write(folder.path().join("secret"), "x").expect("written");
        for name in ["a.csv", "in/a.csv", "./in/../a.csv", "in", "new/deep/a.csv"] {
            assert_eq!(inside(&home, name).is_ok(), !name.contains(".."), "{name}");
        }
        for name in ["/etc/passwd", "..", "../secret", "in/../../secret", "../home2/a"] {
            assert!(inside(&home, name).is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_refused() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        fs::create_dir_all(home.join("in")).expect("a folder");
        fs::write(folder.path().join("secret"), "x").expect("written");
        symlink(folder.path(), home.join("up")).expect("a link");
        symlink(folder.path().join("secret"), home.join("file")).expect("a link");
        symlink(folder.path().join("not there"), home.join("dangling")).expect("a link");
        symlink(home.join("in"), home.join("within")).expect("a link");
        for name in ["up/secret", "up", "file", "up/new.csv", "dangling"] {
            assert!(inside(&home, name).is_err(), "{name}");
        }
        assert!(inside(&home, "within/a.csv").is_ok());
    }
}
