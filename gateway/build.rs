//! Takes into the library what the gateway serves: the gallery with its sample data, the cases of the connectors
//! (the examples of the manual), and the editor's files where it was built.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a build script may stop the build")]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned();
    write("cases.rs", &cases(&root.join("tests/cases")));
    write("gallery.rs", &gallery(&root.join("workflows")));
    write("samples.rs", &files(&root.join("workflows"), "donnees"));
    write("results.rs", &files(&root.join("workflows/attendus"), ""));
    let editor = root.join("web-ui/dist");
    // cargo takes a watched folder that is not there for one that has changed, and would build anew each time
    drop(fs::create_dir_all(&editor));
    write("editor.rs", &files(&editor, ""));
}

fn write(name: &str, table: &str) {
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join(name), table).unwrap();
}

/// `(connector, text)`.
fn cases(folder: &Path) -> String {
    let mut table = String::from("&[\n");
    for file in below(folder).iter().filter(|file| has_extension(file, "yaml")) {
        let connector = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
        writeln!(table, "({connector:?}, include_str!({file:?})),").unwrap();
    }
    table + "]"
}

/// `(id, text)`.
fn gallery(folder: &Path) -> String {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut documents: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.retain(|file| has_extension(file, "yaml"));
    documents.sort();
    let mut table = String::from("&[\n");
    for file in documents {
        let id = file.file_stem().unwrap().to_str().unwrap();
        writeln!(table, "({id:?}, include_str!({file:?})),").unwrap();
    }
    table + "]"
}

/// `(path from the folder, bytes)`, in the order of the paths.
fn files(folder: &Path, part: &str) -> String {
    let named =
        |file: PathBuf| (file.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"), file);
    let mut files: Vec<_> = below(&folder.join(part)).into_iter().map(named).collect();
    files.sort();
    let mut table = String::from("&[\n");
    for (path, file) in files {
        writeln!(table, "({path:?}, include_bytes!({file:?})),").unwrap();
    }
    table + "]"
}

/// The files below a folder, in order; none if it is not there.
fn below(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn has_extension(file: &Path, wanted: &str) -> bool {
    file.extension().is_some_and(|extension| extension == wanted)
}
