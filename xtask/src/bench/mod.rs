//! `cargo xtask bench`: speed and memory, side by side with named peers in one run.
//!
//! Every case runs ours and each peer in turn, several times; the table holds medians and ratios. Before
//! timing, what ours and the peer wrote is compared.

mod cases;
pub(crate) mod client;
mod compare;
mod measure;
mod peers;
mod server;

use crate::tools::{cargo, root, run, target};
use anyhow::{Context, Result, bail};
use cases::Case;
pub(crate) use measure::measure;
use measure::{Cost, median};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What to measure and how often.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only cases whose name contains this
    only: Option<String>,
    /// Only the server: start, idle, preview, short runs, published data, a large run
    #[arg(long)]
    server: bool,
    /// Runs of each command
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Also run ours on ten times the rows, and compare peak memory
    #[arg(long)]
    ten: bool,
    /// Meter readings in the data
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
}

/// Runs the benchmarks and prints their table.
#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
pub(crate) fn bench(options: &Options) -> Result<()> {
    run("release build", cargo().args(["build", "--release", "--locked", "--package", "semantic-bus"]))?;
    let ours = target().join("release/semantic-bus");
    let data = data(options.rows)?;
    if options.server {
        return server::bench(&ours, &data);
    }
    let peers = peers::find()?;
    println!(
        "{} rows, {} runs each, medians of CPU seconds (user + system), wall seconds, peak MiB",
        options.rows, options.runs
    );
    println!(
        "{:<34} {:>8} {:>8} {:>8}  {:<26} {:>7} {:>7}",
        "case", "CPU s", "wall s", "MiB", "against", "ratio", "asked"
    );
    for case in cases::all(&ours, &data, &peers) {
        if options.only.as_ref().is_none_or(|part| case.name.contains(part.as_str())) {
            print_case(&case, options, &data)?;
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
fn print_case(case: &Case, options: &Options, data: &Path) -> Result<()> {
    compare::outputs(case, data)?;
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<Cost>> = vec![Vec::new(); case.peers.len()];
    for _ in 0..options.runs {
        ours.push(once(&case.ours, case.output, data)?);
        for (peer, costs) in case.peers.iter().zip(&mut theirs) {
            costs.push(once(&peer.command, peer.output, data)?);
        }
    }
    let own = median(ours).context("no run")?;
    let rate = case.megabytes(data) / own.cpu;
    println!(
        "{:<34} {:>8.2} {:>8.2} {:>8.0}  {:<26} {:>7} {:>7}",
        case.name,
        own.cpu,
        own.wall,
        own.memory,
        format!("{rate:.0} MB/s"),
        "",
        case.rate_asked
    );
    for (peer, costs) in case.peers.iter().zip(theirs) {
        let cost = median(costs).context("no run")?;
        println!(
            "{:<34} {:>8.2} {:>8.2} {:>8.0}  {:<26} {:>7.3} {:>7}",
            "",
            cost.cpu,
            cost.wall,
            cost.memory,
            peer.name,
            own.cpu / cost.cpu,
            peer.asked
        );
    }
    if options.ten {
        let large = on_ten(case, data)?;
        println!(
            "{:<34} {:>8.2} {:>8.2} {:>8.0}  {:<26}",
            "", large.cpu, large.wall, large.memory, "ours, ten times the rows"
        );
    }
    Ok(())
}

/// One run on ten times the rows. What was written before stays: a later case may read it; the large files go,
/// those of one case fill a disk.
fn on_ten(case: &Case, data: &Path) -> Result<Cost> {
    let (output, aside) = (data.join(case.output), data.join("aside"));
    fs::rename(&output, &aside)?;
    let (command, input) = cases::on_ten(case, data)?;
    let large = once(&command, case.output, data);
    fs::remove_file(data.join(input))?;
    fs::rename(&aside, &output)?;
    large
}

/// One run that finds no earlier output to take away, nor a disk still busy with the one before.
fn once(command: &str, output: &str, data: &Path) -> Result<Cost> {
    drop(fs::remove_file(data.join(output)));
    nix::unistd::sync();
    measure::run(command, data)
}

/// The data sets, made once.
fn data(rows: u32) -> Result<PathBuf> {
    let folder = target().join(format!("bench/{rows}"));
    if folder.join("mapping.rml.ttl").exists() {
        return Ok(folder);
    }
    let generator = root().join("../shared/bench/make_data.py");
    if !generator.exists() {
        bail!("the data generator is not there: {}", generator.display());
    }
    fs::create_dir_all(&folder)?;
    run("data", Command::new("python3").arg(generator).arg(&folder).arg(rows.to_string()))?;
    Ok(folder)
}
