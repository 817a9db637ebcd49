//! A run from the command line: the engine, interruption, progress, the report.

use crate::{
    arguments::{Manner, Outside},
    exit::{Exit, Failure},
    progress,
    signals::interrupted,
    terminal::Terminal,
};
use bus_core::{msg, workflow::Workflow};
use connectors::kit::transport::io_reason;
use serde_json::{Map, Value};
use std::{io, path::PathBuf};
use tokio_util::sync::CancellationToken;
use workers::{Outcome, RunOptions, RunReport};

/// What is asked of a run.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) manner: &'a Manner,
    pub(crate) outside: &'a Outside,
    pub(crate) parameters: Map<String, Value>,
    /// Where relative names start.
    pub(crate) folder: PathBuf,
    /// Where steps remember what they have read.
    pub(crate) memory: Option<PathBuf>,
    /// Whether a sink writes to standard output, which then is for its data alone.
    pub(crate) data_on_standard_output: bool,
}

/// Runs a workflow and tells what came of it.
pub(crate) fn execute(workflow: &Workflow, asked: Asked<'_>, terminal: &Terminal) -> Result<Exit, Failure> {
    let Manner { report, errors, threads, quiet } = asked.manner;
    let limits = asked.outside.limits()?;
    let runtime = workers::runtime(*threads).map_err(|error| Failure::file("-", &error))?;
    let cancel = CancellationToken::new();
    let options = RunOptions {
        parameters: asked.parameters,
        folder: asked.folder,
        language: terminal.language(),
        errors_folder: errors.as_ref().map(PathBuf::from),
        memory_file: asked.memory,
        http: asked.outside.http(),
        limits,
        standard_streams: true,
        cancel: cancel.clone(),
        progress: (!quiet).then(|| progress::watcher(terminal.language())),
        ..RunOptions::default()
    };
    let told = runtime.block_on(async {
        let run = workers::run(workflow, connectors::connector, options);
        tokio::pin!(run);
        tokio::select! {
            report = &mut run => return report,
            () = interrupted() => cancel.cancel(),
        }
        run.await
    });
    // a thread that waits for a terminal's next line must not keep the program from ending
    runtime.shutdown_background();
    if asked.data_on_standard_output && reader_is_gone(&told) {
        return Ok(Exit::Done);
    }
    tell(&told, (report.is_some(), *quiet, asked.data_on_standard_output), terminal)?;
    Ok(match told.outcome {
        Outcome::Done | Outcome::Unchanged => Exit::Done,
        Outcome::Cancelled => Exit::Interrupted,
        Outcome::Failed | Outcome::NotRun => Exit::Failed,
    })
}

/// Whether all that went wrong is that whoever read standard output has had enough (`| head`).
fn reader_is_gone(report: &RunReport) -> bool {
    let gone = io_reason(&io::ErrorKind::BrokenPipe.into());
    let mut failures = report.steps.iter().filter_map(|step| step.error.as_ref()).peekable();
    failures.peek().is_some() && failures.all(|failure| failure.error.message == gone)
}

fn tell(
    report: &RunReport,
    (as_data, quiet, data_elsewhere): (bool, bool, bool),
    terminal: &Terminal,
) -> Result<(), Failure> {
    for table in report.shown() {
        if data_elsewhere || as_data {
            terminal.note(table.trim_end());
        } else {
            terminal.data(&format!("{}\n", table.trim_end()))?;
        }
    }
    let refused = report.kept_errors() > 0;
    if !quiet || !report.succeeded() || refused {
        terminal.note(&report.text(terminal.language()));
    }
    if as_data {
        let text = serde_json::to_string_pretty(report).unwrap_or_default();
        if data_elsewhere {
            terminal.say(&msg!("standard output holds the data of a step; here is the report:"));
            terminal.note(&text);
        } else {
            terminal.data(&format!("{text}\n"))?;
        }
    }
    Ok(())
}
