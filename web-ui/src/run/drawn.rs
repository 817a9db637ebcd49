//! The panel of a run and the table of what was refused, drawn without a browser.

use super::{RunPanel, Running, refused::RefusedRecords};
use crate::{
    editor::catalogue_of_all as catalogue,
    testing::{count, drawn},
};
use bus_core::{
    Language,
    api::{
        Failure, RunDetail, RunStatus, RunSummary, StartedBy, StepCounts, StepOutcome, StepRun, Table, Time,
    },
    error::Fault,
    loss::{Loss, LossReport},
    workflow::{Step, Workflow},
};
use serde_json::json;
use std::collections::BTreeMap;
use yew::prelude::*;

/// Why something was lost; none of the bus’s own texts.
const REASON: &str = "an empty cell says the same";

fn summary(status: RunStatus) -> RunSummary {
    RunSummary {
        id: "r".to_owned(),
        workflow: "w".to_owned(),
        revision: 1,
        status,
        by: StartedBy::Person("Ada".to_owned()),
        accepted: Time(0),
        ended: None,
        written: 0,
        refused: 0,
    }
}

fn step(id: &str, outcome: StepOutcome, errors: u64) -> StepRun {
    let ports = BTreeMap::from([("out".to_owned(), 1_200), ("errors".to_owned(), errors)]);
    StepRun {
        id: id.to_owned(),
        counts: StepCounts { outcome, records_out: 1_200, errors, ports, ..StepCounts::default() },
        written: None,
        target: None,
        losses: LossReport::default(),
        error: None,
        kept: BTreeMap::new(),
    }
}

fn detail(status: RunStatus, steps: Vec<StepRun>) -> RunDetail {
    let mut document = Workflow::new("Towns");
    for (id, connector) in [("read", "file"), ("write", "file-out")] {
        document.steps.push(Step { id: id.to_owned(), connector: connector.to_owned(), ..Step::default() });
    }
    RunDetail {
        summary: summary(status),
        document,
        parameters: serde_json::Map::new(),
        steps,
        error: None,
        cpu_seconds: 0.1,
        kept_until: Time(0),
    }
}

async fn panel(language: Language, detail: RunDetail) -> String {
    let running = Running::of(detail);
    let html = html! {
        <RunPanel {running} catalogue={catalogue()} chosen={None::<String>} show={Callback::noop()} again={Callback::noop()} />
    };
    drawn(language, html).await
}

#[tokio::test]
async fn a_run_tells_what_every_step_did_and_what_it_could_not_keep() {
    let mut write = step("write", StepOutcome::Done, 0);
    write.written = Some(1_197);
    write.target = Some("/data/towns".to_owned());
    write.losses.add("people", Loss::Approximated, REASON, 1_003);
    let html =
        panel(Language::En, detail(RunStatus::Succeeded, vec![step("read", StepOutcome::Done, 3), write]))
            .await;
    assert!(html.contains("Succeeded") && html.contains("by Ada"), "{html}");
    assert!(html.contains("3 refused") && html.contains("1,197 written"), "{html}");
    assert!(html.contains(r#"<a href="/data/towns">"#), "{html}");
    assert!(html.contains("<code>people</code>") && html.contains("approximated × 1,003"), "{html}");
    assert!(html.contains(REASON), "{html}");
    assert_eq!(count(&html, r#"class="chip bad""#), 1, "only where something was refused: {html}");
}

#[tokio::test]
async fn a_run_can_be_stopped_while_it_goes_on_and_resumed_after_it_failed() {
    let html =
        panel(Language::Fr, detail(RunStatus::Running, vec![step("read", StepOutcome::Running, 0)])).await;
    assert!(html.contains("Arrêter") && !html.contains("Reprendre"), "{html}");
    let mut failed = step("read", StepOutcome::Failed, 0);
    failed.error =
        Some(Failure { fault: Fault::Remote, retry: true, text: "le disque est plein".to_owned() });
    let html = panel(Language::Fr, detail(RunStatus::Failed, vec![failed])).await;
    assert!(html.contains("Reprendre") && !html.contains("Arrêter"), "{html}");
    assert!(html.contains("le disque est plein"), "{html}");
}

fn refused() -> Table {
    let row = json!({ "record": { "people": "many" }, "reason": "not a number", "field": "people", "line": 12, "column": 4 });
    Table { columns: Vec::new(), rows: vec![row], from: 0, kept: 1, total: 1 }
}

#[tokio::test]
async fn what_was_refused_has_its_place_and_reason_and_can_be_mended() {
    let html = html! { <RefusedRecords run={summary(RunStatus::Succeeded)} step="read" source=false table={refused()} readonly=false /> };
    let html = drawn(Language::En, html).await;
    for told in [
        "line 12, column 4",
        "not a number",
        "{&quot;people&quot;:&quot;many&quot;}",
        "Mend",
        "Replay all as they were",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let html = html! { <RefusedRecords run={summary(RunStatus::Succeeded)} step="read" source=false table={refused()} readonly=true /> };
    let html = drawn(Language::En, html).await;
    assert!(!html.contains("<button"), "a reader changes nothing: {html}");
}
