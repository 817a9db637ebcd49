//! The canvas and the palette, drawn without a browser.

use super::{Canvas, Palette, tests::catalogue};
use crate::testing::{count, drawn};
use bus_core::{
    Language,
    api::{Finding, Severity, StepCounts, StepOutcome},
    workflow::{Link, Port, Step, Workflow},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use yew::prelude::*;

fn document() -> Rc<Workflow> {
    let mut document = Workflow::new("Towns");
    for (id, connector, name) in [("read", "file", "Towns"), ("keep", "filter", ""), ("end", "discard", "")] {
        let (id, connector, name) = (id.to_owned(), connector.to_owned(), name.to_owned());
        document.steps.push(Step { id, connector, name, ..Step::default() });
    }
    document.links = vec![
        Link::between("read", "keep"),
        Link::new(Port::new("keep", "out"), Port::new("end", "in")),
        Link::new(Port::new("read", "errors"), Port::new("end", "in")),
    ];
    Rc::new(document)
}

fn canvas(document: Rc<Workflow>) -> Html {
    html! {
        <Canvas {document} catalogue={catalogue()} chosen={BTreeSet::from(["keep".to_owned()])}
            dispatch={Callback::noop()} show={Callback::noop()} dropped={Callback::noop()} />
    }
}

#[tokio::test]
async fn the_canvas_has_every_step_with_its_ports_and_every_link() {
    let html = drawn(Language::En, canvas(document())).await;
    assert_eq!(count(&html, "data-step="), 3, "{html}");
    assert_eq!((count(&html, r#"class="link "#), count(&html, r#"class="link""#)), (3, 0), "{html}");
    // what a step is called, or else its connector
    assert!(html.contains(r#"<span class="step-name">Towns</span>"#), "{html}");
    assert!(html.contains(r#"<span class="step-name">Filter</span>"#), "{html}");
    assert_eq!(count(&html, r#"aria-pressed="true""#), 1, "the chosen step is told: {html}");
    for port in ["Output", "Otherwise", "Errors"] {
        assert!(html.contains(&format!(r#"aria-label="{port} of Filter: start a link""#)), "{port}: {html}");
    }
    assert!(html.contains(r#"aria-label="Remove the link Towns → Filter""#), "{html}");
    assert_eq!(count(&html, "link errors"), 1, "refused records are drawn apart: {html}");
}

#[tokio::test]
async fn an_empty_canvas_says_what_to_do() {
    let html = drawn(Language::Fr, canvas(Rc::new(Workflow::new("")))).await;
    assert!(html.contains("Un workflow vide") && html.contains("Choisissez un premier connecteur"), "{html}");
}

#[tokio::test]
async fn what_is_wrong_with_a_step_is_told_on_it() {
    let finding = Finding {
        severity: Severity::Error,
        step: Some("keep".to_owned()),
        path: "expression".to_owned(),
        message: "missing".to_owned(),
        advice: String::new(),
    };
    let html = html! {
        <Canvas document={document()} catalogue={catalogue()} chosen={BTreeSet::new()} findings={Rc::new(vec![finding])}
            dispatch={Callback::noop()} show={Callback::noop()} dropped={Callback::noop()} />
    };
    let html = drawn(Language::En, html).await;
    assert_eq!((count(&html, "step wrong"), count(&html, "1 problem<")), (1, 1), "{html}");
}

#[tokio::test]
async fn a_run_has_its_counts_on_the_links_and_cannot_be_changed() {
    let read = StepCounts {
        outcome: StepOutcome::Running,
        records_out: 12_480,
        ports: BTreeMap::from([("out".to_owned(), 12_480), ("errors".to_owned(), 3)]),
        errors: 3,
        ..StepCounts::default()
    };
    let counts = Rc::new(BTreeMap::from([("read".to_owned(), read)]));
    let html = html! {
        <Canvas document={document()} catalogue={catalogue()} chosen={BTreeSet::new()} {counts} readonly=true
            dispatch={Callback::noop()} show={Callback::noop()} dropped={Callback::noop()} />
    };
    let html = drawn(Language::Fr, html).await;
    assert!(html.contains("aria-label=\"12\u{202f}480 enregistrements de Towns vers "), "{html}");
    assert!(html.contains("12,4k"), "where there is little room: {html}");
    assert!(html.contains("link flowing"), "{html}");
    assert!(!html.contains(r#"class="cut""#), "nothing can be removed: {html}");
}

#[tokio::test]
async fn the_palette_has_every_connector_in_its_group() {
    let catalogue = catalogue();
    let all = catalogue.iter().count();
    let html = drawn(Language::En, html! { <Palette {catalogue} add={Callback::noop()} /> }).await;
    assert_eq!(count(&html, r#"class="palette-entry""#), all, "{html}");
    assert_eq!(count(&html, r#"draggable="true""#), all);
    assert!(count(&html, "<h2>") >= 5, "groups have their heads: {html}");
    assert!(html.contains(r#"<label for="palette-search">"#), "{html}");
}
