//! Turns `translations/fr.toml` (English = French, one line each) into a sorted table.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a build script may stop the build")]

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

fn main() {
    let source = "translations/fr.toml";
    println!("cargo::rerun-if-changed={source}");
    // line by line: where two developers added the same text, the first line counts and nothing breaks
    let mut texts = BTreeMap::new();
    for (number, line) in fs::read_to_string(source).unwrap().lines().enumerate() {
        match toml::from_str::<BTreeMap<String, String>>(line) {
            Ok(pairs) => pairs.into_iter().for_each(|(english, french)| {
                if texts.contains_key(&english) {
                    println!(
                        "cargo::warning={source}: line {}: {english:?} stands there already",
                        number + 1
                    );
                }
                texts.entry(english).or_insert(french);
            }),
            Err(error) => println!("cargo::error={source}: line {}: {error}", number + 1),
        }
    }
    let mut table = String::from("&[\n");
    for (english, french) in texts {
        writeln!(table, "({english:?}, {french:?}),").unwrap();
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("french.rs"), table).unwrap();
}
