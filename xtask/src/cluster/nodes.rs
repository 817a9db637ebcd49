//! The processes of a cluster: gateways and workers of the real program.

use super::process::{Process, until};
use anyhow::{Context, Result};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// What all nodes of a cluster are started with.
#[derive(Clone)]
pub(crate) struct Common {
    /// The program.
    pub(crate) program: PathBuf,
    /// Files of workflows, logs.
    pub(crate) folder: PathBuf,
    /// Where the broker is reached; with the store's, or not at all.
    pub(crate) amqp: String,
    pub(crate) mongodb: String,
    /// Other settings, as the environment says them.
    pub(crate) settings: Vec<(String, String)>,
}

impl Common {
    fn command(&self, name: &str, port: u16) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--lang", "en", name, "--log-level", "info", "--listen", &format!("127.0.0.1:{port}")])
            .env("SEMANTIC_BUS_DATA", self.folder.join("nodes"))
            .env("SEMANTIC_BUS_ALLOW_HOST", "*")
            .envs(self.settings.iter().cloned());
        if !self.amqp.is_empty() {
            command.env("SEMANTIC_BUS_AMQP", &self.amqp).env("SEMANTIC_BUS_MONGODB", &self.mongodb);
        }
        command
    }

    fn process(&self, name: &str, port: u16, own: &[(&str, String)]) -> Process {
        let kind = if name.starts_with("worker") { "worker" } else { "serve" };
        let own: Vec<(String, String)> =
            own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let common = self.clone();
        Process::new(name, self.folder.join(format!("{name}.log")), move || {
            let mut command = common.command(kind, port);
            command.envs(own.iter().cloned());
            command
        })
    }

    /// A server.
    pub(crate) fn gateway(&self, name: &str, port: u16) -> Node {
        Node { process: self.process(name, port, &[]), port }
    }

    /// A worker; what it spills goes to a folder of its own.
    pub(crate) fn worker(&self, name: &str, port: u16, slots: usize) -> Result<Node> {
        let scratch = self.folder.join(format!("{name}-scratch"));
        fs::create_dir_all(&scratch)?;
        let own = [("SEMANTIC_BUS_SLOTS", slots.to_string()), ("TMPDIR", scratch.display().to_string())];
        Ok(Node { process: self.process(name, port, &own), port })
    }
}

/// A node of a cluster.
pub(crate) struct Node {
    pub(crate) process: Process,
    pub(crate) port: u16,
}

impl Node {
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until it says that it is ready.
    pub(crate) fn ready(&self, most: Duration) -> Result<()> {
        let what = format!("{} is ready (see {})", self.process.name, self.process.log().display());
        until(&what, most, || {
            asked(self.port, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        })
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let page = asked(self.port, "/metrics")?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.with_context(|| format!("{name} is not in {page}"))
    }
}

/// One answer of a node, as it comes.
pub(crate) fn asked(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The link with which the first account is made, as a server has said it.
pub(crate) fn first_link(log: &Path) -> Option<String> {
    let text = fs::read_to_string(log).ok()?;
    text.lines()
        .filter(|line| line.contains("http"))
        .find_map(|line| line.rsplit_once('#').map(|(_, token)| token.trim().to_owned()))
}
