//! RabbitMQ, with a node, ports and a folder of its own.

use crate::{
    Certificates, There, failed, install, named,
    port::Port,
    process::{Process, end},
};
use rustix::process::Signal;
use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// Where Debian's package and others put the server.
const SERVER: &[&str] = &["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server"];

/// A broker: the one that `AMQP_URI` names, or one started for this.
///
/// # Errors
/// If none can be started.
pub fn amqp() -> io::Result<There<RabbitMq>> {
    if let Some(uri) = named("AMQP_URI") {
        return Ok(There { uri, server: None });
    }
    let server = RabbitMq::start()?;
    Ok(There { uri: server.uri(), server: Some(server) })
}

/// A broker that runs as long as this.
#[derive(Debug)]
pub struct RabbitMq {
    program: PathBuf,
    folder: TempDir,
    node: String,
    port: Port,
    distribution: Port,
    names: Port,
    /// With TLS.
    secured: Vec<Port>,
    running: Option<Process>,
    _names: Process,
}

impl RabbitMq {
    /// Starts a broker, and installs it first if that is needed.
    ///
    /// # Errors
    /// If it is not there and cannot be installed, or does not start.
    pub fn start() -> io::Result<Self> {
        let program = install::package("rabbitmq-server", SERVER)?;
        let folder = tempfile::Builder::new().prefix("rabbitmq-").tempdir()?;
        let (names, port, distribution) = (Port::free()?, Port::free()?, Port::free()?);
        let mut epmd = Command::new("epmd");
        epmd.args(["-port", &names.number.to_string(), "-address", "127.0.0.1"]);
        let mut names_server = Process::start(&mut epmd, &folder.path().join("epmd.log"))?;
        names_server.wait_for(names.number)?;
        let listener = format!("loopback_users = none\nlisteners.tcp.1 = 127.0.0.1:{}\n", port.number);
        let mut server = Self {
            program,
            node: format!("bus-{}@localhost", port.number),
            port,
            distribution,
            names,
            secured: Vec::new(),
            running: None,
            _names: names_server,
            folder,
        };
        std::fs::write(server.folder.path().join("rabbitmq.conf"), listener)?;
        std::fs::write(server.folder.path().join("plugins"), "[].\n")?;
        server.begin()?;
        Ok(server)
    }

    /// Starts a broker that listens with TLS, too, on both loopback addresses. Gives its ports with TLS: that of
    /// IPv4 and, on a machine that knows it, that of IPv6.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub fn secured(certificates: &Certificates) -> io::Result<(Self, u16, Option<u16>)> {
        let mut server = Self::start()?;
        server.stop();
        let four = server.another_port()?;
        // containers often know no IPv6
        let six = TcpListener::bind("[::1]:0").is_ok().then(|| server.another_port()).transpose()?;
        let file = server.folder.path().join("rabbitmq.conf");
        let mut lines = std::fs::read_to_string(&file)?;
        lines += &format!("listeners.ssl.1 = 127.0.0.1:{four}\n");
        lines += &six.map(|six| format!("listeners.ssl.2 = ::1:{six}\n")).unwrap_or_default();
        for (name, path) in [
            ("cacertfile", certificates.authority()),
            ("certfile", certificates.server()),
            ("keyfile", certificates.key()),
        ] {
            lines += &format!("ssl_options.{name} = {}\n", path.display());
        }
        lines += "ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n";
        std::fs::write(file, lines)?;
        server.begin()?;
        if let Some(process) = &mut server.running {
            process.wait_for(four)?;
        }
        Ok((server, four, six))
    }

    fn another_port(&mut self) -> io::Result<u16> {
        let port = Port::free()?;
        let number = port.number;
        self.secured.push(port);
        Ok(number)
    }

    /// Its address, as its first user.
    #[must_use]
    pub fn uri(&self) -> String {
        self.uri_as("guest", "guest", "%2f")
    }

    /// Its address for a user and a virtual host.
    #[must_use]
    pub fn uri_as(&self, user: &str, password: &str, host: &str) -> String {
        format!("amqp://{user}:{password}@127.0.0.1:{}/{host}", self.port.number)
    }

    fn command(&self, program: &Path) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(program);
        command
            .env("HOME", folder)
            .env("RABBITMQ_NODENAME", &self.node)
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("logs"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_DIST_PORT", self.distribution.number.to_string())
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("ERL_EPMD_PORT", self.names.number.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env_remove("RABBITMQ_NODE_PORT");
        command
    }

    /// Starts it again after [`RabbitMq::stop`] or [`RabbitMq::kill`], with what it has kept.
    ///
    /// # Errors
    /// If it does not start.
    pub fn begin(&mut self) -> io::Result<()> {
        let mut process = Process::start(&mut self.command(&self.program), &self.folder.path().join("log"))?;
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

    /// Runs its control program (`rabbitmqctl`) and gives what it says.
    ///
    /// # Errors
    /// If that says no.
    pub fn control(&self, arguments: &[&str]) -> io::Result<String> {
        let program = self.program.with_file_name("rabbitmqctl");
        let ran = self.command(&program).arg("--quiet").args(arguments).output()?;
        if ran.status.success() {
            return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        Err(failed(format!("rabbitmqctl {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr))))
    }
}
