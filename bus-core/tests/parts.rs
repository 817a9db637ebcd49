//! Whether a run is one task or is done in parts, and in which: with a small catalogue of its own.

use bus_core::{
    Language,
    catalogue::{Catalogue, Entry, Input, Kind, Parts, SettingsProblem},
    msg,
    plan::{Choice, Extent, Rules, Section, choose, ends, layout, outline},
    workflow::Workflow,
};
use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

struct Small(Vec<Entry>);

impl Small {
    fn new() -> Self {
        const IN: &[Input] = &[Input::required("in")];
        const TWO: &[Input] = &[Input::required("left"), Input::required("right")];
        let entries: [(_, _, &'static [Input], &'static [&'static str]); 8] = [
            ("file", Kind::Source, &[], &["out"]),
            ("filter", Kind::Transform, IN, &["out", "else"]),
            ("sort", Kind::Transform, IN, &["out"]),
            ("once", Kind::Transform, IN, &["out", "duplicates"]),
            ("join", Kind::Transform, TWO, &["out"]),
            ("limit", Kind::Transform, IN, &["out"]),
            ("profile", Kind::Transform, IN, &["out"]),
            ("discard", Kind::Sink, IN, &[]),
        ];
        let entry = |(id, kind, inputs, outputs)| Entry {
            id,
            kind,
            inputs,
            outputs,
            regroups: !matches!(id, "file" | "filter" | "discard"),
            live: false,
            schema: json!(true),
        };
        Self(entries.into_iter().map(entry).collect())
    }
}

impl Catalogue for Small {
    fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }

    fn ids(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.id).collect()
    }

    fn check_settings(&self, _: &str, _: &Value) -> Vec<SettingsProblem> {
        Vec::new()
    }

    fn parts(&self, id: &str, settings: &Value) -> Parts {
        match id {
            "filter" => Parts::Each,
            "sort" | "once" => Parts::Twice,
            "join" if settings["kind"] == "full" => Parts::Whole,
            "join" => Parts::Beside("right"),
            "limit" => Parts::Start,
            _ => Parts::Whole,
        }
    }
}

fn workflow(steps: &str, links: &[&str]) -> Workflow {
    let step = |text: &str| {
        let (id, connector) = text.split_once(':').unwrap_or((text, text));
        match connector.strip_prefix("full-") {
            Some(connector) => json!({ "id": id, "connector": connector, "settings": { "kind": "full" } }),
            None => json!({ "id": id, "connector": connector }),
        }
    };
    let steps: Vec<Value> = steps.split(' ').map(step).collect();
    serde_json::from_value(json!({ "version": 1, "steps": steps, "links": links })).expect("a workflow")
}

fn laid_out(workflow: &Workflow, parts: &[(&str, u32)], expected: &Expect) {
    let parts = parts.iter().map(|(step, parts)| ((*step).to_owned(), *parts)).collect();
    let sections = layout(workflow, (&Small::new(), &Map::new()), &parts);
    for (place, section) in sections.iter().enumerate() {
        assert!(section.takes.iter().all(|take| (take.section as usize) < place), "{sections:#?}");
        let text = serde_json::to_value(section).expect("written");
        assert_eq!(&serde_json::from_value::<Section>(text).expect("read"), section);
    }
    expected.assert_eq(&Section::text(&sections, workflow, Language::En));
}

#[test]
fn all_that_streams_is_done_with_each_part_of_the_source() {
    let links = ["a -> f -> g -> s -> h -> end", "f.else -> i -> also", "g.errors -> bad", "s.errors -> bad"];
    let document = workflow(
        "a:file f:filter g:filter s:sort h:filter end:discard i:filter also:discard bad:discard",
        &links,
    );
    laid_out(
        &document,
        &[("a", 6)],
        &expect![[r#"
            stage 1: a (file) -> f (filter) -> g (filter) -> s (sort), each part -> i (filter) [in 6 parts]
            stage 2: s (sort), of the parts -> h (filter) -> end (discard) [all parts together]
              from stage 1: s -> s
            stage 3: also (discard) [all parts together]
              from stage 1: i -> also
            stage 4: bad (discard) [all parts together]
              from stage 1: g.errors -> bad
              from stage 1: s.errors -> bad
              from stage 2: s.errors -> bad
        "#]],
    );
}

#[test]
fn a_join_stands_beside_each_part() {
    let links = ["a -> j.left", "b -> f -> j.right", "j -> once -> end"];
    let document = workflow("a:file b:file f:filter j:join once end:discard", &links);
    laid_out(
        &document,
        &[("a", 4)],
        &expect![[r#"
            stage 1: b (file) -> f (filter)
            stage 2: a (file) -> j (join) -> once (once), each part [in 4 parts]
              from stage 1: f -> j.right
            stage 3: once (once), of the parts -> end (discard) [all parts together]
              from stage 2: once -> once
        "#]],
    );
    // each part of the one waits for the whole of the other
    laid_out(
        &document,
        &[("a", 4), ("b", 2)],
        &expect![[r#"
            stage 1: b (file) -> f (filter) [in 2 parts]
            stage 2: a (file) -> j (join) -> once (once), each part [in 4 parts]
              from stage 1: f -> j.right
            stage 3: once (once), of the parts -> end (discard) [all parts together]
              from stage 2: once -> once
        "#]],
    );
}

#[test]
fn what_waits_for_itself_is_done_together() {
    let document = workflow(
        "a:file s:sort j:join k:full-join b:file end:discard",
        &["a -> j.left", "a -> s -> j.right", "j -> k.left", "b -> k.right", "k -> end"],
    );
    laid_out(
        &document,
        &[("a", 4)],
        &expect![[r#"
            stage 1: a (file) -> s (sort), each part [in 4 parts]
            stage 2: s (sort), of the parts [all parts together]
              from stage 1: s -> s
            stage 3: j (join) [all parts together]
              from stage 1: a -> j.left
              from stage 2: s -> j.right
            stage 4: b (file)
            stage 5: k (join) -> end (discard) [all parts together]
              from stage 3: j -> k.left
              from stage 4: b -> k.right
        "#]],
    );
}

#[test]
fn two_sources_may_not_wait_for_each_other() {
    let document = workflow(
        "a:file b:file j:join k:join end:discard also:discard",
        &["a -> j.left", "b -> j.right", "b -> k.left", "a -> k.right", "j -> end", "k -> also"],
    );
    laid_out(
        &document,
        &[("a", 2), ("b", 2)],
        &expect![[r#"
            stage 1: b (file) [in 2 parts]
            stage 2: a (file) -> j (join) [in 2 parts]
              from stage 1: b -> j.right
            stage 3: k (join) -> also (discard) [all parts together]
              from stage 1: b -> k.left
              from stage 2: a -> k.right
            stage 4: end (discard) [all parts together]
              from stage 2: j -> end
        "#]],
    );
}

#[test]
fn duplicates_that_somebody_takes_have_an_order() {
    let document =
        workflow("a:file once end:discard more:discard", &["a -> once -> end", "once.duplicates -> more"]);
    laid_out(
        &document,
        &[("a", 2)],
        &expect![[r#"
            stage 1: a (file) [in 2 parts]
            stage 2: once (once) [all parts together]
              from stage 1: a -> once
            stage 3: end (discard) [all parts together]
              from stage 2: once -> end
            stage 4: more (discard) [all parts together]
              from stage 2: once.duplicates -> more
        "#]],
    );
}

#[test]
fn without_parts_chunks_are_streamed() {
    let document = workflow(
        "a:file f:filter g:filter s:sort end:discard also:discard",
        &["a -> f", "f -> g -> end", "f -> s -> also"],
    );
    laid_out(
        &document,
        &[],
        &expect![[r#"
            stage 1: a (file) -> f (filter)
            stage 2: g (filter) [chunk by chunk]
              from stage 1: f -> g
            stage 3: s (sort) -> also (discard) [all parts together]
              from stage 1: f -> s
            stage 4: end (discard) [all parts together]
              from stage 2: g -> end
        "#]],
    );
}

fn chosen(workflow: &Workflow, extents: &[(&str, u64)]) -> Choice {
    let extent = |bytes| Extent { bytes, undivided: None };
    let mut extents: BTreeMap<String, Extent> =
        extents.iter().map(|(step, bytes)| ((*step).to_owned(), extent(*bytes))).collect();
    if let Some(packed) = extents.get_mut("packed") {
        packed.undivided = Some(msg!("{problem}", problem = "it is packed"));
    }
    choose(workflow, (&Small::new(), &Map::new()), &extents, Rules::default())
}

#[test]
fn large_sources_are_read_in_parts_where_that_wins_something() {
    let document = workflow(
        "small:file big:file packed:file unknown:file plain:file first:file f:filter g:filter h:filter i:filter \
         j:filter limit all:profile",
        &[
            "small -> f",
            "big -> g",
            "packed -> h",
            "unknown -> i",
            "first -> j -> limit",
            "f -> all",
            "g -> all",
            "h -> all",
            "i -> all",
            "plain -> all",
            "limit -> all",
        ],
    );
    let extents = [
        ("small", 2_000_000),
        ("big", 129_000_000),
        ("packed", 1 << 40),
        ("plain", 1 << 40),
        ("first", 1 << 40),
    ];
    let choice = chosen(&document, &extents);
    assert_eq!(choice.parts, BTreeMap::from([("big".to_owned(), 12)]));
    expect![[r#"
        a run is done in parts:
          small: 2 MB, less than the 33 MB from which on parts pay
          big: 129 MB, in 12 parts
          packed: it is packed
          unknown: how much it brings shows only while it is read
          plain: nothing is done with its records before all are needed together
          first: `limit` wants the first records only
    "#]]
    .assert_eq(&choice.text(Language::En));
}

#[test]
fn the_outline_says_what_is_done_in_parts() {
    let document = workflow("big:file f:filter s:sort end:discard", &["big -> f -> s -> end"]);
    let outline = |bytes, language| {
        let planned: (&dyn Catalogue, _) = (&Small::new(), &Map::new());
        outline(&document, planned, &chosen(&document, &[("big", bytes)]), language)
    };
    expect![[r#"
        stage 1: big (file) -> f (filter)
        stage 2: s (sort) -> end (discard) [all parts together]
          from stage 1: f -> s
        a run is one task:
          big: 999 bytes, less than the 33 MB from which on parts pay
    "#]]
    .assert_eq(&outline(999, Language::En));
    expect![[r#"
        phase 1 : big (file) -> f (filter) -> s (sort), chaque partie [en 84 parties]
        phase 2 : s (sort), des parties -> end (discard) [toutes les parties ensemble]
          depuis la phase 1 : s -> s
        une exécution se fait en parties :
          big : 700 Mo, en 84 parties
    "#]]
    .assert_eq(&outline(700_000_000, Language::Fr));
}

#[test]
fn parts_are_as_many_as_several_workers_share_evenly() {
    let document = workflow("big:file f:filter end:discard", &["big -> f -> end"]);
    for (mebibytes, parts) in [
        (31, 0),
        (32, 4),
        (33, 6),
        (48, 6),
        (49, 12),
        (136, 12),
        (137, 24),
        (600, 72),
        (1_600, 192),
        (99_999, 192),
    ] {
        let choice = chosen(&document, &[("big", mebibytes << 20)]);
        assert_eq!(choice.parts.get("big").copied().unwrap_or(0), parts, "{mebibytes} MiB");
    }
}

#[test]
fn steps_of_different_labels_are_done_apart_and_not_in_parts() {
    let mut document = workflow("big:file f:filter s:sort end:discard", &["big -> f -> s -> end"]);
    "lab".clone_into(&mut document.steps[1].label);
    let choice = chosen(&document, &[("big", 700_000_000)]);
    assert!(choice.parts.is_empty() && !choice.is_whole());
    expect![[r#"
        stage 1: big (file)
        stage 2: f (filter) [chunk by chunk]
          from stage 1: big -> f
        stage 3: s (sort) -> end (discard) [all parts together]
          from stage 2: f -> s
        each label has its own tasks:
          big: its records go to workers of different labels, chunk by chunk
    "#]]
    .assert_eq(&outline(&document, (&Small::new(), &Map::new()), &choice, Language::En));
}

#[test]
fn many_parts_get_smaller_towards_the_end_and_few_are_alike() {
    let sizes = |total, parts| -> Vec<u64> {
        let mut before = 0;
        ends(total, parts).map(|end| end - std::mem::replace(&mut before, end)).collect()
    };
    assert_eq!(sizes(100, 4), [25, 25, 25, 25]);
    assert_eq!(
        sizes(28_800, 12),
        [3_500, 3_300, 3_100, 2_900, 2_700, 2_500, 2_300, 2_100, 1_900, 1_700, 1_500, 1_300]
    );
    assert_eq!((sizes(3, 6), sizes(0, 6)), (vec![1, 1, 1], vec![]), "none is empty");
    for (total, parts) in [(7, 24), (1 << 50, 192), (u64::MAX, 192), (12_345, 12)] {
        let sizes = sizes(total, parts);
        assert_eq!(sizes.iter().sum::<u64>(), total);
        assert!(sizes.len() <= 192 && sizes.iter().all(|size| *size > 0));
    }
}
