//! Mosquitto, an MQTT broker, with a port and a folder of its own, and a way to send it messages.

use crate::{
    Certificates, install,
    port::Port,
    process::{Process, end},
};
use rustix::process::Signal;
use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

/// Where Debian's package and others put the server.
const SERVER: &[&str] = &["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];

/// A broker that runs as long as this.
#[derive(Debug)]
pub struct Mosquitto {
    program: PathBuf,
    folder: TempDir,
    port: Port,
    secured: Option<Port>,
    running: Option<Process>,
}

impl Mosquitto {
    /// Starts a broker that lets anybody in, and installs it first if that is needed.
    ///
    /// # Errors
    /// If it is not there and cannot be installed, or does not start.
    pub fn start() -> io::Result<Self> {
        Self::with(None, None, false)
    }

    /// Starts a broker that writes down every change, and so survives [`Mosquitto::kill`]. That makes it slow: it reads
    /// acknowledgements long after they were sent.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn durable() -> io::Result<Self> {
        Self::with(None, None, true)
    }

    /// Starts a broker that lets one user in.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn with_user(user: &str, password: &str) -> io::Result<Self> {
        Self::with(Some((user, password)), None, false)
    }

    /// Starts a broker that listens with TLS, too.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn secured(certificates: &Certificates) -> io::Result<Self> {
        Self::with(None, Some(certificates), false)
    }

    fn with(
        user: Option<(&str, &str)>,
        certificates: Option<&Certificates>,
        durable: bool,
    ) -> io::Result<Self> {
        let program = install::package("mosquitto", SERVER)?;
        let folder = tempfile::Builder::new().prefix("mosquitto-").tempdir()?;
        let (port, at) = (Port::free()?, folder.path().display());
        // it gives up being root, and would lose its folder with that
        let mut lines = format!(
            "user root\npersistence true\npersistence_location {at}/\nautosave_interval 1\nautosave_on_changes {durable}\n\
             max_queued_messages 0\nlistener {} 127.0.0.1\n",
            port.number
        );
        match user {
            None => lines += "allow_anonymous true\n",
            Some((user, password)) => {
                let file = folder.path().join("passwords");
                fs::write(&file, format!("{user}:{password}\n"))?;
                // it wants them hashed
                Command::new("mosquitto_passwd").arg("-U").arg(&file).output()?;
                lines += &format!("allow_anonymous false\npassword_file {}\n", file.display());
            }
        }
        let secured = certificates.map(|_| Port::free()).transpose()?;
        if let (Some(secured), Some(certificates)) = (&secured, certificates) {
            lines += &format!("listener {} 127.0.0.1\n", secured.number);
            for (name, path) in [
                ("cafile", certificates.authority()),
                ("certfile", certificates.server()),
                ("keyfile", certificates.key()),
            ] {
                lines += &format!("{name} {}\n", path.display());
            }
        }
        fs::write(folder.path().join("mosquitto.conf"), lines)?;
        let mut server = Self { program, folder, port, secured, running: None };
        server.begin()?;
        Ok(server)
    }

    /// Its address.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port.number)
    }

    /// Its port with TLS, if it has one.
    #[must_use]
    pub fn secured_port(&self) -> Option<u16> {
        self.secured.as_ref().map(|port| port.number)
    }

    /// Starts it again after [`Mosquitto::stop`] or [`Mosquitto::kill`], with what it has kept.
    ///
    /// # Errors
    /// If it does not start.
    pub fn begin(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.folder.path().join("mosquitto.conf"));
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

    /// Connects as somebody who sends messages.
    ///
    /// # Errors
    /// If the broker does not let it in.
    pub fn sender(&self) -> io::Result<Sender> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port.number))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // MQTT 3.1.1, 3.1: a session that is clean, a name given by the broker, no keep alive
        let connect = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 0b10, 0, 0, 0, 0];
        stream.write_all(&connect)?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        match answer {
            [0x20, 2, _, 0] => Ok(Sender { stream, id: 0 }),
            _ => Err(crate::failed(format!("the broker says {answer:?}"))),
        }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub fn send(&self, topic: &str, payload: &[u8]) -> io::Result<()> {
        self.sender()?.send(topic, payload, false)
    }
}

/// Somebody who sends messages to a broker.
#[derive(Debug)]
pub struct Sender {
    stream: TcpStream,
    id: u16,
}

impl Sender {
    /// Sends a message (QoS 1), and waits until the broker has it; one that is `retained` is given to whoever
    /// subscribes later, too.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub fn send(&mut self, topic: &str, payload: &[u8], retained: bool) -> io::Result<()> {
        self.id = self.id.checked_add(1).unwrap_or(1);
        let topic_length = u16::try_from(topic.len()).map_err(io::Error::other)?;
        let mut rest = topic_length.to_be_bytes().to_vec();
        rest.extend_from_slice(topic.as_bytes());
        rest.extend_from_slice(&self.id.to_be_bytes());
        rest.extend_from_slice(payload);
        let mut packet = vec![0x32 | u8::from(retained)];
        let mut length = rest.len();
        loop {
            let digit = u8::try_from(length % 128).map_err(io::Error::other)?;
            length /= 128;
            packet.push(if length > 0 { digit | 0x80 } else { digit });
            if length == 0 {
                break;
            }
        }
        packet.append(&mut rest);
        self.stream.write_all(&packet)?;
        let mut answer = [0; 4];
        self.stream.read_exact(&mut answer)?;
        match answer {
            [0x40, 2, high, low] if [high, low] == self.id.to_be_bytes() => Ok(()),
            _ => Err(crate::failed(format!("the broker says {answer:?}"))),
        }
    }
}
