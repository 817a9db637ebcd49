//! `cargo xtask …`: the project's chores.

mod bench;
mod browser;
mod check;
mod cluster;
mod faults;
mod serve;
mod tools;
mod ui;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Runs everything that must hold: format, unused dependencies, lints, all tests, licences
    Test,
    /// Builds the editor and the server and starts everything; prints the link to open
    Serve(serve::Options),
    /// Builds the editor into web-ui/dist, unless it is current
    Ui(ui::Options),
    /// Runs the tests in a browser, against the real server
    Browser(browser::Options),
    /// Starts RabbitMQ, a store, servers and workers, without Docker
    Cluster(cluster::Options),
    /// Kills, freezes and cuts off whatever there is, and looks that nothing accepted is lost
    Faults(faults::Options),
    /// Measures speed and memory side by side with named peers
    Bench(bench::Options),
    /// Measures a cluster on this machine
    BenchCluster(cluster::bench::Options),
    /// Runs one command and writes what it cost (for `bench`)
    #[command(hide = true)]
    Measure {
        /// Where to write it
        #[arg(long)]
        report: PathBuf,
        /// The command, for a shell
        command: String,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Test => check::test(),
        Chore::Serve(options) => serve::serve(&options),
        Chore::Browser(options) => ui::ui(&ui::Options::default()).and_then(|()| browser::test(&options)),
        Chore::Ui(options) => ui::ui(&options),
        Chore::Cluster(options) => cluster::cluster(&options),
        Chore::Faults(options) => faults::faults(&options),
        Chore::Bench(options) => bench::bench(&options),
        Chore::BenchCluster(options) => cluster::bench::bench(&options),
        Chore::Measure { report, command } => bench::measure(&command, &report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_chore_can_be_asked_for() {
        Arguments::command().debug_assert();
    }
}
