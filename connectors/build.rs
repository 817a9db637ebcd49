//! Lists the files of `sources/`, `transforms/`, `sinks/` and `formats/`, so that a connector is one file.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a build script may stop the build")]

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap();
    let out = env::var("OUT_DIR").unwrap();
    for folder in ["sources", "transforms", "sinks"] {
        let files = modules(&root, folder);
        let mut code = declarations(&root, folder, &files);
        code +=
            "/// Every connector of this folder.\npub(crate) static ALL: &[&crate::contract::Connector] = &[";
        for file in &files {
            write!(code, "&{file}::CONNECTOR,").unwrap();
        }
        code += "];\n";
        fs::write(Path::new(&out).join(format!("{folder}.rs")), code).unwrap();
    }
    let files = modules(&root, "formats");
    let mut code = declarations(&root, "formats", &files);
    code += "/// Every format.\npub static ALL: &[&Format] = &[";
    for file in &files {
        write!(code, "&{file}::FORMAT,").unwrap();
    }
    code += "];\n";
    code += "/// A format and its settings, written `csv` or `csv: { delimiter: \";\" }`.\n";
    code += "#[derive(Debug, Clone, schemars::JsonSchema)]\n#[serde(rename_all = \"kebab-case\")]\n#[schemars(transform = also_by_name)]\n";
    code += "#[expect(missing_docs, reason = \"the settings of each say what it is\")]\npub enum FormatChoice {\n";
    for file in &files {
        writeln!(code, "{}({file}::Settings),", variant(file)).unwrap();
    }
    code += "}\nimpl FormatChoice {\n/// The format chosen.\npub fn format(&self) -> &'static Format { match self {";
    for file in &files {
        write!(code, "Self::{}(_) => &{file}::FORMAT,", variant(file)).unwrap();
    }
    code += "}}\nfn codec(&self) -> &dyn DynCodec { match self {";
    for file in &files {
        write!(code, "Self::{}(settings) => settings,", variant(file)).unwrap();
    }
    code += "}}\n/// The format with this id, with its default settings.\npub fn of_id(id: &str) -> Option<Self> { Some(match id {";
    for file in &files {
        write!(code, "{:?} => Self::{}(Default::default()),", file.replace('_', "-"), variant(file)).unwrap();
    }
    code += "_ => return None, })}\n";
    code += "/// Reads the settings of the format `id` from a map that has just given its key.\nfn read_settings<'de, A: MapAccess<'de>>(id: &str, map: &mut A) -> Result<Self, A::Error> { Ok(match id {";
    for file in &files {
        let (id, variant) = (file.replace('_', "-"), variant(file));
        write!(code, "{id:?} => Self::{variant}(map.next_value()?),").unwrap();
    }
    code += "_ => return Err(Error::unknown_variant(id, IDS)), })}\n}\n";
    let ids: Vec<_> = files.iter().map(|file| file.replace('_', "-")).collect();
    writeln!(code, "/// The ids of all formats.\nconst IDS: &[&str] = &{ids:?};").unwrap();
    fs::write(Path::new(&out).join("formats.rs"), code).unwrap();
}

/// The module names in a folder, sorted.
fn modules(root: &str, folder: &str) -> Vec<String> {
    let path = Path::new(root).join("src").join(folder);
    println!("cargo::rerun-if-changed={}", path.display());
    let mut files: Vec<String> = fs::read_dir(path)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".rs").map(str::to_owned)
        })
        .filter(|name| name != "mod")
        .collect();
    files.sort();
    files
}

fn declarations(root: &str, folder: &str, files: &[String]) -> String {
    let mut code = String::new();
    for file in files {
        let path = Path::new(root).join("src").join(folder).join(format!("{file}.rs"));
        writeln!(code, "#[path = {path:?}] mod {file};").unwrap();
    }
    code
}

/// `geo_json` → `GeoJson`.
fn variant(file: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    file.split('_').map(capital).collect()
}
