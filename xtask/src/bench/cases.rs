//! What is measured.

use super::peers::Peers;
use anyhow::Result;
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

/// One case: our command, its peers, and how their outputs are compared.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Our command, in the data folder.
    pub(crate) ours: String,
    /// The input, to say MB/s.
    pub(crate) input: &'static str,
    /// The rate asked for.
    pub(crate) rate_asked: &'static str,
    /// What ours writes.
    pub(crate) output: &'static str,
    pub(crate) peers: Vec<Peer>,
}

/// A program that does the same.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) command: String,
    /// What it writes.
    pub(crate) output: &'static str,
    /// The highest ratio (ours / theirs) that is good enough.
    pub(crate) asked: &'static str,
    /// How the outputs compare.
    pub(crate) same: Same,
}

/// How far two outputs are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// The same number of lines.
    Lines,
    /// The same rows, whatever their order and the notation of numbers.
    Rows,
}

impl Case {
    /// The size of the input, MB.
    pub(crate) fn megabytes(&self, data: &Path) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "file sizes")]
        let bytes = fs::metadata(data.join(self.input)).map_or(0.0, |file| file.len() as f64);
        bytes / 1e6
    }
}

const POLARS: &str = "import polars as p; p.scan_csv('meters.csv', schema_overrides={'prm': p.String, 'insee': p.String}).sink_ndjson('polars.ndjson')";

const MORPH: &str = "[CONFIGURATION]\noutput_file: morph.nt\nnumber_of_processes: 1\nlogging_level: ERROR\n[data]\nmappings: mapping.rml.ttl\n";

const MAPPED: &str = r#"version: 1
name: bench
steps:
  - { id: in, connector: file-source, settings: { path: meters.csv } }
  - id: map
    connector: map
    settings:
      fields:
        - { name: "@id", template: "https://example.org/obs/{prm}/{time}" }
        - { name: "meter", template: "https://example.org/meter/{prm}" }
        - { name: "place", template: "https://example.org/commune/{insee}" }
  - id: context
    connector: set-context
    settings: { context: CONTEXT, type: "sosa:Observation" }
  - { id: out, connector: file, settings: { path: ours.nt } }
links: [in > map, map > context, context > out]
"#;

/// All cases.
pub(crate) fn all(ours: &Path, data: &Path, peers: &Peers) -> Vec<Case> {
    let (bus, python) = (ours.display(), peers.python.display());
    // one shell command each; `exec` goes before it
    let convert = |from: &str, to: &str| format!("{bus} convert {from} {to}");
    let _written =
        fs::write(data.join("morph.ini"), MORPH).and_then(|()| fs::write(data.join("mapped.yaml"), MAPPED));
    vec![
        Case {
            name: "CSV → NDJSON, typed",
            ours: convert("meters.csv", "ours.ndjson"),
            input: "meters.csv",
            rate_asked: "",
            output: "ours.ndjson",
            peers: vec![
                Peer {
                    name: "Polars, one thread",
                    command: format!("env POLARS_MAX_THREADS=1 {python} -c \"{POLARS}\""),
                    output: "polars.ndjson",
                    asked: "≤ 1",
                    same: Same::Rows,
                },
                miller("--icsv --ojsonl -S cat meters.csv", "≤ 0.2", Same::Lines),
            ],
        },
        Case {
            name: "JSON → CSV",
            ours: convert("meters.json", "ours.csv"),
            input: "meters.json",
            rate_asked: "",
            output: "ours.csv",
            peers: vec![miller("--ijson --ocsv cat meters.json", "≤ 0.25", Same::Lines)],
        },
        Case {
            name: "XML → NDJSON",
            ours: convert("meters.xml", "ours.ndjson"),
            input: "meters.xml",
            rate_asked: "≥ 80",
            output: "ours.ndjson",
            peers: Vec::new(),
        },
    ]
}

fn miller(arguments: &str, asked: &'static str, same: Same) -> Peer {
    Peer {
        name: "Miller",
        command: format!("mlr {arguments} > miller.out"),
        output: "miller.out",
        asked,
        same,
    }
}

/// Our command on ten times the rows of its input; the large input is made once.
pub(crate) fn on_ten(case: &Case, data: &Path) -> Result<String> {
    let (stem, kind) = case.input.split_once('.').unwrap_or((case.input, ""));
    let large = format!("{stem}-ten.{kind}");
    if !data.join(&large).exists() {
        repeat(&data.join(case.input), &data.join(&large), kind)?;
    }
    Ok(case.ours.replace(case.input, &large))
}

/// Repeats the records of a file ten times, its first and last lines once.
fn repeat(from: &Path, to: &Path, kind: &str) -> Result<()> {
    let (head, tail): (usize, &str) = match kind {
        "csv" => (1, ""),
        "xml" => (2, "</readings>\n"),
        _ => (0, ""),
    };
    let mut out = io::BufWriter::new(File::create(to)?);
    for round in 0..10 {
        let mut lines = BufReader::new(File::open(from)?);
        let mut line = Vec::new();
        let mut number = 0;
        while lines.read_until(b'\n', &mut line)? > 0 {
            let skipped = (number < head && round > 0) || (!tail.is_empty() && line == tail.as_bytes());
            if !skipped {
                out.write_all(&line)?;
            }
            number += 1;
            line.clear();
        }
    }
    out.write_all(tail.as_bytes())?;
    Ok(out.flush()?)
}
