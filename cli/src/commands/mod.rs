//! One file for each command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod connectors;
pub(crate) mod convert;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod infer;
pub(crate) mod manual;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod worker;
