//! Who calls, and whether they may: asked before anything else of a request is looked at.

mod caller;
mod guard;
mod identify;
mod roles;

pub use caller::Caller;
pub(crate) use guard::{Guard, guard};
pub(crate) use identify::cookie_name;
pub(crate) use roles::{on_workflow, workflow_of_run};
