//! The examples of the table, the language's own rules, and what people get told.

use super::{Expression, Scope, Template, functions};
use crate::{
    message::french,
    record::{Batch, BatchBuilder, Timestamp},
};
use serde_json::{Map, Value as Json, json};

fn batch(record: &Json) -> Batch {
    let mut builder = BatchBuilder::new();
    builder.json(record).unwrap();
    builder.take()
}

fn scope<'a>(batch: &'a Batch, parameters: &'a Map<String, Json>) -> Scope<'a> {
    let now = Timestamp::parse("2026-03-28T12:00:00Z").unwrap();
    Scope { record: batch.record(0), parameters, now }
}

/// The value of an expression over a record as JSON, or the error in English.
pub(super) fn eval(expression: &str, record: &Json) -> Result<Json, String> {
    let expression: Expression = expression.parse().map_err(|error: super::ParseError| error.to_string())?;
    let (batch, parameters) = (batch(record), Map::from_iter([("year".to_owned(), json!(2026))]));
    let mut out = BatchBuilder::new();
    let mut evaluator = expression.evaluator(100_000);
    evaluator.write(&scope(&batch, &parameters), &mut out).map_err(|error| error.to_string())?;
    Ok(out.take().record(0).to_json())
}

fn same(a: &Json, b: &Json) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => match (a, b) {
            (Json::Array(a), Json::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
            }
            _ => a == b,
        },
    }
}

#[test]
fn examples_of_the_table() {
    let forms = super::FORMS.iter().map(|form| (form.example, form.result));
    for (example, result) in functions().map(super::Function::example).chain(forms) {
        let expected: Json = serde_json::from_str(result).unwrap();
        let value = eval(example, &json!({}));
        assert!(
            value.as_ref().is_ok_and(|value| same(value, &expected)),
            "{example}: {value:?}, not {result}"
        );
    }
}

#[test]
fn the_table_speaks_french() {
    let missing: Vec<_> = functions()
        .map(super::Function::about)
        .chain(super::FORMS.iter().map(|form| form.about))
        .filter(|text| french(text).is_none())
        .collect();
    assert!(missing.is_empty(), "no line in bus-core/translations/fr.toml for {missing:#?}");
}

#[test]
fn names_come_once() {
    let mut names: Vec<_> = functions().map(super::Function::name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn values() {
    let record = json!({
        "puissance": 22.5, "nom": "Borne A", "n": null, "prises": [{"type": "CCS", "kw": 50}, {"type": "T2", "kw": 22}],
        "adresse": {"ville": "Orléans", "code-postal": "45000"}, "Nom de l'aménageur": "X", "débit": 3, "i": 7,
    });
    for (expression, expected) in [
        ("puissance > 22.0 && nom.startsWith('Borne')", json!(true)),
        ("puissance + 1", json!(23.5)),
        ("7 / 2", json!(3)),
        ("-7 % 3", json!(-1)),
        ("débit * 2", json!(6)),
        ("adresse.ville + \" \" + adresse['code-postal']", json!("Orléans 45000")),
        ("adresse.`code-postal`", json!("45000")),
        ("record[\"Nom de l'aménageur\"]", json!("X")),
        ("record.i", json!(7)),
        ("has(x) || has(adresse.ville) && !has(adresse.rue.numero)", json!(true)),
        ("default(x, 0) + default(n, 1)", json!(1)),
        ("coalesce(n, x, nom)", json!("Borne A")),
        ("try(int(nom), -1)", json!(-1)),
        ("prises.exists(p, p.kw > 40) && prises.all(p, p.kw > 10)", json!(true)),
        ("prises.map(p, p.type)", json!(["CCS", "T2"])),
        ("prises.filter(p, p.kw < 30)[0].type", json!("T2")),
        ("prises.map(p, p.kw > 30, p.kw)", json!([50])),
        ("prises.sortBy(p, p.kw)[0].kw", json!(22)),
        ("nom == 1 || true", json!(true)),
        ("x || true", json!(true)),
        ("'T2' in prises.map(p, p.type)", json!(true)),
        ("\"ville\" in adresse", json!(true)),
        ("nom in ['a', 'Borne A']", json!(true)),
        ("n == null ? 'vide' : n", json!("vide")),
        ("params.year + 1", json!(2027)),
        ("{'a': [1, 2.5, 'x'], 'b': {'c': nom}}", json!({"a": [1, 2.5, "x"], "b": {"c": "Borne A"}})),
        ("cel.bind(v, puissance * 2, v + v)", json!(90)),
        ("adresse.?rue.orValue('?')", json!("?")),
        ("1 == 1.0 && 1u == 1 && type(1) == int && type(now) == google.protobuf.Timestamp", json!(true)),
        ("[1, 2, 3].transformList(i, v, i * v)", json!([0, 2, 6])),
        ("{'a': 1}.transformMap(k, v, v + 1)", json!({"a": 2})),
        ("9223372036854775807 + 0 == 9223372036854775807", json!(true)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("r'\\d' + '\\u00e9' + b'\\xc3\\xa9'.string()", json!("\\déé")),
        (
            "timestamp('2026-03-28T00:00:00Z') + duration('1h') > timestamp('2026-03-28T00:30:00Z')",
            json!(true),
        ),
    ] {
        let value = eval(expression, &record);
        assert!(
            value.as_ref().is_ok_and(|value| same(value, &expected)),
            "{expression}: {value:?}, not {expected}"
        );
    }
}

#[test]
fn what_people_get_told() {
    let record = json!({"puissance": 22.5, "nom": "Borne A", "n": null});
    for (expression, expected) in [
        ("puisance > 3", "no field `puisance`; did you mean `puissance`? (in `puisance`, column 1)"),
        ("zzz", "no field `zzz`; the fields are `puissance`, `nom`, `n`"),
        ("n + 1", "`n` is null: give a value to use instead, such as default(n, 0) (in `n`, column 1)"),
        ("nom * 2", "`*` does not go with a text and a whole number"),
        ("1 / 0", "a whole number is divided by zero"),
        ("9223372036854775807 + 1", "9223372036854775807 + 1 is too large or too small"),
        (
            "uper(nom)",
            "line 1, column 1: unknown function `uper`; did you mean `upper`?\n  uper(nom)\n  ^^^^",
        ),
        ("nom = 2", "line 1, column 5: `=` compares nothing: write `==`\n  nom = 2\n      ^"),
        (
            "nom == 'a' and true",
            "line 1, column 12: write `&&` for *and*\n  nom == 'a' and true\n             ^^^",
        ),
        ("upper(puissance)", "a text is needed here; this is a number (in `puissance`, column 7)"),
        (
            "nom.matches('(')",
            "line 1, column 13: this is not a regular expression: unclosed group\n  nom.matches('(')\n              ^^^",
        ),
    ] {
        assert_eq!(eval(expression, &record), Err(expected.to_owned()), "{expression}");
    }
}

#[test]
fn templates() {
    let record = json!({"id": "a/b é", "nom": "Borne", "adresse": {"ville": "Orléans"}, "code-postal": 45000, "n": null});
    let (batch, parameters) = (batch(&record), Map::from_iter([("y".to_owned(), json!(1))]));
    for (template, expected) in [
        ("{nom} à {adresse.ville} ({code-postal})", Ok("Borne à Orléans (45000)")),
        ("https://example.org/{id}?x={nom}", Ok("https://example.org/a%2Fb%20é?x=Borne")),
        ("https://example.org/{raw(id)}", Ok("https://example.org/a/b é")),
        ("{id}", Ok("a/b é")),
        ("{{{upper(nom)}}} {params.y + 1}", Ok("{BORNE} 2")),
        ("{nom == 'x' ? '}' : \"{\"}", Ok("{")),
        ("{n}", Err("`n` is null: it has no text (in `n`, column 2)")),
        ("x {nomm}", Err("no field `nomm`; did you mean `nom`? (in `nomm`, column 4)")),
    ] {
        let mut out = String::new();
        let template: Template = template.parse().unwrap();
        let outcome = template.writer(1_000).text(&scope(&batch, &parameters), &mut out);
        let outcome: Result<&str, String> = outcome.map(|()| out.as_str()).map_err(|error| error.to_string());
        assert_eq!(outcome.as_ref().copied().map_err(String::as_str), expected, "{template}");
    }
    for template in ["{", "}", "{}", "a {b", "{a +}"] {
        assert!(template.parse::<Template>().is_err(), "{template}");
    }
}
