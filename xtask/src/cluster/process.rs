//! A process that is started, killed, frozen and started again; it goes with its owner.

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{SigSet, Signal, killpg},
    unistd::Pid,
};
use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A process and how it is started.
pub(crate) struct Process {
    pub(crate) name: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    log: PathBuf,
    child: Option<Child>,
}

/// A chore waits for processes, and asks now and then.
#[expect(clippy::disallowed_methods, reason = "nothing else runs on the thread of a chore")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// Asks until it holds, for a while at most.
pub(crate) fn until(what: &str, most: Duration, mut holds: impl FnMut() -> bool) -> Result<()> {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > most {
            bail!("{what}: not within {} s", most.as_secs());
        }
        pause(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits for Ctrl-C or a request to end. Call [`hold_signals`] first.
pub(crate) fn wait_for_the_end() -> Result<()> {
    endings().wait()?;
    Ok(())
}

/// From here on Ctrl-C ends nothing by itself, so that what was started can be stopped in order.
pub(crate) fn hold_signals() -> Result<()> {
    endings().thread_block()?;
    Ok(())
}

fn endings() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    set.add(Signal::SIGTERM);
    set
}

impl Process {
    /// A process, not started yet; what it says goes to a file.
    pub(crate) fn new(
        name: impl Into<String>,
        log: PathBuf,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), command: Box::new(command), log, child: None }
    }

    /// Starts it, unless it runs.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.start_with(&[])
    }

    /// Starts it with other things in its environment this once.
    pub(crate) fn start_with(&mut self, environment: &[(&str, String)]) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = (self.command)();
        // a group of its own: Ctrl-C is for the chore, and what the process starts ends with it
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
        self.child = Some(command.spawn().with_context(|| self.name.clone())?);
        Ok(())
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    fn signal(&self, signal: Signal) {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            // it may have ended by itself
            let _sent = killpg(Pid::from_raw(pid), signal);
        }
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        if let Some(mut child) = self.child.take() {
            drop(child.wait());
        }
    }

    /// Asks it to end, and kills it if it does not.
    pub(crate) fn stop(&mut self, most: Duration) -> bool {
        self.signal(Signal::SIGTERM);
        let ended = until(&self.name.clone(), most, || !self.is_running()).is_ok();
        self.kill();
        ended
    }

    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// MiB of memory it holds now.
    pub(crate) fn memory(&self) -> Result<f64> {
        let pid = self.pid().context("not running")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("memory")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }

    pub(crate) fn log(&self) -> &PathBuf {
        &self.log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.thaw();
        self.kill();
    }
}
