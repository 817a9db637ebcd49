//! Workflow documents: what a person writes, and what the bus runs.
//!
//! ```yaml
//! version: 1
//! name: Charging stations
//! parameters:
//!   department: { type: text, default: "35" }
//! steps:
//!   - id: stations
//!     connector: file
//!     settings: { path: stations.csv }
//!   - id: here
//!     connector: filter
//!     settings: { condition: 'code.startsWith("${department}")' }
//!   - id: map
//!     connector: file-out
//!     settings: { path: stations.geojson }
//! links:
//!   - stations -> here -> map
//!   - { from: here.errors, to: refused }
//! ```

pub mod expand;
mod link;
mod load;
mod parameter;
mod trigger;
mod used;

pub use link::{Link, Port};
pub use load::Loaded;
pub use parameter::{Parameter, ParameterType, Parameters, Substituted, references, substitute};
pub use trigger::{HttpTrigger, LiveTrigger, Missed, Schedule, Times, Trigger, UploadTrigger};
pub(crate) use used::in_expressions;

use link::links;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// # Workflow
///
/// A graph of steps: where records come from, what happens to them, where they go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// # Version
    ///
    /// The version of this document's form.
    pub version: Version,
    /// # Name
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// # Description
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// # Parameters
    ///
    /// What can be given to a run, by name; used in settings as `${name}`.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// # Steps
    #[serde(default)]
    pub steps: Vec<Step>,
    /// # Links
    ///
    /// Where the records of a step go.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "links")]
    #[schemars(with = "Vec<link::Written>")]
    pub links: Vec<Link>,
    /// # Triggers
    ///
    /// What starts a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// # Hours kept
    ///
    /// How long what its runs made stays in the cache, in hours; 24 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_hours: Option<u32>,
    /// # Label of workers
    ///
    /// Only workers with this label do its steps: those that reach a certain network or device. Any worker does
    /// if it is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// The version of a document's form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Version;

/// The version this bus reads and writes.
pub const VERSION: u64 = 1;

impl From<Version> for u64 {
    fn from(_: Version) -> Self {
        VERSION
    }
}

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        if version == VERSION { Ok(Self) } else { Err(format!("version {version} is not known")) }
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "const": VERSION })
    }
}

/// # Step
///
/// A connector with its settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// # Id
    ///
    /// What links call it: letters, digits, `-` and `_`.
    pub id: String,
    /// # Name
    ///
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// # Connector
    ///
    /// What it does: the id of a connector.
    pub connector: String,
    /// # Settings
    ///
    /// What the connector's form holds; texts may hold `${parameter}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// # Position
    ///
    /// Where it stands on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// # Note
    ///
    /// A remark for whoever reads the workflow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// # Switched off
    ///
    /// It is left out of runs: a transform lets its records through as they are, a source sends none, a sink
    /// writes none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// # Label of workers
    ///
    /// Only workers with this label do it; if it is empty, that of the workflow counts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The parameters of the workflows it stands inside of, outermost first: only in what runs, never in a
    /// document that is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub scopes: Vec<Map<String, Value>>,
}

impl Step {
    /// The values of the parameters as this step sees them: those of the innermost workflow it stands in.
    #[must_use]
    pub fn values(&self, run: &Map<String, Value>) -> Map<String, Value> {
        self.scopes.iter().fold(run.clone(), |around, scope| {
            match substitute(&Value::Object(scope.clone()), &around).value {
                Value::Object(values) => values,
                _ => around,
            }
        })
    }
}

/// # Position
///
/// A place on the canvas, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// # To the right
    pub x: i32,
    /// # Down
    pub y: i32,
}

impl Workflow {
    /// A workflow without steps.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            version: Version,
            name: name.into(),
            description: String::new(),
            parameters: Parameters::default(),
            steps: Vec::new(),
            links: Vec::new(),
            triggers: Vec::new(),
            keep_hours: None,
            label: String::new(),
        }
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The label that a worker needs to do a step; empty if any does.
    #[must_use]
    pub fn label_of<'a>(&'a self, step: &'a Step) -> &'a str {
        if step.label.is_empty() { &self.label } else { &step.label }
    }

    /// How messages that arrive start runs, if they do.
    #[must_use]
    pub fn live_trigger(&self) -> Option<LiveTrigger> {
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Live(live) => Some(*live),
            Trigger::Manual | Trigger::Schedule(_) | Trigger::Http(_) | Trigger::Upload(_) => None,
        })
    }

    /// The labels that workers need to do all steps, each once; the empty one stands for no label.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<&str> {
        self.steps.iter().map(|step| self.label_of(step)).collect()
    }

    /// The settings of a step with the parameters' values in place of `${name}`.
    #[must_use]
    pub fn settings(step: &Step, values: &Map<String, Value>) -> Value {
        let settings = Value::Object(step.settings.clone());
        if step.scopes.is_empty() {
            return substitute(&settings, values).value;
        }
        substitute(&settings, &step.values(values)).value
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // nothing in a workflow can fail to serialise
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The document as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(&self.to_json())
    }

    /// The JSON Schema of workflow documents.
    #[must_use]
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self).to_value();
        if let Value::Object(members) = &mut schema {
            members.insert("$id".into(), "https://semantic-bus.org/schema/workflow-1.json".into());
        }
        schema
    }
}
