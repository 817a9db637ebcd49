//! An authority of our own, and a certificate by it for the loopback address, made by `openssl`.

use crate::{failed, install};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The certificate of a server with its key, and that of the authority behind it.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes an authority that nobody knows, and a certificate for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// If `openssl` is not there and cannot be installed, or says no.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("certificates-").tempdir()?;
        let names = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n";
        fs::write(folder.path().join("names"), names)?;
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout";
        openssl(
            folder.path(),
            &format!("req -x509 {key} ca.key -out ca.pem -days 2 -subj /CN=our-authority"),
        )?;
        openssl(folder.path(), &format!("req {key} server.key -out server.csr -subj /CN=localhost"))?;
        let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2";
        openssl(folder.path(), &format!("{sign} -extfile names -out server.pem"))?;
        Ok(Self { folder })
    }

    /// The certificate of the authority (PEM).
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The certificate of the server (PEM).
    #[must_use]
    pub fn server(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The key of the server (PEM).
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

fn openssl(folder: &Path, arguments: &str) -> io::Result<()> {
    let mut command = Command::new(install::package("openssl", &["/usr/bin/openssl"])?);
    let ran = command.current_dir(folder).args(arguments.split(' ')).stdin(Stdio::null()).output()?;
    if ran.status.success() {
        return Ok(());
    }
    Err(failed(format!("openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr))))
}
