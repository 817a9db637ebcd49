//! What a worker says over HTTP: whether it lives, whether it reaches what it needs, what it has done. Nothing else:
//! no call of the API is answered here.

use crate::{
    engine,
    http::serve::{Manner, listen_on},
    metrics::Page,
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use bus_core::Language;
use std::{io, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workers::{Bus, Health};

/// Connections at a time: probes and a scraper.
const CONNECTIONS: usize = 64;
/// Time for the headers of a request.
const HEADER_TIME: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Worker {
    bus: Bus,
    stop: CancellationToken,
}

/// What a worker says: `/healthz`, `/readyz` and `/metrics`.
pub fn worker(bus: Bus, stop: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Worker { bus, stop })
}

/// Serves that until `stop`.
///
/// # Errors
/// None so far: what goes wrong with one connection ends that connection.
pub async fn serve_worker(listener: TcpListener, bus: Bus, stop: CancellationToken) -> io::Result<()> {
    let manner = Manner {
        connections: CONNECTIONS,
        header_time: HEADER_TIME,
        write_time: HEADER_TIME,
        stop_time: Duration::from_secs(1),
        stop: stop.clone(),
        app: None,
    };
    listen_on(listener, &worker(bus, stop), &manner).await;
    Ok(())
}

async fn ready(State(worker): State<Worker>) -> (StatusCode, String) {
    if worker.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    readiness(&worker.bus.health().await)
}

/// A line for each part that cannot be reached, for those who keep the bus running.
pub(crate) fn readiness(health: &Health) -> (StatusCode, String) {
    let lines = [("store", &health.store), ("broker", &health.broker)];
    let wrong = lines.iter().filter_map(|(part, trouble)| trouble.as_ref().map(|trouble| (part, trouble)));
    let text: String =
        wrong.map(|(part, trouble)| format!("{part}: {}\n", trouble.text(Language::En))).collect();
    match text.is_empty() {
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, text),
    }
}

async fn metrics(State(worker): State<Worker>) -> impl IntoResponse {
    let mut page = Page::default();
    engine::write(&mut page, &worker.bus).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::msg;

    #[test]
    fn what_cannot_be_reached_is_named() {
        assert_eq!(readiness(&Health::default()), (StatusCode::OK, "ok\n".to_owned()));
        let health = Health { broker: Some(msg!("the server is stopping")), store: None };
        let (status, text) = readiness(&health);
        assert_eq!(
            (status, text.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "broker: the server is stopping\n")
        );
    }
}
