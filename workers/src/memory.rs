use bus_core::workflow::Workflow;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    path::Path,
};

/// What the steps remember from one run to the next, in a small JSON file.
///
/// It counts only for the same workflow with the same parameters: after a change everything is read again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    workflow: String,
    steps: BTreeMap<String, Value>,
}

impl Memory {
    /// An empty memory of this workflow with these parameters.
    pub(crate) fn of(workflow: &Workflow, parameters: &Map<String, Value>) -> Self {
        let mut hasher = DefaultHasher::new();
        let mut document = workflow.clone();
        // where a step stands on the canvas and what people call it changes no record
        for step in &mut document.steps {
            step.position = None;
            step.note = String::new();
            step.name = String::new();
        }
        document.to_json().to_string().hash(&mut hasher);
        Value::Object(parameters.clone()).to_string().hash(&mut hasher);
        Self { workflow: format!("{:016x}", hasher.finish()), steps: BTreeMap::new() }
    }

    /// With what the file holds, if it is of the same workflow; a file that cannot be read remembers nothing.
    pub(crate) fn load(mut self, file: &Path) -> Self {
        let known: Option<Self> = fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        if let Some(known) = known.filter(|known| known.workflow == self.workflow) {
            self.steps = known.steps;
        }
        self
    }

    /// Tells whether two memories are of the same workflow with the same parameters.
    pub(crate) fn of_what(&self) -> &str {
        &self.workflow
    }

    /// What all steps remember.
    pub(crate) fn steps(&self) -> &BTreeMap<String, Value> {
        &self.steps
    }

    pub(crate) fn set(&mut self, step: &str, memory: Value) {
        self.steps.insert(step.to_owned(), memory);
    }

    /// Writes the file in one step.
    pub(crate) fn save(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut part = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut part, self)?;
        part.flush()?;
        part.persist(file).map_err(|error| error.error)?;
        Ok(())
    }
}
