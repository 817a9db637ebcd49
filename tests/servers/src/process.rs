//! A server's process, with all that it starts: one group, ended as one.

use crate::failed;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs::File,
    io,
    net::TcpStream,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: std::path::PathBuf,
}

/// Ends a server's process, if it runs.
pub(crate) fn end(running: &mut Option<Process>, signal: Signal) {
    if let Some(mut process) = running.take() {
        process.end(signal);
    }
}

impl Process {
    /// Starts a program in a group of its own; what it says goes to a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", command.get_program().to_string_lossy())))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Waits until the port answers.
    pub(crate) fn wait_for(&mut self, port: u16) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(failed(format!("it ended at once ({status}): {}", self.said())));
            }
            pause();
        }
        Err(failed(format!("it does not answer: {}", self.said())))
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // one that has ended needs no signal
            let _sent = kill_process_group(group, signal);
        }
    }

    /// Ends it and waits until it has.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.signal(signal);
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            pause();
        }
        self.signal(Signal::KILL);
        let _ended = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(Signal::KILL);
    }
}

#[expect(clippy::disallowed_methods, reason = "a server is waited for outside of any runtime")]
fn pause() {
    std::thread::sleep(LOOK);
}
