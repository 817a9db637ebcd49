use serde_json::Value;

/// A YAML text as JSON, as workflow documents are read.
///
/// # Errors
/// What is not YAML, and where.
pub fn yaml(text: &str) -> Result<Value, String> {
    bus_core::yaml::read(text).map(|document| document.value).map_err(|error| error.to_string())
}
