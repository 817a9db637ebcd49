//! A server that speaks MongoDB: SecantusDB, whose package is where the tests run. It proves the commands, not
//! MongoDB's own behaviour: for that, `MONGODB_URI` names a real one.

use crate::{
    There, install, named,
    port::Port,
    process::{Process, end},
};
use rustix::process::Signal;
use std::{io, path::PathBuf, process::Command};
use tempfile::TempDir;

/// The package and its version.
const PACKAGE: (&str, &str) = ("secantusdb", "0.7.0b3");
const PROGRAM: &str = "secantusd-py";

/// A server: the one that `MONGODB_URI` names, or one started for this.
///
/// # Errors
/// If none can be started.
pub fn mongodb() -> io::Result<There<MongoServer>> {
    if let Some(uri) = named("MONGODB_URI") {
        return Ok(There { uri, server: None });
    }
    let server = MongoServer::start()?;
    Ok(There { uri: server.uri(), server: Some(server) })
}

/// A server that runs as long as this.
#[derive(Debug)]
pub struct MongoServer {
    program: PathBuf,
    folder: TempDir,
    port: Port,
    arguments: Vec<String>,
    running: Option<Process>,
}

impl MongoServer {
    /// Starts a server, and installs it first if that is needed.
    ///
    /// # Errors
    /// If it cannot be installed, or does not start.
    pub fn start() -> io::Result<Self> {
        let program = install::python(PACKAGE.0, PACKAGE.1, PROGRAM)?;
        let folder = tempfile::Builder::new().prefix("mongo-").tempdir()?;
        let mut server = Self { program, folder, port: Port::free()?, arguments: Vec::new(), running: None };
        server.begin()?;
        Ok(server)
    }

    /// Its address.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port.number)
    }

    /// What else is said to its program, from its next start on.
    pub fn arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
    }

    /// Starts it again after [`MongoServer::stop`] or [`MongoServer::kill`], with what it has kept.
    ///
    /// # Errors
    /// If it does not start.
    pub fn begin(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["--host", "127.0.0.1", "--port", &self.port.number.to_string(), "--storage-path"]);
        command.arg(self.folder.path().join("data")).args(&self.arguments);
        let mut process = Process::start(&mut command, &self.folder.path().join("log"))?;
        process.wait_for(self.port.number)?;
        self.running = Some(process);
        Ok(())
    }

    /// Stops it in good order.
    pub fn stop(&mut self) {
        end(&mut self.running, Signal::TERM);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        end(&mut self.running, Signal::KILL);
    }

    /// Lets it answer nothing for a while (`true`), or again (`false`).
    pub fn hold(&self, held: bool) {
        if let Some(process) = &self.running {
            process.signal(if held { Signal::STOP } else { Signal::CONT });
        }
    }
}
