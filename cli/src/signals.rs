//! When the person, or the system, wants the program to end.

use tokio::signal;

/// Ends when the program is to end.
pub(crate) async fn interrupted() {
    let asked = signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = signal::unix::signal(signal::unix::SignalKind::terminate()) else {
            drop(asked.await);
            return;
        };
        tokio::select! {
            _ = asked => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(asked.await);
}
