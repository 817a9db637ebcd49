use crate::{
    arguments::{self, CompletionsArguments},
    exit::{Exit, Failure},
    terminal::Terminal,
};

/// Prints the completions for a shell.
pub(crate) fn run(asked: &CompletionsArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    let mut command = arguments::command(terminal.language());
    clap_complete::generate(asked.shell, &mut command, "semantic-bus", &mut out);
    terminal.data(&String::from_utf8_lossy(&out))
}
