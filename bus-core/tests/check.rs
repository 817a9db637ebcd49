//! What `check` says and how `plan` cuts, with a small catalogue of its own.

use bus_core::{
    catalogue::{Catalogue, Entry, Input, Kind, SettingsProblem},
    check::{check, conform},
    plan::plan,
    workflow::Workflow,
};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

struct Small(Vec<Entry>);

impl Small {
    fn new() -> Self {
        let file = json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "minLength": 1 },
                "rows": { "type": "integer", "minimum": 1 },
                "strict": { "type": "boolean" },
                "names": { "type": "array", "items": { "type": "string" } },
                "format": { "anyOf": [{ "$ref": "#/$defs/Format" }, { "type": "null" }] },
            },
            "required": ["path"],
            "additionalProperties": false,
            "$defs": {
                "Csv": {
                    "type": "object",
                    "properties": { "delimiter": { "type": "string" }, "header": { "type": ["boolean", "null"] } },
                    "additionalProperties": false,
                },
                "Format": { "oneOf": [
                    { "type": "string", "const": "json" },
                    { "type": "string", "enum": ["ndjson", "auto"] },
                    {
                        "type": "object",
                        "properties": { "csv": { "$ref": "#/$defs/Csv" } },
                        "required": ["csv"],
                        "additionalProperties": false,
                    },
                ] },
            },
        });
        let empty = json!({ "type": "object", "properties": {}, "additionalProperties": false });
        let any = json!({ "type": "object" });
        let one: &[Input] = const { &[Input::required("in")] };
        let two: &[Input] =
            const { &[Input { name: "left", required: true, many: false }, Input::optional("right")] };
        let entry = |id, kind, inputs, outputs, schema: &Value| Entry {
            id,
            kind,
            inputs,
            outputs,
            regroups: matches!(id, "sort" | "join"),
            live: id == "mqtt",
            schema: schema.clone(),
        };
        Self(vec![
            entry("file", Kind::Source, &[], &["out"], &file),
            entry("mqtt", Kind::Source, &[], &["out"], &any),
            entry("filter", Kind::Transform, one, &["out", "rest"], &any),
            entry("join", Kind::Transform, two, &["out"], &any),
            entry("sort", Kind::Transform, one, &["out"], &any),
            entry("discard", Kind::Sink, one, &[], &empty),
        ])
    }
}

impl Catalogue for Small {
    fn entry(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.id == id)
    }

    fn ids(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.id).collect()
    }

    fn check_settings(&self, id: &str, settings: &Value) -> Vec<SettingsProblem> {
        self.entry(id).map(|entry| conform(&entry.schema, settings)).unwrap_or_default()
    }
}

fn said(text: &str) -> String {
    match Workflow::load(text) {
        Ok(loaded) => check(&loaded, &Small::new()),
        Err(problems) => problems,
    }
    .iter()
    .map(|problem| format!("{:?} {problem}\n", problem.severity))
    .collect()
}

fn says(text: &str, expected: &Expect) {
    expected.assert_eq(&said(text));
}

#[test]
fn next_to_nothing_to_say() {
    says(
        "
version: 1
parameters:
  place: { default: x.csv }
  least: { type: integer }
  unused_in_settings: { type: integer, default: 1 }
steps:
  - { id: a, connector: file, settings: { path: '${place}', rows: '${least}', format: { csv: { delimiter: ';', header: null } } } }
  - { id: b, connector: filter, settings: { condition: x > params.unused_in_settings } }
  - { id: c, connector: discard }
  - { id: d, connector: discard }
links: [a -> b -> c, b.errors -> d, b.rest -> d]
triggers: [ { schedule: { cron: '@daily', zone: Europe/Paris } }, { upload: { input: a } } ]
",
        &expect![[r#"
            Warning line 13, column 15: triggers[0].schedule: a schedule gives no value to the parameter `least`; give the parameter a default
        "#]],
    );
}

#[test]
fn settings_and_connectors() {
    says(
        "
version: 1
steps:
  - id: a
    connector: fiel
  - id: b
    connector: file
    settings:
      pth: x.csv
      rows: 0
      strict: yes
      names: [a, 1, ~]
      format:
        csv:
          delimitr: ';'
          header: 1
  - id: c
    connector: file
    settings: { path: '', rows: \"3\", names: a, format: ndjsn }
  - id: d
    connector: file
    settings: { path: 1, format: { cvs: {} }, strict: null }
  - id: e
    connector: file
    settings: { path: a, format: csv }
  - { id: sink, connector: discard, settings: { x: 1 } }
links: [a -> sink, b -> sink, c -> sink, d -> sink, e -> sink]
",
        &expect![[r#"
            Error line 5, column 5: step "a": connector: there is no connector `fiel`; did you mean `file`?
            Error line 9, column 7: step "b": settings.pth: unknown field `pth`; did you mean `path`?
            Error line 10, column 7: step "b": settings.rows: at least 1 is needed here, not 0
            Error line 11, column 7: step "b": settings.strict: `true` or `false` is needed here, not a text
            Error line 12, column 18: step "b": settings.names[1]: a text is needed here, not `1`; write it in quotes: "1"
            Error line 12, column 21: step "b": settings.names[2]: a text is needed here, not nothing
            Error line 15, column 11: step "b": settings.format.csv.delimitr: unknown field `delimitr`; did you mean `delimiter`?
            Error line 16, column 11: step "b": settings.format.csv.header: `true` or `false` is needed here, not `1`
            Error line 19, column 17: step "c": settings.path: a text is needed here
            Error line 19, column 27: step "c": settings.rows: a whole number is needed here, not a text; write it without quotes: 3
            Error line 19, column 38: step "c": settings.names: a list is needed here, not a text; write a list: `[…]`, or one `- …` a line
            Error line 19, column 48: step "c": settings.format: unknown choice `ndjsn`; did you mean `ndjson`?
            Error line 22, column 17: step "d": settings.path: a text is needed here, not `1`; write it in quotes: "1"
            Error line 22, column 36: step "d": settings.format.cvs: unknown choice `cvs`; did you mean `csv`?
            Error line 22, column 47: step "d": settings.strict: `true` or `false` is needed here, not nothing
            Error line 25, column 26: step "e": settings.format: `csv` has settings of its own; write `csv: { … }`
            Error line 26, column 49: step "sink": settings.x: unknown field `x`; remove it
        "#]],
    );
}

#[test]
fn ids_links_and_ports() {
    says(
        "
version: 1
steps:
  - { id: a, connector: file, settings: { path: x } }
  - { id: a, connector: discard }
  - { id: 'b c', connector: sort }
  - { id: f, connector: filter }
  - { id: j, connector: join }
  - { id: s, connector: discard }
links:
  - a -> fs
  - a.rset -> f
  - f.rset -> s
  - s -> f
  - f -> a
  - f -> j
  - f -> j.left
  - f -> j.left
  - f.errors -> nowhere-at-all
",
        &expect![[r#"
            Error line 5, column 5: step "a": nothing is linked to its input `in`; link a step to it: `step -> a`
            Error line 5, column 7: step "a": id: there are two steps `a`; the other stands in line 4: rename one
            Error line 6, column 5: step "b c": nothing is linked to its input `in`; link a step to it: `step -> b c`
            Warning line 6, column 5: step "b c": nothing takes the records of this step; link it to a step, or remove it
            Error line 6, column 7: step "b c": id: `b c` cannot be the id of a step; use letters, digits, `-` and `_`
            Error line 8, column 5: step "j": its input `left` takes one link, not 2; bring the links together with `merge` first
            Warning line 8, column 5: step "j": nothing takes the records of this step; link it to a step, or remove it
            Error line 11, column 5: links[0]: there is no step `fs`
            Error line 12, column 5: links[1]: the step `a` has no output `rset`; it has `out`, `errors`
            Error line 13, column 5: links[2]: the step `f` has no output `rset`; it has `out`, `rest`, `errors`
            Error line 14, column 5: links[3]: the step `s` has no output `out`; it has `errors`
            Error line 15, column 5: links[4]: the step `a` has no input `in`; a source takes no records: link from it
            Error line 15, column 5: links[4]: the steps lead in a circle: a -> f -> a; remove one of these links
            Error line 16, column 5: links[5]: the step `j` has no input `in`; it has `left`, `right`
            Warning line 18, column 5: links[7]: this link is here twice: its records would come twice; remove one
            Error line 19, column 5: links[8]: there is no step `nowhere-at-all`
        "#]],
    );
}

#[test]
fn cycles_and_steps_nobody_reaches() {
    says(
        "
version: 1
steps:
  - { id: a, connector: file, settings: { path: x } }
  - { id: b, connector: filter }
  - { id: c, connector: sort }
  - { id: d, connector: filter }
  - { id: after, connector: discard }
  - { id: lonely, connector: sort }
  - { id: behind, connector: discard }
links:
  - a -> b -> c -> d -> b
  - d -> after
  - lonely -> behind
",
        &expect![[r#"
            Error line 9, column 5: step "lonely": nothing is linked to its input `in`; link a step to it: `step -> lonely`
            Error line 10, column 5: step "behind": no record can reach this step: no source leads to it; link it to a step that comes after a source, or remove it
            Error line 12, column 5: links[0]: the steps lead in a circle: b -> c -> d -> b; remove one of these links
        "#]],
    );
}

#[test]
fn parameters_and_triggers() {
    says(
        "
version: 1
parameters:
  region: { default: Bretagne }
  year: { type: integer, default: x }
  kind: { choices: [a, b], default: c }
steps:
  - { id: a, connector: file, settings: { path: '${regoin}/${nothing_like_it}/${year}' } }
  - { id: b, connector: filter, settings: { condition: 'x == params.knd && y == params[\"other\"]' } }
  - { id: c, connector: discard }
links: [a -> b -> c]
triggers:
  - schedule: { cron: 0 6 * *, zone: Europe/Pariss }
  - schedule: { cron: 61 6 * * * }
  - upload: { input: b }
  - http: { input: z }
",
        &expect![[r#"
            Warning line 4, column 3: parameters.region: the parameter `region` is never used; write `${region}` in a setting, or remove it
            Error line 5, column 26: parameters.year.default: `x` is not a whole number
            Warning line 6, column 3: parameters.kind: the parameter `kind` is never used; write `${kind}` in a setting, or remove it
            Error line 6, column 28: parameters.kind.default: `c` is not one of `a`, `b`
            Error line 8, column 43: step "a": settings.path: there is no parameter `regoin`; did you mean `region`?
            Error line 8, column 43: step "a": settings.path: there is no parameter `nothing_like_it`; declare it under `parameters`, or write `$${nothing_like_it}` for the text itself
            Warning line 9, column 33: step "b": settings: `params.knd` is used, but there is no parameter `knd`; did you mean `kind`?
            Warning line 9, column 33: step "b": settings: `params.other` is used, but there is no parameter `other`; declare it under `parameters`
            Error line 13, column 17: triggers[0].schedule.cron: `0 6 * *` has 4 fields, not five; write minute, hour, day, month and day of the week, such as `0 6 * * 1-5`
            Error line 13, column 32: triggers[0].schedule.zone: there is no time zone `Europe/Pariss`; did you mean `Europe/Paris`?
            Error line 14, column 17: triggers[1].schedule.cron: `61` is not a time: numbers from 0 to 59, `*`, `a-b`, `*/n`; write minute, hour, day, month and day of the week, such as `0 6 * * 1-5`
            Error line 15, column 15: triggers[2].upload.input: the step `b` is not a source
            Error line 16, column 13: triggers[3].http.input: there is no step `z`
        "#]],
    );
}

#[test]
fn stages() {
    let text = "
version: 1
steps:
  - { id: a, connector: file, settings: { path: x } }
  - { id: f, connector: filter }
  - { id: g, connector: filter }
  - { id: s, connector: sort }
  - { id: t, connector: filter }
  - { id: b, connector: file, settings: { path: x } }
  - { id: j, connector: join }
  - { id: end, connector: discard }
  - { id: also, connector: discard }
  - { id: bad, connector: discard }
links:
  - a -> f -> g -> s -> t
  - t -> j.left
  - b -> j.right
  - j -> end
  - j -> also
  - f.errors -> bad
  - g.errors -> bad
";
    let loaded = Workflow::load(text).unwrap();
    let plan = plan(&loaded.workflow, &Small::new());
    expect![[r#"
        stage 1: a (file) -> f (filter) -> g (filter)
        stage 2: s (sort) -> t (filter) [all parts together]
          from stage 1: g -> s
        stage 3: b (file)
        stage 4: j (join) [all parts together]
          from stage 2: t -> j.left
          from stage 3: b -> j.right
        stage 5: end (discard)
          from stage 4: j -> end
        stage 6: also (discard)
          from stage 4: j -> also
        stage 7: bad (discard)
          from stage 1: f.errors -> bad
          from stage 1: g.errors -> bad
    "#]]
    .assert_eq(&plan.text(bus_core::Language::En));
}

#[test]
fn an_empty_workflow_is_only_warned_of() {
    says(
        "version: 1",
        &expect![[r#"
            Warning line 1, column 1: steps: the workflow has no steps
        "#]],
    );
}

#[test]
fn what_is_listened_for_needs_a_source_that_listens() {
    says(
        "
version: 1
triggers:
  - live: {}
steps:
  - { id: a, connector: file, settings: { path: x } }
  - { id: m, connector: mqtt, disabled: true }
  - { id: d, connector: discard }
links:
  - a -> d
",
        &expect![[r#"
            Error line 4, column 5: triggers[0].live: no step of the workflow listens: no message will ever arrive; add a source that messages arrive at, such as MQTT, or remove the trigger
        "#]],
    );
    says(
        "
version: 1
parameters:
  place: { type: text }
triggers:
  - live: { messages: 0, seconds: 4000 }
  - live: {}
steps:
  - { id: m, connector: mqtt, settings: { place: \"${place}\" } }
  - { id: d, connector: discard }
links:
  - m -> d
",
        &expect![[r#"
            Warning line 6, column 5: triggers[0].live: a message gives no value to the parameter `place`; give the parameter a default
            Error line 6, column 13: triggers[0].live.messages: this is to be between 1 and 10000
            Error line 6, column 26: triggers[0].live.seconds: this is to be between 1 and 3600
            Error line 7, column 5: triggers[1].live: a workflow listens once: there is a trigger for arriving messages already; remove one of them
            Warning line 7, column 5: triggers[1].live: a message gives no value to the parameter `place`; give the parameter a default
        "#]],
    );
}
