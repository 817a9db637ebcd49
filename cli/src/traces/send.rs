use super::{Ended, protobuf};
use bus_core::{Message, msg};
use connectors::kit::http::{Http, HttpOptions, Method, Request};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// Spans sent together at most.
const TOGETHER: usize = 512;
/// How long the first of them waits for others.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the collector may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Bytes of its answer that are read.
const MOST_ANSWER: u64 = 64 << 10;

/// Sends spans to a collector.
pub(crate) struct Exporter {
    http: Http,
    request: Request,
    service: String,
    ended: mpsc::Receiver<Ended>,
    /// Whether the last try has failed: said once, not at each.
    troubled: bool,
}

impl Exporter {
    pub(super) fn new(endpoint: &str, service: &str, ended: mpsc::Receiver<Ended>) -> Result<Self, Message> {
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let wrong = || {
            msg!(
                "`{address}` in OTEL_EXPORTER_OTLP_ENDPOINT is no address: write it as http://localhost:4318",
                address = endpoint
            )
        };
        let url: url::Url = address.parse().map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        let mut request = Request::new(Method::Post, url);
        request.header("content-type", "application/x-protobuf").map_err(|_| wrong())?;
        request.timeout = ANSWER;
        request.most_bytes = MOST_ANSWER;
        // whoever runs the bus has named this host, wherever it is
        let http = Http::new(HttpOptions { allowed_hosts: vec![host], ..HttpOptions::default() });
        Ok(Self { http, request, service: service.to_owned(), ended, troubled: false })
    }

    /// Sends until stopped, and what waits then.
    pub(crate) async fn work(mut self, stop: CancellationToken) {
        let mut waiting = Vec::new();
        while !stop.is_cancelled() {
            tokio::select! {
                _ = self.ended.recv_many(&mut waiting, TOGETHER) => {}
                () = stop.cancelled() => break,
            }
            let until = tokio::time::Instant::now() + PATIENCE;
            while waiting.len() < TOGETHER {
                let room = TOGETHER - waiting.len();
                tokio::select! {
                    _ = self.ended.recv_many(&mut waiting, room) => {}
                    () = tokio::time::sleep_until(until) => break,
                    () = stop.cancelled() => break,
                }
            }
            self.send(&mut waiting).await;
        }
        while let Ok(ended) = self.ended.try_recv() {
            waiting.push(ended);
        }
        self.send(&mut waiting).await;
    }

    async fn send(&mut self, waiting: &mut Vec<Ended>) {
        if waiting.is_empty() {
            return;
        }
        let mut request = self.request.clone();
        request.body = Some(protobuf::request(&self.service, waiting));
        waiting.clear();
        let reason = match timeout(ANSWER, self.http.send(&request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => None,
            Ok(Ok(answer)) => Some(answer.status().to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("no answer".to_owned()),
        };
        if let Some(reason) = reason {
            if !self.troubled {
                tracing::warn!(reason, "traces cannot be sent: they are dropped until that works again");
            }
            self.troubled = true;
        } else {
            self.troubled = false;
        }
    }
}
