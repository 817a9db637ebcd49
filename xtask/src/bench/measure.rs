//! Measures whole processes: CPU seconds, wall seconds and peak memory of each run.

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use std::{
    env,
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// What one run of a command cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// User and system CPU time, seconds, of the process and its children.
    pub(crate) cpu: f64,
    /// Wall time, seconds.
    pub(crate) wall: f64,
    /// Peak memory of the largest process, MiB.
    pub(crate) memory: f64,
}

/// Runs a command in a process of its own and says what it cost.
///
/// The kernel counts the children of a process together, so a fresh `xtask measure` stands between: it has
/// one child only.
pub(crate) fn run(shell: &str, folder: &Path) -> Result<Cost> {
    let report = folder.join("cost.json");
    let status = Command::new(env::current_exe()?)
        .args(["measure", "--report"])
        .arg(&report)
        .arg(shell)
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()?;
    if !status.success() {
        bail!("{shell}: {status}; see {}", folder.join("output.txt").display());
    }
    Ok(serde_json::from_str(&fs::read_to_string(report)?)?)
}

/// The process between: runs the command, writes its cost to `report`.
pub(crate) fn measure(shell: &str, report: &Path) -> Result<()> {
    let output = File::create("output.txt").context("output.txt")?;
    let start = Instant::now();
    let mut child = Command::new("sh");
    child.args(["-c", &format!("exec {shell}")]).stdout(output.try_clone()?).stderr(output);
    let status = child.status()?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        bail!("{shell}: {status}");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        #[expect(clippy::cast_precision_loss, reason = "a few hours at most")]
        let micros = time.tv_usec() as f64 / 1e6 + time.tv_sec() as f64;
        micros
    };
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of memory")]
    let memory = usage.max_rss() as f64 / 1024.0;
    let cost = Cost { cpu: seconds(usage.user_time()) + seconds(usage.system_time()), wall, memory };
    fs::write(report, serde_json::to_string(&cost)?)?;
    Ok(())
}

/// The median by CPU time.
pub(crate) fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
    costs.get(costs.len() / 2).copied()
}
