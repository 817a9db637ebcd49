//! What a node of the bus does, as Prometheus reads it: the same on a gateway and on a worker.

use crate::metrics::{Page, float};
use bus_core::Message;
use workers::{Bus, Done};

/// Dead letters are counted up to here.
const MOST_LETTERS: usize = 1_000;

/// Writes what a node does and what it sees of the queues. What cannot be reached is left out, and said to be down.
pub(crate) async fn write(page: &mut Page, bus: &Bus) {
    let health = bus.health().await;
    let up = |trouble: &Option<Message>| if trouble.is_none() { 1.0 } else { 0.0 };
    let parts = [
        ("{part=\"store\"}".to_owned(), up(&health.store)),
        ("{part=\"broker\"}".to_owned(), up(&health.broker)),
    ];
    page.family("semantic_bus_up", "gauge", "Whether the store and the broker can be reached.", &parts);
    done(page, &bus.done());
    page.one("semantic_bus_slots", "gauge", "Tasks done at a time.", float(bus.slots() as u64));
    page.one("semantic_bus_cpu_seconds_total", "counter", "CPU time of the process.", workers::cpu_seconds());
    if health.is_well() {
        queues(page, bus).await;
    }
}

fn done(page: &mut Page, done: &Done) {
    let tasks = done.tasks.map(|(outcome, count)| (format!("{{outcome=\"{outcome}\"}}"), float(count)));
    page.family("semantic_bus_tasks_total", "counter", "Tasks by how they ended.", &tasks);
    page.histogram("semantic_bus_task_seconds", "How long tasks took.", &done.took);
    page.histogram("semantic_bus_task_wait_seconds", "How long tasks waited to be taken.", &done.waited);
    page.one("semantic_bus_slots_busy", "gauge", "Tasks under way.", float(done.busy));
    let about = "Saves of runs; what happens to a run at the same time is saved together.";
    page.one("semantic_bus_run_saves_total", "counter", about, float(done.saves));
    let about = "Messages that arrived and have reached a run.";
    page.one("semantic_bus_live_messages_total", "counter", about, float(done.messages));
    page.one("semantic_bus_listeners", "gauge", "Workflows that are listened for.", float(done.listeners));
    page.one(
        "semantic_bus_redelivered_total",
        "counter",
        "Messages that were delivered more than once.",
        float(done.redelivered),
    );
    page.one(
        "semantic_bus_spilled_bytes_total",
        "counter",
        "Bytes that did not fit in memory and went to disk.",
        float(done.spilled),
    );
}

async fn queues(page: &mut Page, bus: &Bus) {
    match bus.queued().await {
        Ok((tasks, oldest)) => {
            page.one("semantic_bus_queue_tasks", "gauge", "Tasks that wait.", float(tasks));
            let about = "Time the oldest of them has waited.";
            page.one("semantic_bus_queue_age_seconds", "gauge", about, oldest);
        }
        Err(error) => tracing::warn!(%error, "the queues cannot be counted"),
    }
    match bus.dead_letters(MOST_LETTERS).await {
        Ok(letters) => {
            let about = "Tasks that were given up, 1000 at most.";
            page.one("semantic_bus_dead_letters", "gauge", about, float(letters.len() as u64));
        }
        Err(error) => tracing::warn!(%error, "the dead letters cannot be counted"),
    }
    match bus.staff().await {
        Ok(nodes) => {
            page.one("semantic_bus_nodes", "gauge", "Nodes that are there.", float(nodes.len() as u64));
        }
        Err(error) => tracing::warn!(%error, "the nodes cannot be counted"),
    }
}
