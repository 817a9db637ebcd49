//! When the person, or the system, wants the program to end.

use std::future::Future;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ends when the program is to end. It listens from this call on, not only when it is first waited for: whoever is told
/// that the program is ready may end it at once.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let [mut asked, mut terminated] =
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
    async move {
        tokio::select! {
            () = next(&mut asked) => {}
            () = next(&mut terminated) => {}
        }
    }
}

/// The next of these signals; one that cannot be heard never comes.
#[cfg(unix)]
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Ends when the program is to end.
#[cfg(not(unix))]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    async { drop(tokio::signal::ctrl_c().await) }
}
