//! What the bus knows about connectors: enough to check, plan, draw forms and write the manual.

use serde::{Deserialize, Serialize};

/// What a connector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Brings records in.
    Source,
    /// Changes records.
    Transform,
    /// Takes records out.
    Sink,
}

/// An input port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The port's name.
    pub name: &'static str,
    /// Whether a link must lead to it.
    pub required: bool,
    /// Whether several links may lead to it; their records come in any order.
    pub many: bool,
}

impl Input {
    /// A port that needs a link.
    #[must_use]
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true, many: true }
    }

    /// A port that may stay unlinked.
    #[must_use]
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false, many: true }
    }
}

/// The usual single input.
pub const IN: &str = "in";
/// The usual single output.
pub const OUT: &str = "out";
/// Where refused records go; every step has it.
pub const ERRORS: &str = "errors";

/// A connector as the rest of the house sees it: everything comes from the connector's own file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The id used in workflow documents; the name of the connector's file.
    pub id: &'static str,
    /// What it does.
    pub kind: Kind,
    /// Input ports.
    pub inputs: &'static [Input],
    /// Output ports, without `errors`, which every step has.
    pub outputs: &'static [&'static str],
    /// Whether it needs all records, or those of other parts, before it can send on (sort, join, group):
    /// a stage of the plan begins there.
    pub regroups: bool,
    /// Whether messages arrive there by themselves: a workflow with it can be run whenever some do.
    pub live: bool,
    /// JSON Schema (2020-12) of its settings; title and description are the connector's own.
    pub schema: serde_json::Value,
}

/// How a step can be done in parts of the data, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// What becomes of a record follows from the record alone.
    Each,
    /// The same, once all records of this input are known.
    Beside(&'static str),
    /// First with each part, then with what came of all parts: see [`Go`].
    Twice,
    /// Only the first records are wanted: to read others meanwhile would be in vain.
    Start,
    /// With all records together.
    Whole,
}

/// With what a step does its work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Go {
    /// With all there is.
    #[default]
    Whole,
    /// With a part: what it sends is for the last go only.
    Part,
    /// With what the parts sent, in the order of the parts.
    Rest,
}

/// A finding about settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingsProblem {
    /// The path of the setting, such as `format.csv.delimiter`; empty for the settings as a whole.
    pub path: String,
    /// What is wrong.
    pub message: crate::Message,
    /// What to do.
    pub advice: Option<crate::Message>,
}

/// The connectors there are.
pub trait Catalogue {
    /// The connector with this id.
    fn entry(&self, id: &str) -> Option<&Entry>;

    /// All ids.
    fn ids(&self) -> Vec<&'static str>;

    /// What is wrong with settings for the connector `id`, found by the same parse that starts it.
    /// `${name}` texts that stand for parameters have been replaced by their values.
    fn check_settings(&self, id: &str, settings: &serde_json::Value) -> Vec<SettingsProblem>;

    /// How a step of the connector `id` with these settings can be done in parts.
    fn parts(&self, id: &str, settings: &serde_json::Value) -> Parts {
        let _same_for_all_settings = settings;
        match self.entry(id) {
            Some(Entry { kind: Kind::Transform, regroups: false, .. }) => Parts::Each,
            _ => Parts::Whole,
        }
    }
}
