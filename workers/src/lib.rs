//! The engine: executes the steps of a workflow on streams of records, in one process.
//!
//! ```no_run
//! # async fn example(workflow: bus_core::workflow::Workflow) {
//! let report = workers::run(&workflow, connectors::connector, workers::RunOptions::default()).await;
//! println!("{}", report.text(bus_core::Language::Fr));
//! # }
//! ```

mod bus;
mod clock;
mod graph;
mod groups;
mod id;
mod kept;
mod listeners;
mod measure;
mod memory;
mod options;
mod publications;
mod report;
mod run;
mod schedules;
mod scratch;
mod seams;
mod settings;
mod survey;
mod task;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod vault;
mod workflows;

pub use bus::{
    Bus, BusError, BusParts, BusSettings, Census, Done, Health, Histogram, NodeInfo, RUNS, Records, Split,
    Start, Uploading, Watch,
};
pub use clock::SystemClock;
pub use groups::{GROUPS, Group};
pub use id::{new_id, now};
pub use listeners::Listeners;
pub use measure::{cpu_seconds, host_name, peak_memory};
pub use options::{Progress, RunOptions, StepProgress};
pub use publications::{Publications, Published};
pub use report::{Failure, KeptErrors, Outcome, RunReport, StepReport};
pub use run::{run, runtime};
pub use schedules::{Schedules, Slot, Starts};
pub use settings::{EnvironmentSecrets, vault_keys};
pub use survey::extents;
pub use vault::{Keys, RunSecrets, Vault};
pub use workflows::{Granted, OldVersion, Principal, StoredWorkflow, Who, Workflows};
