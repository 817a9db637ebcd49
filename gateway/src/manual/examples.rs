//! The cases of the connectors that show how one is used.

use bus_core::yaml;
use serde_json::Value;

/// Connector and text of each case.
static CASES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// Cases of a connector that work, at most three.
#[must_use]
pub fn examples(connector: &str) -> Vec<Value> {
    let cases = CASES.iter().filter(|(id, _)| *id == connector);
    let read = cases.filter_map(|(_, text)| yaml::read(text).ok()).map(|document| document.value);
    read.filter(works).take(3).collect()
}

/// Whether a case shows a success, without a server.
fn works(case: &Value) -> bool {
    let expect = case.get("expect");
    let mut failures = ["fails", "refuses", "errors"].into_iter();
    let fails = failures.any(|member| expect.is_some_and(|it| it.get(member).is_some()));
    !fails && case.get("http").is_none()
}
