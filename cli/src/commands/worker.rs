//! A worker: takes tasks from the others' broker, does them, comes and goes.

use crate::{
    exit::{Exit, Failure},
    logs,
    node::{Node, NodeOptions, Place, WorkerArguments, listen, usual_slots},
    settings,
    signals::interrupted,
    traces::{self, Exporter},
};
use bus_core::msg;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Works until the system or the person wants it to end.
pub(crate) fn run(asked: WorkerArguments) -> Result<Exit, Failure> {
    let listen = asked.listen.or_else(|| settings::of("LISTEN"));
    let node = asked.node.read()?;
    if node.place == Place::Alone {
        let missing = msg!("a worker needs `--amqp` and `--mongodb`: where it meets the others");
        return Err(Failure::usage(missing));
    }
    let traces = settings::traces().map(|(endpoint, service)| traces::begin(&endpoint, &service));
    let (spans, exporter) = traces.transpose().map_err(Failure::usage)?.unzip();
    logs::begin(node.json_log, &node.level, spans);
    let runtime = workers::runtime(node.threads).map_err(|error| Failure::file("-", &error))?;
    let ended = runtime.block_on(work(&node, listen.as_deref(), exporter));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended.map(|()| Exit::Done)
}

async fn work(asked: &NodeOptions, address: Option<&str>, exporter: Option<Exporter>) -> Result<(), Failure> {
    let ended = interrupted();
    let listener = match address {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let slots = asked.slots.unwrap_or_else(usual_slots);
    let node = Node::begin(asked, slots).await?;
    tracing::info!(slots, labels = asked.labels.join(","), "the worker takes tasks");
    let (mut sending, sent) = (JoinSet::new(), CancellationToken::new());
    if let Some(exporter) = exporter {
        sending.spawn(exporter.work(sent.clone()));
    }
    let stop = CancellationToken::new();
    let mut serving = JoinSet::new();
    if let Some(listener) = listener {
        serving.spawn(serve(listener, node.bus.clone(), stop.clone()));
    }
    ended.await;
    tracing::info!("stopping: tasks under way may end, or are handed back");
    stop.cancel();
    node.end().await;
    while serving.join_next().await.is_some() {}
    sent.cancel();
    while sending.join_next().await.is_some() {}
    tracing::info!("stopped");
    Ok(())
}

async fn serve(listener: TcpListener, bus: workers::Bus, stop: CancellationToken) {
    if let Err(error) = gateway::serve_worker(listener, bus, stop).await {
        tracing::warn!(%error, "the worker does not say any more how it is");
    }
}
