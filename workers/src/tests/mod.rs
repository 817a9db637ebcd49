mod odd;

use crate::{Outcome, RunOptions, RunReport};
use bus_core::{Language, workflow::Workflow};
use connectors::contract::Connector;
use serde_json::{Value as Json, json};
use std::{fs, path::Path, time::Duration};

fn find(id: &str) -> Option<&'static Connector> {
    odd::ALL.iter().copied().find(|connector| connector.id() == id).or_else(|| connectors::connector(id))
}

fn workflow(steps: &[(&str, &str, Json)], links: &[&str]) -> Workflow {
    let steps: Vec<Json> = steps
        .iter()
        .map(|(id, connector, settings)| json!({ "id": id, "connector": connector, "settings": settings }))
        .collect();
    serde_json::from_value(json!({ "version": 1, "steps": steps, "links": links })).unwrap()
}

fn options(folder: &Path) -> RunOptions {
    fs::create_dir_all(folder.join("scratch")).unwrap();
    RunOptions { folder: folder.to_owned(), scratch: folder.join("scratch"), ..RunOptions::default() }
}

fn run(workflow: &Workflow, options: RunOptions) -> RunReport {
    let scratch = options.scratch.clone();
    let running =
        async { tokio::time::timeout(Duration::from_secs(20), crate::run(workflow, find, options)).await };
    let report = crate::runtime(Some(2)).unwrap().block_on(running).expect("the run hangs");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "the scratch folder stays");
    report
}

fn records(count: usize) -> Json {
    json!({ "records": (0..count).map(|number| json!({ "number": number })).collect::<Vec<_>>() })
}

#[test]
fn records_flow_to_every_branch_and_back_together() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(
        &[
            ("in", "records", records(20_000)),
            ("first", "limit", json!({ "records": 10 })),
            ("all", "file-out", json!({ "path": "all.ndjson" })),
            ("some", "file-out", json!({ "path": "some.ndjson" })),
        ],
        &["in -> first -> some", "in -> all", "in -> some"],
    );
    let report = run(&workflow, options(folder.path()));
    assert!(report.succeeded(), "{}", report.text(Language::En));
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!((lines("all.ndjson"), lines("some.ndjson")), (20_000, 20_010));
    assert_eq!(report.step("some").unwrap().receipt.as_ref().unwrap().written, 20_010);
    assert_eq!(report.step("first").unwrap().counts.records_out, 10);
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["outcome"], "done");
    assert_eq!(report["steps"][2]["receipt"]["target"], "all.ndjson");
}

#[test]
fn two_branches_of_one_source_may_be_joined() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(
        &[
            ("in", "records", records(50_000)),
            ("same", "limit", json!({ "records": 50_000 })),
            ("both", "right-then-left", json!({})),
            ("out", "discard", json!({})),
        ],
        &["in -> both.left", "in -> same", "same -> both.right", "both -> out"],
    );
    let report = run(&workflow, options(folder.path()));
    assert_eq!(report.step("out").unwrap().receipt.as_ref().unwrap().written, 100_000);
    assert_eq!(report.step("both").unwrap().counts.spilled, 0);

    let mut tight = options(folder.path());
    tight.limits.step_memory = 1 << 16;
    let report = run(&workflow, tight);
    assert_eq!(report.step("out").unwrap().receipt.as_ref().unwrap().written, 100_000);
    assert!(report.step("both").unwrap().counts.spilled > 0);

    let mut tighter = options(folder.path());
    (tighter.limits.step_memory, tighter.limits.spill_bytes) = (1 << 16, 1 << 10);
    let report = run(&workflow, tighter);
    assert_eq!(report.step("both").unwrap().outcome, Outcome::Failed, "{}", report.text(Language::En));
}

#[test]
fn refused_records_without_a_link_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(
        &[("in", "records", records(3_000)), ("no", "refuse", json!({})), ("out", "discard", json!({}))],
        &["in -> no -> out"],
    );
    let mut options = options(folder.path());
    options.errors_folder = Some(folder.path().join("errors"));
    options.kept_errors = 3;
    options.language = Language::Fr;
    let report = run(&workflow, options);
    let errors = &report.step("no").unwrap().errors;
    assert_eq!((errors.count, errors.first.len()), (3_000, 3));
    assert_eq!(errors.first[1]["record"], json!({ "number": 1 }));
    assert_eq!(errors.first[1]["step"], "no");
    assert_eq!(report.kept_errors(), 3_000);
    assert_eq!(fs::read_to_string(folder.path().join("errors/no.ndjson")).unwrap().lines().count(), 3_000);
    assert!(report.text(Language::Fr).contains("refusés et conservés : 3000"));
}

#[test]
fn refused_records_go_where_a_link_leads() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(
        &[
            ("in", "records", records(3_000)),
            ("no", "refuse", json!({})),
            ("out", "file-out", json!({ "path": "refused.ndjson" })),
        ],
        &["in -> no", "no.errors -> out"],
    );
    let report = run(&workflow, options(folder.path()));
    assert_eq!(report.kept_errors(), 0);
    assert_eq!(report.step("no").unwrap().counts.errors, 3_000);
    assert_eq!(fs::read_to_string(folder.path().join("refused.ndjson")).unwrap().lines().count(), 3_000);
}

#[test]
fn a_step_that_fails_or_panics_ends_the_run_and_nothing_half_made_stays() {
    for (connector, words) in [("fail", "step `bad`: no more"), ("break", "step `bad`: the step broke down")]
    {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("out.ndjson"), "before").unwrap();
        let workflow = workflow(
            &[
                ("in", "endless", json!({})),
                ("bad", connector, json!({})),
                ("out", "file-out", json!({ "path": "out.ndjson" })),
                ("other", "file-out", json!({ "path": "other.ndjson" })),
            ],
            &["in -> bad -> out", "in -> other"],
        );
        let report = run(&workflow, options(folder.path()));
        assert_eq!(report.outcome, Outcome::Failed);
        let failure = report.step("bad").unwrap().error.as_ref().unwrap();
        assert!(failure.text.starts_with(words), "{}", failure.text);
        assert_eq!(report.step("out").unwrap().outcome, Outcome::Cancelled);
        assert_eq!(fs::read_to_string(folder.path().join("out.ndjson")).unwrap(), "before");
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["out.ndjson", "scratch"]);
    }
}

#[test]
fn a_cancelled_run_ends_soon_even_if_a_step_does_not_listen() {
    for source in ["endless", "deaf"] {
        let folder = tempfile::tempdir().unwrap();
        let workflow = workflow(
            &[("in", source, json!({})), ("out", "file-out", json!({ "path": "out.ndjson" }))],
            &["in -> out"],
        );
        let options = options(folder.path());
        let cancel = options.cancel.clone();
        let stop = std::thread::spawn(move || {
            #[expect(clippy::disallowed_methods, reason = "a thread of its own")]
            std::thread::sleep(Duration::from_millis(200));
            cancel.cancel();
        });
        let report = run(&workflow, options);
        stop.join().unwrap();
        assert_eq!(report.outcome, Outcome::Cancelled);
        assert!(report.seconds < 2.0, "{}", report.seconds);
        assert!(!folder.path().join("out.ndjson").exists());
    }
}

#[test]
fn nothing_runs_behind_what_has_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("a.ndjson", "{\"a\":1}\n");
    write("b.ndjson", "{\"b\":1}\n");
    let workflow = workflow(
        &[
            ("a", "file", json!({ "path": "a.ndjson" })),
            ("b", "file", json!({ "path": "b.ndjson" })),
            ("out", "file-out", json!({ "path": "out.ndjson" })),
        ],
        &["a -> out", "b -> out"],
    );
    let remembering =
        || RunOptions { memory_file: Some(folder.path().join("memory.json")), ..options(folder.path()) };
    let out = || {
        let text = fs::read_to_string(folder.path().join("out.ndjson")).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(run(&workflow, remembering()).outcome, Outcome::Done);
    assert_eq!(out(), ["{\"a\":1}", "{\"b\":1}"]);
    fs::remove_file(folder.path().join("out.ndjson")).unwrap();
    let report = run(&workflow, remembering());
    assert_eq!(report.outcome, Outcome::Unchanged, "{}", report.text(Language::En));
    assert!(out().is_empty());
    write("b.ndjson", "{\"b\":22}\n");
    assert_eq!(run(&workflow, remembering()).outcome, Outcome::Done);
    assert_eq!(out(), ["{\"a\":1}", "{\"b\":22}"], "what is joined with a change is read again");
    assert_eq!(run(&workflow, options(folder.path())).outcome, Outcome::Done, "without memory all is read");
}

#[test]
fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let text = |steps: &[(&str, &str, Json)], links: &[&str]| {
        let report = run(&workflow(steps, links), options(folder.path()));
        assert_eq!(report.outcome, Outcome::Failed);
        report.error.unwrap().text
    };
    let limit = json!({ "records": 1 });
    assert_eq!(
        text(
            &[("a", "limit", limit.clone()), ("b", "limit", limit.clone()), ("c", "discard", json!({}))],
            &["a -> b", "b -> a", "b -> c"]
        ),
        "the links make a cycle: a, b, c"
    );
    assert_eq!(text(&[("a", "limti", limit.clone())], &[]), "step `a`: there is no connector `limti`");
    assert!(text(&[("a", "limit", json!({ "records": "x" }))], &[]).starts_with("step `a`: records: "));
    assert!(text(&[("a", "limit", limit)], &["a -> b"]).contains("the port `b.in`, which does not exist"));
}

#[test]
fn wrong_settings_come_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(&[("a", "limit", json!({ "records": 1, "frmo": 2 }))], &[]);
    let report = run(&workflow, options(folder.path()));
    let error = report.error.unwrap().error;
    let said = "step `a`: frmo: unknown field `frmo`; ";
    assert!(error.text(Language::En).starts_with(said), "{}", error.text(Language::En));
    let said = "étape `a`: frmo: champ inconnu `frmo` ; ";
    assert!(error.text(Language::Fr).starts_with(said), "{}", error.text(Language::Fr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    // the child may write files up to 1 MB: a real limit of the system, for real files
    const HERE: &str = "tests::a_full_disk_is_told_and_leaves_nothing_half_written";
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the child is told by the environment where to write")]
    if let Ok(folder) = std::env::var("WRITE_UNTIL_FULL") {
        let workflow = workflow(
            &[("in", "endless", json!({})), ("out", "file-out", json!({ "path": "out.ndjson" }))],
            &["in -> out"],
        );
        let report = run(&workflow, options(Path::new(&folder)));
        println!("{}", report.step("out").unwrap().error.as_ref().unwrap().text);
        return;
    }
    fs::write(folder.path().join("out.ndjson"), "before").unwrap();
    let program = std::env::current_exe().unwrap();
    let script =
        format!("ulimit -f 1024; trap '' XFSZ; exec {} --exact {HERE} --nocapture", program.display());
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .env("WRITE_UNTIL_FULL", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("step `out`: out.ndjson: the file would grow beyond what the system allows"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(folder.path().join("out.ndjson")).unwrap(), "before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "only the old file and the scratch folder");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
        .arg(folder.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: only root may mount");
        return;
    }
    let workflow = workflow(
        &[("in", "endless", json!({})), ("out", "file-out", json!({ "path": "out.ndjson" }))],
        &["in -> out"],
    );
    let report = run(&workflow, options(folder.path()));
    let text = report.step("out").unwrap().error.as_ref().unwrap().text.clone();
    let left = fs::read_dir(folder.path()).unwrap().count();
    let unmounted = std::process::Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(text, "step `out`: out.ndjson: the disk is full: make room, or write elsewhere");
    assert_eq!(left, 1, "only the scratch folder");
}
