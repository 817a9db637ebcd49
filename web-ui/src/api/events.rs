use bus_core::api::{Progress, ROOT};
use futures::StreamExt as _;
use gloo_net::eventsource::{State, futures::EventSource};
use gloo_timers::future::TimeoutFuture;

/// Watches a run until it has ended or `tell` says to stop (`false`).
///
/// The browser connects again by itself after a break and says what it saw last; where it gives up, a new
/// connection begins with how the run stands then, so that nothing is missed.
pub(crate) async fn watch(run: &str, mut tell: impl FnMut(Progress) -> bool) {
    let address = format!("{ROOT}/runs/{}/events", super::part(run));
    loop {
        let Ok(mut source) = EventSource::new(&address) else { return };
        let Ok(mut events) = source.subscribe("progress") else { return };
        while let Some(event) = events.next().await {
            let Ok((_, message)) = event else {
                if source.state() == State::Closed {
                    break;
                }
                continue;
            };
            let text = message.data().as_string().unwrap_or_default();
            let Ok(progress) = serde_json::from_str::<Progress>(&text) else { continue };
            let ended = progress.status.has_ended();
            if !tell(progress) || ended {
                source.close();
                return;
            }
        }
        TimeoutFuture::new(2_000).await;
    }
}
