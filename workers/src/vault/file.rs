use super::Keys;
use crate::BusError;
use bus_core::msg;
use connectors::kit::transport::io_reason;
use std::{
    fs,
    io::{self, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// The keys in this file; a file that is not there is made, with a new key, for its owner's eyes only.
pub(crate) fn keys_in(file: &Path) -> Result<Keys, BusError> {
    for _ in 0..2 {
        match fs::read_to_string(file) {
            Ok(text) => {
                warn_if_open(file);
                return Keys::read(&Zeroizing::new(text));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(file, &error)),
        }
        match make(file, &Keys::random()?) {
            // made by another process meanwhile: its key counts
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(file, &error)),
            _ => {}
        }
    }
    Err(refused(file, &io::ErrorKind::NotFound.into()))
}

/// Writes the whole file, and never over another. A new temporary file is for its owner's eyes only.
fn make(file: &Path, keys: &Keys) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut part = tempfile::Builder::new().prefix(".vault.").tempfile_in(folder)?;
    part.write_all(keys.text().as_bytes())?;
    part.as_file().sync_all()?;
    part.persist_noclobber(file).map_err(|error| error.error)?;
    fs::File::open(folder).and_then(|folder| folder.sync_all())
}

fn warn_if_open(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o077 != 0) {
            tracing::warn!(file = %file.display(), "others can read the key of the vault: chmod 600");
        }
    }
}

fn refused(file: &Path, error: &io::Error) -> BusError {
    BusError::Refused(msg!(
        "the key of the vault, {file}: {reason}",
        file = file.display().to_string(),
        reason = io_reason(error)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("data/vault.key");
        let made = keys_in(&file).expect("made");
        assert_eq!(*keys_in(&file).expect("read").text(), *made.text());
        assert_eq!(made.text().len(), 65);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        }
        let files = fs::read_dir(folder.path().join("data")).expect("listed").count();
        assert_eq!(files, 1, "nothing is left beside it");
        fs::write(&file, "not a key").expect("written");
        assert!(keys_in(&file).expect_err("no key").to_string().contains("64 hexadecimal digits"));
        assert_eq!(fs::read_to_string(&file).expect("read"), "not a key", "it is left as it is");
    }
}
