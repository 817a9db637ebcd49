use super::{address::Peer, patient::Patient};
use crate::App;
use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Bytes of the headers of a request.
const HEADERS: usize = 64 << 10;
/// The pause after the listener could not accept (too many open files): a hammering loop would not help.
const BREATH: Duration = Duration::from_millis(100);

/// Time between two tidyings.
const TIDY: Duration = Duration::from_secs(3_600);

/// Serves until the app's stop is asked for, then lets the calls under way end for a while.
///
/// # Errors
/// None so far: what goes wrong with one connection ends that connection.
pub async fn serve(listener: TcpListener, app: App) -> io::Result<()> {
    let mut chores = JoinSet::new();
    chores.spawn(tidy(app.clone()));
    let manner = Manner {
        connections: app.settings().connections,
        header_time: app.settings().header_time,
        write_time: app.settings().write_time,
        stop_time: app.settings().stop_time,
        stop: app.stopping().clone(),
        app: Some(app.clone()),
    };
    listen_on(listener, &crate::app(app), &manner).await;
    Ok(())
}

/// How connections are treated.
#[derive(Clone)]
pub(crate) struct Manner {
    /// How many there may be at a time.
    pub(crate) connections: usize,
    /// Time for the headers of a request, and for a connection to stay without one.
    pub(crate) header_time: Duration,
    /// Longest pause of whoever reads an answer.
    pub(crate) write_time: Duration,
    /// Time for calls under way to end after the stop.
    pub(crate) stop_time: Duration,
    /// Ends it.
    pub(crate) stop: CancellationToken,
    /// Counts connections, where somebody does.
    pub(crate) app: Option<App>,
}

/// Accepts connections until the stop, then lets the calls under way end for a while.
pub(crate) async fn listen_on(listener: TcpListener, router: &Router, manner: &Manner) {
    let places = Arc::new(Semaphore::new(manner.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = manner.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(reason = %error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("too many connections: one was closed");
            continue;
        };
        let (router, manner, peer) = (router.clone(), manner.clone(), Peer(peer.ip().to_canonical()));
        connections.spawn(async move {
            let counted = manner.app.as_ref().map(|app| app.metrics().connected());
            connection(stream, peer, router, &manner).await;
            drop((place, counted));
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(manner.stop_time, ended).await.is_err() {
        tracing::warn!("some calls were still under way and were cut");
    }
}

/// Forgets now and then what has outlived its time: sessions, links, old entries of the audit.
async fn tidy(app: App) {
    loop {
        if let Err(problem) = app.tidy().await {
            tracing::warn!(kind = ?problem.kind, "what has outlived its time could not be forgotten");
        }
        tokio::time::sleep(TIDY).await;
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router, manner: &Manner) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(reason = %error, "a connection cannot send at once");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(manner.header_time).max_buf_size(HEADERS);
    let stream = TokioIo::new(Patient::new(stream, manner.write_time));
    let mut served = std::pin::pin!(builder.serve_connection(stream, service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = manner.stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(reason = %error, "a connection ended early");
    }
}
