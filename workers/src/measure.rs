use rustix::time::{ClockId, clock_gettime};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

/// CPU time a step has used, in nanoseconds.
pub(crate) type CpuTime = Arc<AtomicU64>;

/// A future that notes the CPU time of each of its polls.
pub(crate) struct Measured<F> {
    inner: Pin<Box<F>>,
    cpu: CpuTime,
}

impl<F> Measured<F> {
    pub(crate) fn new(inner: F, cpu: CpuTime) -> Self {
        Self { inner: Box::pin(inner), cpu }
    }
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let before = nanoseconds(ClockId::ThreadCPUTime);
        let polled = self.inner.as_mut().poll(context);
        let used = nanoseconds(ClockId::ThreadCPUTime).saturating_sub(before);
        self.cpu.fetch_add(used, Relaxed);
        polled
    }
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// Seconds of CPU the whole process has used so far.
#[must_use]
pub fn cpu_seconds() -> f64 {
    seconds(nanoseconds(ClockId::ProcessCPUTime))
}

/// Nanoseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "nobody needs nanoseconds of a year")]
pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The most memory the process has held so far, in bytes, where the system tells.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The name of this machine, as it calls itself in its network.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
