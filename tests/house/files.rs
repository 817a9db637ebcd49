use std::{fs, process::Command};

/// Every Rust file of the checkout: its path from the root and its text.
pub(crate) fn rust() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])
        .current_dir(house_tests::root())
        .output()
        .expect("git ls-files");
    let files = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let read = |file: &str| {
        fs::read_to_string(house_tests::root().join(file)).ok().map(|text| (file.to_owned(), text))
    };
    files.lines().filter_map(read).collect()
}

/// A file of tests that nobody names is not built, and its tests never run.
#[test]
fn every_file_of_tests_is_run() {
    let files = rust();
    let forgotten: Vec<&str> = files
        .iter()
        .filter_map(|(file, _)| {
            let (folder, name) = file.rsplit_once('/')?;
            let (crate_folder, _) = folder.rsplit_once('/')?;
            let main = &files.iter().find(|(other, _)| *other == format!("{folder}/main.rs"))?.1;
            let module = name.strip_suffix(".rs")?;
            let is_test = crate_folder.ends_with("/tests") || folder.starts_with("tests/");
            let named = module == "main" || main.contains(&format!("mod {module};"));
            (is_test && !named).then_some(file.as_str())
        })
        .collect();
    assert!(forgotten.is_empty(), "no main.rs names these: {forgotten:#?}");
}

/// A file that no longer fits a head is cut in two. Tests at the end of a file do not count.
const MOST_LINES: usize = 500;

#[test]
fn files_stay_readable() {
    let mut long: Vec<_> = rust()
        .into_iter()
        .filter(|(file, _)| !file.starts_with("tests/"))
        .map(|(file, text)| (text.lines().take_while(|line| *line != "#[cfg(test)]").count(), file))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    long.sort();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines: {long:#?}");
}
