//! The binary `semantic-bus`: wires the parts together.

mod arguments;
mod changes;
mod commands;
mod document;
mod execute;
mod exit;
mod language;
mod library;
mod limits;
mod logs;
mod node;
mod progress;
mod settings;
mod signals;
mod terminal;
mod traces;

use arguments::Command;
use exit::Exit;
use std::process::ExitCode;
use terminal::Terminal;

/// Tasks make and drop batches on many threads; see docs/decisions/048-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let language = language::wanted(&arguments, &settings::locale());
    let terminal = Terminal::new(language);
    let command = match arguments::read(arguments, language) {
        Ok(command) => command,
        Err(error) => return terminal.usage(&error).into(),
    };
    let done = match command {
        Command::Serve(asked) => commands::serve::run(asked, &terminal),
        Command::Worker(asked) => commands::worker::run(asked),
        Command::Health(asked) => commands::health::run(&asked, &terminal),
        Command::Run(asked) => commands::run::run(&asked, &terminal),
        Command::Convert(asked) => commands::convert::run(&asked, &terminal),
        Command::Check(asked) => commands::check::run(&asked, &terminal),
        Command::Plan(asked) => commands::plan::run(&asked, &terminal),
        Command::Import(asked) => commands::import::run(&asked, &terminal),
        Command::Infer(asked) => commands::infer::run(&asked, &terminal),
        Command::Connectors(asked) => commands::connectors::run(&asked, &terminal),
        Command::Manual(asked) => commands::manual::run(&asked, &terminal),
        Command::Schema(asked) => commands::schema::run(&asked, &terminal),
        Command::Completions(asked) => commands::completions::run(&asked, &terminal),
    };
    done.unwrap_or_else(|error| terminal.failed(&error)).into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
