//! Every export under `tests/import/<case>/export.json` becomes the `workflow.yaml` and the `report.txt` beside
//! it. `BLESS=1` rewrites them: the diff is the review.

use bus_core::{Language, check::check, workflow::Workflow};
use connectors::{Connectors, import::import};
use house_tests::root;
use libtest_mimic::{Arguments, Failed, Trial};
use std::{env, fs, path::Path};

fn main() {
    let mut trials = Vec::new();
    for case in fs::read_dir(root().join("tests/import")).into_iter().flatten().flatten() {
        let name = case.file_name().to_string_lossy().into_owned();
        trials.push(Trial::test(name, move || run(&case.path())));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(case: &Path) -> Result<(), Failed> {
    let export = fs::read_to_string(case.join("export.json"))?;
    let made = import(&export, Language::En).map_err(|error| error.to_string())?;
    let parts: serde_json::Value = serde_json::from_str(&export)?;
    let components = parts["components"].as_array().map_or(0, Vec::len);
    if made.components.len() != components {
        return Err(format!("{} lines of report for {components} components", made.components.len()).into());
    }
    let (document, report) = (made.workflow.to_yaml(), made.text(Language::En) + "\n");
    sound(&document)?;
    for secret in &made.secrets {
        for text in [&document, &report, &made.text(Language::Fr), &format!("{made:?}")] {
            if text.contains(secret.reveal()) {
                return Err(format!("the secret `{}` is told", secret.name).into());
            }
        }
    }
    // what is planted is found, whatever it stands in
    if document.contains("canary-") || report.contains("canary-") {
        return Err("a planted secret is told".into());
    }
    compare(&case.join("workflow.yaml"), &document)?;
    compare(&case.join("report.txt"), &report)
}

/// The document loads, and only steps that are switched off have errors.
fn sound(document: &str) -> Result<(), Failed> {
    let listed = |problems: &[bus_core::check::Problem]| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let loaded = Workflow::load(document).map_err(|problems| listed(&problems))?;
    let off = |id: &str| loaded.workflow.step(id).is_some_and(|step| step.disabled);
    let mut problems = check(&loaded, &Connectors);
    problems.retain(|problem| problem.is_error() && !problem.step.as_deref().is_some_and(off));
    if problems.is_empty() { Ok(()) } else { Err(listed(&problems).into()) }
}

fn compare(path: &Path, found: &str) -> Result<(), Failed> {
    if env::var_os("BLESS").is_some() {
        fs::write(path, found)?;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let line = expected.lines().zip(found.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let shown = |text: &str| text.lines().skip(line).take(8).collect::<Vec<_>>().join("\n");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(format!("{name}, line {}:\n{}\nexpected:\n{}", line + 1, shown(found), shown(&expected)).into())
}
