//! The workflows that numbered records go through, and what must come of them.

use super::sink::Sink;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Records of a run.
pub(super) const RECORDS: i64 = 60;
/// Records of a run that spills.
const MANY: i64 = 9_000;
/// Runs number their records from a multiple of this on.
pub(super) const APART: i64 = 100_000;
/// Where the publication is.
const SLUG: &str = "faults";

/// The workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Map, then a server that knows repeated calls.
    Chain,
    /// Split, join, aggregate, two files.
    Diamond,
    /// A publication.
    Publication,
    /// More than fits in memory, in order.
    Spill,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Chain, Self::Diamond, Self::Publication, Self::Spill];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Diamond => "diamond",
            Self::Publication => "publication",
            Self::Spill => "spill",
        }
    }

    /// The document.
    pub(super) fn document(self, sink: u16) -> Value {
        let file = |id: &str| json!({ "id": id, "connector": "file-out", "settings": { "path": format!("{id}-${{n}}.ndjson") } });
        let (steps, links) = match self {
            Self::Chain => (
                json!([
                    numbers(RECORDS, Some(120)),
                    { "id": "twice", "connector": "map", "settings": {
                        "fields": [{ "name": "twice", "value": { "expression": "number * 2" } }] } },
                    { "id": "send", "connector": "http-out", "settings": {
                        "url": format!("http://127.0.0.1:{sink}/records"), "records": 20 } },
                ]),
                json!(["in -> twice -> send"]),
            ),
            Self::Diamond => (
                json!([
                    numbers(RECORDS, Some(200)),
                    { "id": "even", "connector": "filter", "settings": { "expression": "number % 2 == 0" } },
                    { "id": "both", "connector": "join", "settings": {
                        "on": [{ "left": "number" }], "kind": "inner" } },
                    { "id": "sum", "connector": "aggregate", "settings": { "compute": [
                        { "function": "count", "name": "count" },
                        { "function": "sum", "field": "number", "name": "sum" } ] } },
                    file("even-out"), file("odd-out"), file("both-out"), file("sum-out"),
                ]),
                json!([
                    "in -> even -> even-out",
                    "even.else -> odd-out",
                    "in -> both.left",
                    "even -> both.right",
                    "both -> both-out",
                    "both -> sum -> sum-out",
                ]),
            ),
            Self::Publication => (
                json!([
                    numbers(RECORDS, Some(300)),
                    { "id": "show", "connector": "publish", "settings": { "slug": SLUG } },
                ]),
                json!(["in -> show"]),
            ),
            Self::Spill => (
                json!([
                    numbers(MANY, None),
                    { "id": "long", "connector": "map", "settings": { "fields": [
                        { "name": "text", "value": { "template": format!("{}{{number}}", "x".repeat(300)) } }] } },
                    { "id": "down", "connector": "sort", "settings": {
                        "by": [{ "field": "number", "direction": "descending" }] } },
                    { "id": "short", "connector": "map", "settings": { "drop": ["text"] } },
                    file("down-out"),
                ]),
                json!(["in -> long -> down -> short -> down-out"]),
            ),
        };
        json!({
            "version": 1, "name": self.name(), "steps": steps, "links": links,
            "parameters": { "n": { "type": "integer" } },
        })
    }

    /// What is wrong with the outputs of a run that succeeded.
    pub(super) fn wrong(self, n: i64, files: &Path, sink: &Sink) -> Option<String> {
        match self {
            Self::Chain => {
                let odd: Vec<(i64, usize)> = (n..n + RECORDS)
                    .map(|number| (number, sink.times(number)))
                    .filter(|(_, times)| *times != 1)
                    .collect();
                sink.forget(n, n + RECORDS);
                (!odd.is_empty())
                    .then(|| format!("the sink has these numbers not once (number, times): {odd:?}"))
            }
            Self::Diamond => {
                let even = || (n..n + RECORDS).filter(|number| number % 2 == 0);
                let (count, sum) = (even().count(), even().sum::<i64>());
                same(files, &format!("even-out-{n}"), even())
                    .or_else(|| {
                        same(
                            files,
                            &format!("odd-out-{n}"),
                            (n..n + RECORDS).filter(|number| number % 2 != 0),
                        )
                    })
                    .or_else(|| same(files, &format!("both-out-{n}"), even()))
                    .or_else(|| {
                        let text = read(files, &format!("sum-out-{n}"));
                        let found: Value = serde_json::from_str(&text).unwrap_or_default();
                        let right = found["count"] == json!(count) && found["sum"] == json!(sum);
                        (!right).then(|| format!("sum-out-{n}: {text} instead of {count}, {sum}"))
                    })
            }
            // looked at when all is quiet
            Self::Publication => None,
            Self::Spill => {
                let text = read(files, &format!("down-out-{n}"));
                let numbers = numbers_of(&text);
                let right = numbers.iter().copied().eq((n..n + MANY).rev());
                (!right).then(|| format!("down-out-{n}: {} records, not {MANY} downwards", numbers.len()))
            }
        }
    }
}

fn numbers(records: i64, per_second: Option<u32>) -> Value {
    let mut settings = json!({ "records": records, "fields": [
        { "name": "number", "values": { "sequence": { "start": "${n}" } } } ] });
    if let Some(pace) = per_second {
        settings["per_second"] = json!(pace);
    }
    json!({ "id": "in", "connector": "generator", "settings": settings })
}

/// The runs of which what is published can be: all of one of them, and nothing else.
pub(super) fn published(body: &[u8], known: &BTreeSet<i64>) -> Result<i64, String> {
    let records: Vec<Value> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let found: BTreeSet<i64> = records.iter().filter_map(|record| record.get("number")?.as_i64()).collect();
    let first = found.first().copied().unwrap_or_default();
    let whole = records.len() == found.len() && found.iter().copied().eq(first..first + RECORDS);
    if whole && known.contains(&first) {
        Ok(first)
    } else {
        Err(format!("{} records from {first} on", records.len()))
    }
}

fn read(files: &Path, name: &str) -> String {
    fs::read_to_string(files.join(format!("{name}.ndjson"))).unwrap_or_default()
}

fn numbers_of(text: &str) -> Vec<i64> {
    let number = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("number")?.as_i64();
    text.lines().filter_map(number).collect()
}

/// What is wrong with a file that should hold these numbers, each once, in any order.
fn same(files: &Path, name: &str, expected: impl Iterator<Item = i64>) -> Option<String> {
    let text = read(files, name);
    let mut found = numbers_of(&text);
    found.sort_unstable();
    let expected: Vec<i64> = expected.collect();
    let lines = text.lines().count();
    (found != expected || lines != expected.len())
        .then(|| format!("{name}: {lines} records instead of {}", expected.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oracle_that_sees_what_is_missing_doubled_and_mixed() {
        let folder = std::env::temp_dir().join(format!("oracle-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let put = |numbers: &[i64]| {
            let lines: String = numbers.iter().map(|number| format!("{{\"number\":{number}}}\n")).collect();
            fs::write(folder.join("x.ndjson"), lines).expect("written");
        };
        put(&[2, 0, 1]);
        assert_eq!(same(&folder, "x", 0..3), None);
        put(&[0, 1]);
        assert!(same(&folder, "x", 0..3).is_some(), "missing");
        put(&[0, 1, 2, 2]);
        assert!(same(&folder, "x", 0..3).is_some(), "doubled");
        assert!(same(&folder, "not-there", 0..3).is_some());
        drop(fs::remove_dir_all(&folder));

        let body = |from: i64, until: i64| {
            let records: Vec<Value> = (from..until).map(|number| json!({ "number": number })).collect();
            serde_json::to_vec(&records).expect("written")
        };
        let known = BTreeSet::from([0, APART]);
        assert_eq!(published(&body(APART, APART + RECORDS), &known), Ok(APART));
        assert!(published(&body(1, RECORDS + 1), &known).is_err(), "of no run");
        assert!(published(&body(0, RECORDS - 1), &known).is_err(), "not whole");
    }
}
