//! Turns `translations/fr.toml` (English = French, one line each) into a sorted table.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a build script may stop the build")]

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

fn main() {
    let source = "translations/fr.toml";
    println!("cargo::rerun-if-changed={source}");
    let texts: BTreeMap<String, String> = toml::from_str(&fs::read_to_string(source).unwrap())
        .unwrap_or_else(|error| {
            // two developers may add the same line; the later one counts, so say which it was
            println!("cargo::error={source}: {error}");
            BTreeMap::new()
        });
    let mut table = String::from("&[\n");
    for (english, french) in texts {
        writeln!(table, "({english:?}, {french:?}),").unwrap();
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("french.rs"), table).unwrap();
}
