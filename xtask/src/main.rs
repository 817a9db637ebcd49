//! `cargo xtask …`: the project's chores.

mod check;
mod tools;

use clap::{Parser, Subcommand};

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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Test => check::test(),
    }
}
