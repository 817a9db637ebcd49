//! What holds for every expression and every record: no panic, no more work than was paid for, and the same
//! syntax as the other CEL parser.

use super::{Expression, Scope, Template, functions, parser};
use crate::record::{BatchBuilder, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::time::{Duration, Instant};

const FUEL: u64 = 20_000;

/// Far more than the fuel takes in a debug build on a busy machine; without limits, minutes.
const PATIENCE: Duration = Duration::from_secs(20);

fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[a-zé0-9 .:/-]{0,12}".prop_map(Json::from),
        Just(json!("2026-03-28T00:10:00+01:00")),
        Just(json!("1 234,5")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

fn record() -> impl Strategy<Value = Json> {
    prop::collection::vec(("[a-f]", json_value()), 0..6)
        .prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

/// Well-formed expressions over all operators, functions and macros.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-f]",
        Just("record".to_owned()),
        Just("now".to_owned()),
        Just("params.p".to_owned()),
        any::<i32>().prop_map(|int| int.to_string()),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("18446744073709551615u".to_owned()),
        Just("1e308".to_owned()),
        Just("0.0".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        r"'[a-z%.\[(*+)é]{0,6}'",
        Just("timestamp('2026-03-28T00:10:00Z')".to_owned()),
        Just("duration('90s')".to_owned()),
        Just("b'\\xff'".to_owned()),
        Just("[1, 2.5, 'a', null]".to_owned()),
    ];
    let names: Vec<&'static str> = functions().map(super::Function::name).collect();
    leaf.prop_recursive(5, 48, 4, move |inner| {
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||",
        ]);
        let two = (inner.clone(), operator, inner.clone());
        let looped = prop::sample::select(vec!["all", "exists", "exists_one", "map", "filter", "sortBy"]);
        let called = (prop::sample::select(names.clone()), prop::collection::vec(inner.clone(), 0..5));
        prop_oneof![
            two.prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            called.prop_map(|(name, args)| format!("{name}({})", args.join(", "))),
            (inner.clone(), looped, inner.clone())
                .prop_map(|(a, name, b)| format!("({a}).{name}(x, [x, {b}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), "[a-d]").prop_map(|(a, name)| format!("({a}).{name}")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'k': {a}, 'l': {b}}}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("default({a}, {b})")),
        ]
    })
}

fn run(expression: &Expression, record: &Json) -> Duration {
    let mut builder = BatchBuilder::new();
    builder.json(record).unwrap();
    let batch = builder.take();
    let parameters = Map::from_iter([("p".to_owned(), json!([1, "x"]))]);
    let now = Timestamp::parse("2026-03-28T12:00:00Z").unwrap();
    let scope = Scope { record: batch.record(0), parameters: &parameters, now };
    let mut evaluator = expression.evaluator(FUEL);
    let began = Instant::now();
    for _ in 0..2 {
        if let Err(error) = evaluator.write(&scope, &mut builder) {
            assert!(!error.message().to_string().is_empty());
            assert_eq!(builder.len(), 0);
        }
        assert!(builder.size() < 64 << 20, "no more output than was paid for");
        builder.take();
        evaluator.test(&scope).ok();
        evaluator.text(&scope, &mut String::new()).ok();
    }
    began.elapsed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_expression_panics_or_runs_long(source in expression(), record in record()) {
        if let Ok(expression) = source.parse::<Expression>() {
            prop_assert!(run(&expression, &record) < PATIENCE, "{source}");
        }
    }

    #[test]
    fn any_text_is_an_expression_or_a_message(source in "\\PC{0,40}") {
        match source.parse::<Expression>() {
            Ok(expression) => { run(&expression, &json!({"a": 1})); }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        source.parse::<Template>().map_err(|error| error.to_string()).ok();
    }

    /// Ours takes letters of every script in names and a few forms more, so only ASCII tokens are thrown.
    #[test]
    fn the_same_syntax_as_the_other_parser(tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 1..9)) {
        let source = tokens.join(" ");
        let ours = parser::parse(&source).is_ok();
        let theirs = cel::parser::Parser::default().enable_optional_syntax(true).parse(&source).is_ok();
        prop_assert_eq!(ours, theirs, "{}", source);
    }
}

const TOKENS: [&str; 31] = [
    "a", "b.c", "1", "2u", "3.5", "'t'", "b'x'", "r'\\'", "null", "true", "+", "-", "*", "/", "%", "!", "==",
    "<=", ">", "&&", "||", "in", "?", ":", "(", ")", "[", "]", ",", "f(a)", "a.f(1)",
];

/// Each of these would take for ever, or all memory, without a count.
#[test]
fn hungry_expressions_end() {
    let record = json!({"a": (0..1000).collect::<Vec<i32>>(), "t": "a".repeat(10_000)});
    for source in [
        "a.map(x, a.map(y, a.map(z, x + y + z)))",
        "a.all(x, a.all(y, a.all(z, true)))",
        "cel.bind(b, [a, a, a, a], cel.bind(c, [b, b, b, b], cel.bind(d, [c, c, c, c], [d, d, d, d])))",
        "cel.bind(b, [a, a], cel.bind(c, [b, b], cel.bind(d, [c, c], cel.bind(e, [d, d, d, d, d, d], e == [d, d, d, d, d, d]))))",
        "a.map(x, t + t)",
        "a.map(x, replace(t, 'a', t))",
        "a.map(x, replace_all(t, 'a', '$0$0$0$0'))",
        "a.map(x, split(t, ''))",
        "a.map(x, distance(t, t))",
        "lists.range(9223372036854775807)",
        "pad(t, 9223372036854775807)",
        "a.map(x, t.matches(string(x) + '(a|b|ab)*c'))",
        "a.map(x, join(a.map(y, t)))",
        "a.map(x, sort(a))",
        "a.map(x, to_json([a, a, a]))",
        "'%s'.format([[a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]])",
    ] {
        let expression: Expression = source.parse().unwrap();
        assert!(run(&expression, &record) < PATIENCE, "{source}");
        let mut builder = BatchBuilder::new();
        builder.json(&record).unwrap();
        let batch = builder.take();
        let scope = Scope {
            record: batch.record(0),
            parameters: &Map::new(),
            now: Timestamp::at(0, 0, crate::record::Precision::Second),
        };
        let error = expression.evaluator(FUEL).write(&scope, &mut builder).unwrap_err();
        assert!(error.to_string().contains("20000 steps"), "{source}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    for source in [
        "(".repeat(10_000) + "1" + &")".repeat(10_000),
        "!".repeat(60_000) + "true",
        "-".repeat(60_000) + "a",
        "[".repeat(10_000) + &"]".repeat(10_000),
        "a".to_owned() + &".b".repeat(20_000),
        "a".to_owned() + &"+a".repeat(20_000),
        "true ? ".repeat(5_000) + "1" + &" : 2".repeat(5_000),
    ] {
        assert!(source.parse::<Expression>().is_err());
    }
    let long = vec!["a == 1"; 5_000].join(" || ");
    assert!(long.parse::<Expression>().is_ok());
    // what is deep but allowed also runs
    let deep = "(1 + ".repeat(40) + "a" + &")".repeat(40);
    run(&deep.parse().unwrap(), &json!({"a": 1}));
    let nested = "(".repeat(90) + "1" + &")".repeat(90);
    assert!(nested.parse::<Expression>().is_ok());
}
