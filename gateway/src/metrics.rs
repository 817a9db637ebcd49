//! What the server has done, as Prometheus reads it.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Counters of this process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the hundreds of their status, from 1xx.
    answers: [AtomicU64; 5],
    microseconds: AtomicU64,
    /// Those that are open hold it, too.
    connections: Arc<()>,
}

/// A connection that is open until this is dropped.
pub(crate) struct Connected(#[expect(dead_code, reason = "it is counted by being there")] Arc<()>);

impl Metrics {
    /// Counts a connection.
    pub(crate) fn connected(&self) -> Connected {
        Connected(Arc::clone(&self.connections))
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, status: u16, time: std::time::Duration) {
        let place = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.answers.get(place) {
            counter.fetch_add(1, Relaxed);
        }
        self.microseconds.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Writes the counters.
    pub(crate) fn write(&self, page: &mut Page) {
        let answers: Vec<(String, f64)> = self
            .answers
            .iter()
            .zip(1..)
            .map(|(counter, hundreds)| (format!("{{status=\"{hundreds}xx\"}}"), float(counter.load(Relaxed))))
            .collect();
        page.family("semantic_bus_requests_total", "counter", "Answered requests by status.", &answers);
        let seconds = float(self.microseconds.load(Relaxed)) / 1e6;
        page.one("semantic_bus_request_seconds_total", "counter", "Time spent on requests.", seconds);
        let open = float(Arc::strong_count(&self.connections) as u64 - 1);
        page.one("semantic_bus_connections", "gauge", "Open connections.", open);
    }
}

/// A page of metrics (the text format of Prometheus, version 0.0.4).
#[derive(Debug, Default)]
pub(crate) struct Page(pub(crate) String);

impl Page {
    /// A metric without labels.
    pub(crate) fn one(&mut self, name: &str, kind: &str, about: &str, value: f64) {
        self.family(name, kind, about, &[(String::new(), value)]);
    }

    /// How often something took at most so long, and how long all together.
    pub(crate) fn histogram(&mut self, name: &str, about: &str, values: &workers::Histogram) {
        let classes = values.classes.iter().map(|(most, count)| (format!("{{le=\"{most}\"}}"), *count));
        let all = [("{le=\"+Inf\"}".to_owned(), values.count)];
        let out = &mut self.0;
        writeln!(out, "# HELP {name} {about}\n# TYPE {name} histogram").unwrap_or_default();
        for (labels, count) in classes.chain(all) {
            writeln!(out, "{name}_bucket{labels} {count}").unwrap_or_default();
        }
        writeln!(out, "{name}_sum {}\n{name}_count {}", values.seconds, values.count).unwrap_or_default();
    }

    /// A metric with its labels, written as `{name="value"}`.
    pub(crate) fn family(&mut self, name: &str, kind: &str, about: &str, values: &[(String, f64)]) {
        writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}").unwrap_or_default();
        for (labels, value) in values {
            writeln!(self.0, "{name}{labels} {value}").unwrap_or_default();
        }
    }
}

/// A count as Prometheus has it.
#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are read as approximate")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_as_prometheus_reads_it() {
        let mut page = Page::default();
        let values = workers::Histogram { classes: vec![(0.01, 2), (1.0, 3)], count: 4, seconds: 61.5 };
        page.histogram("took", "How long.", &values);
        let expected = "# HELP took How long.\n# TYPE took histogram\ntook_bucket{le=\"0.01\"} 2\n\
                        took_bucket{le=\"1\"} 3\ntook_bucket{le=\"+Inf\"} 4\ntook_sum 61.5\ntook_count 4\n";
        assert_eq!(page.0, expected);
    }

    #[test]
    fn a_page_as_prometheus_reads_it() {
        let metrics = Metrics::default();
        metrics.answered(200, std::time::Duration::from_millis(2));
        metrics.answered(404, std::time::Duration::from_millis(1));
        let mut page = Page::default();
        metrics.write(&mut page);
        assert!(page.0.contains("\nsemantic_bus_requests_total{status=\"2xx\"} 1\n"), "{}", page.0);
        assert!(page.0.contains("\nsemantic_bus_request_seconds_total 0.003\n"), "{}", page.0);
        let open = metrics.connected();
        for (count, end) in [(1, Some(open)), (0, None)] {
            let mut page = Page::default();
            metrics.write(&mut page);
            assert!(page.0.ends_with(&format!("\nsemantic_bus_connections {count}\n")), "{}", page.0);
            drop(end);
        }
    }
}
