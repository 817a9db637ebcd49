use super::{ItemPath, Items, parse, write, write_pretty};
use crate::contract::Limits;
use bus_core::record::{Batch, BatchBuilder};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn read(text: &str) -> Result<Batch, String> {
    let mut builder = BatchBuilder::new();
    parse(text.as_bytes(), &mut builder, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(builder.take())
}

fn written(batch: &Batch) -> String {
    let mut out = Vec::new();
    write(batch.record(0), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn numbers_keep_their_text() {
    for text in
        ["1.10", "-0", "0.1e+3", "12345678901234567890", "1E5", "9223372036854775807", "-9223372036854775808"]
    {
        assert_eq!(read(text).map(|batch| written(&batch)).as_deref(), Ok(text));
    }
    let long = "9".repeat(400);
    for (text, error) in [
        ("1e400", "line 1, column 1: the number `1e400` is too large"),
        ("[-1E999]", "line 1, column 2: the number `-1E999` is too large"),
        ("NaN", "line 1, column 1: NaN and Infinity are not JSON numbers: write null or text"),
        ("01", "line 1, column 1: this is not a number as JSON writes it"),
        ("1.", "line 1, column 1: this is not a number as JSON writes it"),
        (&long, &format!("line 1, column 1: the number `{}…` is too large", "9".repeat(40))),
    ] {
        assert_eq!(read(text).map(drop), Err(error.to_owned()));
    }
}

#[test]
fn errors_name_the_place() {
    for (text, error) in [
        ("{\"é\": 1,\n \"é\": 2}", "line 2, column 2: the key `é` comes twice in one object"),
        ("{\"éà\": tru}", "line 1, column 8: this is not a JSON value: text stands between double quotes"),
        ("[\"a", "line 1, column 2: the closing quote of this text is missing"),
        ("{\"a\" 1}", "line 1, column 6: a colon is missing between key and value"),
        ("\"\\ud800\"", "line 1, column 2: this escape is half of a character: its other half is missing"),
        ("", "line 1, column 1: the JSON text ends too early"),
        ("1 2", "line 1, column 3: the JSON value ends before this: only one value is expected"),
    ] {
        assert_eq!(read(text).map(drop), Err(error.to_owned()));
    }
    let deep = "[".repeat(10_000);
    assert_eq!(
        read(&deep).map(drop),
        Err("line 1, column 129: lists and objects nest deeper than 128 levels (limit `depth`)".into())
    );
}

/// The items of a document, and what stopped it.
fn items(path: &str, text: &str, cut: usize) -> (Vec<(String, u64, u64)>, Option<String>) {
    let mut items =
        Items::new(path.parse::<ItemPath>().unwrap(), &Limits { record_bytes: 100, ..Limits::default() });
    let mut found = Vec::new();
    let mut pieces = text.as_bytes().chunks(cut).map(Some).chain([None]);
    loop {
        match pieces.next() {
            Some(Some(piece)) => items.push(piece),
            Some(None) => items.finish(),
            None => return (found, None),
        }
        loop {
            match items.next() {
                Ok(Some(item)) => {
                    found.push((String::from_utf8(item.text.to_vec()).unwrap(), item.line, item.column));
                }
                Ok(None) => break,
                Err(error) => return (found, Some(error.to_string())),
            }
        }
    }
}

#[test]
fn items_at_a_path() {
    let long = format!("[{}, {{\"a\":1}}]", json!({ "long": "x".repeat(200) }));
    for (path, text, expected, error) in [
        (
            "",
            "[1, {\"a\": [2]},\n \"]\\\"\"]",
            vec![("1", 1, 2), ("{\"a\": [2]}", 1, 5), ("\"]\\\"\"", 2, 2)],
            None,
        ),
        ("", "{\"a\": 1}", vec![("{\"a\": 1}", 1, 1)], None),
        ("", " 12 ", vec![("12", 1, 2)], None),
        ("a.b", "{\"x\": [1, {\"b\": 2}], \"a\": {\"b\": [3, 4]}}", vec![("3", 1, 34), ("4", 1, 37)], None),
        ("p[*].i", "{\"p\": [{\"i\": [1]}, {\"i\": [2], \"j\": 0}]}", vec![("1", 1, 15), ("2", 1, 27)], None),
        ("a[1]", "{\"a\": [[1], [2, 3]]}", vec![("2", 1, 14), ("3", 1, 17)], None),
        ("a", "{\"b\": [1]}", vec![], Some("there is nothing at the item path `a`")),
        (
            "a",
            "{\"b\": tru}",
            vec![],
            Some("line 1, column 7: this is not a JSON value: text stands between double quotes"),
        ),
        ("", "[1,]", vec![("1", 1, 2)], Some("line 1, column 4: a value is missing before this")),
        ("", "[{\"a\": [1}, {\"b\": 2}]", vec![("{\"a\": [1}", 1, 2), ("{\"b\": 2}", 1, 13)], None),
        ("", "[1", vec![("1", 1, 2)], Some("line 1, column 3: the JSON text ends too early")),
        (
            "",
            "[1]\n]",
            vec![("1", 1, 2)],
            Some(
                "line 2, column 1: the JSON document ends before this; if each line is a JSON value of its own, choose the format `ndjson`",
            ),
        ),
        ("", long.as_str(), vec![("", 1, 2), ("{\"a\":1}", 1, 215)], None),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(text, line, column)| (text.to_owned(), line, column)).collect();
        for cut in [1, 2, 3, 7, 1000] {
            assert_eq!(
                items(path, text, cut),
                (expected.clone(), error.map(str::to_owned)),
                "{path} {text} {cut}"
            );
        }
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reads_what_serde_writes_and_back(json in any_json()) {
        let batch = read(&json.to_string()).unwrap();
        prop_assert_eq!(written(&batch), json.to_string());
        let mut pretty = Vec::new();
        write_pretty(batch.record(0), 0, &mut pretty);
        prop_assert_eq!(String::from_utf8(pretty).unwrap(), serde_json::to_string_pretty(&json).unwrap());
    }

    #[test]
    fn agrees_with_serde_on_any_text(text in "[\\[\\]{}\",:0-9.eE+\\-a-z \\\\\n]{0,40}") {
        let ours = read(&text);
        let theirs: Result<Json, _> = serde_json::from_str(&text);
        match (&ours, &theirs) {
            (Err(error), Ok(_)) => prop_assert!(error.contains("comes twice"), "{} {}", text, error),
            (Ok(_), Err(error)) => prop_assert!(false, "{} {}", text, error),
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn any_bytes_are_cut_alike(text in "[\\[\\]{}\",:0-9.a-z \\\\\n]{0,60}", cut in 1_usize..9) {
        prop_assert_eq!(items("", &text, cut), items("", &text, 1000));
        prop_assert_eq!(items("a", &text, cut), items("a", &text, 1000));
    }
}
