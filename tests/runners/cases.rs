//! Every case of every connector: `tests/cases/<connector>/<case>.yaml`.

use house_tests::{root, step::Case, yaml};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{fs, path::Path};

fn main() {
    let folder = root().join("tests/cases");
    let mut trials = Vec::new();
    for connector in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let id = connector.file_name().to_string_lossy().into_owned();
        let cases = fs::read_dir(connector.path()).into_iter().flatten().flatten();
        for path in
            cases.map(|case| case.path()).filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        {
            let id = id.clone();
            let name = format!("{id}/{}", path.file_stem().unwrap_or_default().to_string_lossy());
            trials.push(Trial::test(name, move || run(&id, &path)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(id: &str, path: &Path) -> Result<(), Failed> {
    let connector = connectors::connector(id).ok_or_else(|| format!("there is no connector {id}"))?;
    let case: Case = serde_json::from_value(yaml(&fs::read_to_string(path)?)?)?;
    case.run(connector).map_err(|difference| format!("{}\n{difference}", case.about).into())
}
