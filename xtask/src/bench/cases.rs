//! What is measured.

use super::peers::Peers;
use anyhow::Result;
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
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
    /// Not compared: the peer writes something else, or the same in another notation.
    Not,
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

const CSVTOJSON: &str = "const fs = require('fs');
const read = require('csvtojson')({ checkType: true, colParser: { prm: 'string', insee: 'string' }, downstreamFormat: 'line' });
fs.createReadStream('meters.csv').pipe(read).pipe(fs.createWriteStream('csvtojson.ndjson'));
";

const MAPPED: &str = include_str!("mapped.yaml");
const SENML: &str = include_str!("senml.yaml");
const COMPUTED: &str = include_str!("computed.yaml");
/// All cases.
pub(crate) fn all(ours: &Path, data: &Path, peers: &Peers) -> Vec<Case> {
    for (name, text) in [
        ("morph.ini", MORPH),
        ("mapped.yaml", MAPPED),
        ("senml.yaml", SENML),
        ("computed.yaml", COMPUTED),
        ("csvtojson.js", CSVTOJSON),
    ] {
        // a folder that cannot be written shows when the first command runs
        let _written = fs::write(data.join(name), text);
    }
    let (bus, python) = (ours.display().to_string(), peers.python.display().to_string());
    let mut all: Vec<Case> = [tables(&bus, &python), graphs(&bus, &python)].into_iter().flatten().collect();
    if let (Some(first), Some(modules)) = (all.first_mut(), &peers.node) {
        first.peers.push(Peer {
            name: "csvtojson",
            command: format!("env NODE_PATH={} node csvtojson.js", modules.display()),
            output: "csvtojson.ndjson",
            asked: "≤ 0.1",
            same: Same::Lines,
        });
    }
    all
}

fn tables(bus: &str, python: &str) -> Vec<Case> {
    let convert = |from: &str, to: &str| format!("{bus} convert {from} {to}");
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
        Case {
            name: "CSV: filter, compute, rename → CSV",
            ours: format!("{bus} run computed.yaml --input in=meters.csv"),
            input: "meters.csv",
            rate_asked: "",
            output: "ours.csv",
            peers: vec![miller(
                "--icsv --ocsv filter '$watt > 1000' then put '$kwh = $index_wh / 1000' then rename commune,town meters.csv",
                "≤ 0.33",
                Same::Lines,
            )],
        },
    ]
}

fn graphs(bus: &str, python: &str) -> Vec<Case> {
    let morph = || Peer {
        name: "morph-kgc",
        command: format!("{python} -m morph_kgc morph.ini"),
        output: "morph.nt",
        asked: "≤ 0.1",
        same: Same::Lines,
    };
    vec![
        Case {
            name: "CSV → N-Triples, 9 a row",
            ours: format!("{bus} run mapped.yaml --input in=meters.csv"),
            input: "meters.csv",
            rate_asked: "",
            output: "ours.nt",
            peers: vec![morph()],
        },
        Case {
            name: "CSV → SenML",
            ours: format!("{bus} run senml.yaml --input in=meters.csv"),
            input: "meters.csv",
            rate_asked: "",
            output: "ours.senml.json",
            peers: vec![Peer { same: Same::Not, ..morph() }],
        },
        Case {
            name: "N-Triples → Turtle",
            ours: format!("{bus} convert ours.nt ours.ttl"),
            input: "ours.nt",
            rate_asked: "",
            output: "ours.ttl",
            peers: vec![Peer {
                name: "rapper",
                command: "rapper -q -i ntriples -o turtle ours.nt > rapper.ttl".to_owned(),
                output: "rapper.ttl",
                asked: "≤ 0.5",
                same: Same::Not,
            }],
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

/// Our command on ten times the rows of its input, and that input, which is made.
pub(crate) fn on_ten(case: &Case, data: &Path) -> Result<(String, String)> {
    let (stem, kind) = case.input.split_once('.').unwrap_or((case.input, ""));
    let large = format!("{stem}-ten.{kind}");
    repeat(&data.join(case.input), &data.join(&large), kind)?;
    Ok((case.ours.replace(case.input, &large), large))
}

/// Repeats the records of a file ten times, what stands around them once.
fn repeat(from: &Path, to: &Path, kind: &str) -> Result<()> {
    let (head, between, tail): (usize, &str, &str) = match kind {
        "csv" => (line_ends(from, 1)?, "", ""),
        "xml" => (line_ends(from, 2)?, "", "</readings>\n"),
        "json" => (1, ",", "]"),
        _ => (0, "", ""),
    };
    let size = fs::metadata(from)?.len();
    let records = size - (head + tail.len()) as u64;
    let mut out = io::BufWriter::new(File::create(to)?);
    io::copy(&mut File::open(from)?.take(head as u64), &mut out)?;
    for round in 0..10 {
        if round > 0 {
            out.write_all(between.as_bytes())?;
        }
        let mut file = File::open(from)?;
        file.seek(SeekFrom::Start(head as u64))?;
        io::copy(&mut file.take(records), &mut out)?;
    }
    out.write_all(tail.as_bytes())?;
    Ok(out.flush()?)
}

/// Bytes up to the end of so many lines.
fn line_ends(file: &Path, lines: usize) -> Result<usize> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut bytes = Vec::new();
    for _ in 0..lines {
        reader.read_until(b'\n', &mut bytes)?;
    }
    Ok(bytes.len())
}
