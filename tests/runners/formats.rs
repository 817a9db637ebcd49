//! Every golden case of every format: `tests/formats/<format>/<case>.yaml`; and the input of each, damaged in
//! some ways, or in as many as `MUTATIONS` says.

use house_tests::{golden::Golden, root, yaml};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{env, fs, path::Path};

fn main() {
    let folder = root().join("tests/formats");
    let mut trials = Vec::new();
    for format in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let id = format.file_name().to_string_lossy().into_owned();
        let cases = fs::read_dir(format.path()).into_iter().flatten().flatten();
        for path in
            cases.map(|case| case.path()).filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        {
            let name = format!("{id}/{}", path.file_stem().unwrap_or_default().to_string_lossy());
            let (of_format, of_case) = (id.clone(), path.clone());
            trials.push(Trial::test(format!("damaged/{name}"), move || damage(&of_format, &of_case)));
            let id = id.clone();
            trials.push(Trial::test(name, move || run(&id, &path)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(id: &str, path: &Path) -> Result<(), Failed> {
    let golden: Golden = serde_json::from_value(yaml(&fs::read_to_string(path)?)?)?;
    golden.run(id, path).map_err(|difference| format!("{}\n{difference}", golden.about).into())
}

fn damage(id: &str, path: &Path) -> Result<(), Failed> {
    let count = env::var_os("MUTATIONS").and_then(|count| count.to_str()?.parse().ok()).unwrap_or(40);
    let golden: Golden = serde_json::from_value(yaml(&fs::read_to_string(path)?)?)?;
    golden.damage(id, path, count).map_err(Failed::from)
}
