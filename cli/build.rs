//! Takes the cases of the connectors into the binary: they are the examples of the manual.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a build script may stop the build")]

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap();
    let cases = Path::new(&root).parent().unwrap().join("tests/cases");
    println!("cargo::rerun-if-changed={}", cases.display());
    let mut files = Vec::new();
    for connector in fs::read_dir(&cases).into_iter().flatten().flatten() {
        let id = connector.file_name().into_string().unwrap();
        for case in fs::read_dir(connector.path()).into_iter().flatten().flatten() {
            if case.path().extension().is_some_and(|extension| extension == "yaml") {
                files.push((id.clone(), case.path()));
            }
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (id, path) in files {
        writeln!(table, "({id:?}, include_str!({path:?})),").unwrap();
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("cases.rs"), table).unwrap();
}
