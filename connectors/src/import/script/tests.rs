//! What expressions become, and that they then mean the same.

use super::{Path, Root, Writer, parse};
use bus_core::{
    expression::{Expression, Scope},
    record::{BatchBuilder, Timestamp},
};
use serde_json::{Map, Value as Json, json};

fn written(source: &str) -> Result<String, String> {
    let mut writer = Writer::new(Root::Record(Path::default()));
    let value = parse(source).and_then(|expression| writer.value(&expression));
    value
        .map(|value| value.text)
        .map_err(|trouble| format!("{}: {}", trouble.column(source), trouble.problem))
}

fn evaluated(expression: &str, record: &Json) -> Result<Json, String> {
    let expression: Expression = expression.parse().map_err(|error| format!("{expression}: {error}"))?;
    let mut builder = BatchBuilder::new();
    builder.json(record).map_err(|error| error.to_string())?;
    let batch = builder.take();
    let parameters = Map::from_iter([("city".to_owned(), json!("12")), ("n".to_owned(), json!("7"))]);
    let now = Timestamp::parse("2026-03-28T12:00:00Z").unwrap();
    let scope = Scope { record: batch.record(0), parameters: &parameters, now };
    let mut out = BatchBuilder::new();
    expression
        .evaluator(100_000)
        .write(&scope, &mut out)
        .map_err(|error| format!("{expression}: {error}"))?;
    Ok(out.take().record(0).to_json())
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(_), Json::Number(_)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Each expression and what JavaScript makes of it over the record of the test.
const CASES: &str = r##"[
        ["{$.n} * 2", 24], ["{$.n} / 5", 2.4], ["7 / 2", 3.5], ["{$.t} * 2", 30], ["{$.n} - {$.t}", -3], ["-{$.n}", -12],
        ["{$.n} % 5", 2], ["1 + 2 * 3", 7], ["(1 + 2) * 3", 9], ["10 - 2 - 3", 5], ["2 * (3 + {$.n}) / 5", 6],
        ["{$.n} + 1", 13], ["{$.t} + 1", "151"], ["{$.n} + ' km'", "12 km"], ["{$.name} + '-' + {$.n}", "Caf&eacute; du Port-12"],
        ["'' + {$.n} + 1", "121"], ["{$.n} > 10", true], ["{$.t} > 9", true], ["{$.n} >= 12 && {$.on}", true],
        ["{$.n} == 12", true], ["{$.n} !== 12", false], ["{$.missing} == null", true], ["{$.missing} === undefined", true],
        ["{$.nothing} != null", false], ["{£.city} == 12", true], ["{£.query.city} + 'x'", "12x"], ["{£.n} * 2", 14],
        ["!{$.empty}", true], ["!{$.zero}", true], ["!{$.missing}", true], ["!!{$.name}", true],
        ["{$.missing} || 'none'", "none"], ["{$.empty} || {$.name}", "Caf&eacute; du Port"], ["{$.zero} ?? 5", 0],
        ["{$.missing} ?? 5", 5], ["{$.n} > 10 ? 'big' : 'small'", "big"], ["{$.missing} ? 1 : 2", 2],
        ["{$.missing} > 3 ? 1 : 2", 2], ["{$.on} ? {$.n} : 0", 12], ["{$.n} && 'yes'", "yes"],
        ["he.decode({$.name})", "Café du Port"], ["he.decode({$.name}).toUpperCase()", "CAFÉ DU PORT"],
        ["{$.name}.length", 19], ["{$.tags}.length", 3], ["{$.name}.split(' ')", ["Caf&eacute;", "du", "Port"]],
        ["{$.name}.split(' ')[1]", "du"], ["{$.name}.replace('du', 'de')", "Caf&eacute; de Port"],
        ["'aXbX'.replace(/X/, '-')", "a-bX"], ["'aXbX'.replace(/x/gi, '-')", "a-b-"], ["'a1b2'.replace(/([0-9])/, '<$1>')", "a<1>b2"],
        ["'abc'.substring(1)", "bc"], ["'abc'.substring(0, 2)", "ab"], ["'abc'.slice(-2)", "bc"], ["'abcd'.slice(1, 3)", "bc"],
        ["'abcd'.slice(0, -1)", "abc"], ["'abcdef'.substr(2, 3)", "cde"], ["'ab'.charAt(1)", "b"],
        ["'  a '.trim()", "a"], ["'a'.padStart(3, '0')", "00a"], ["'ab'.includes('b')", true], ["{$.tags}.includes('a')", true],
        ["{$.name}.startsWith('Caf')", true], ["'abc'.indexOf('c')", 2], ["/^Caf/.test({$.name})", true],
        ["{$.t}.match(/(\\d)(\\d)/)[1]", "1"], ["{$.t}.match(/\\d+/)[0]", "15"], ["'é'.normalize('NFD').replace(/[\\u0300-\\u036f]/g, '')", "e"],
        ["{$.items}.map(i => i.v * 2)", [20, 10]], ["{$.items}.map((i) => ({ id: i.id, label: i.l }))", [{"id": 2, "label": "deux"}, {"id": 1, "label": "un"}]],
        ["{$.items}.filter(i => i.v > 5).map(i => i.l).join(', ')", "deux"], ["{$.items}.find(i => i.id === 1).l", "un"],
        ["{$.items}.some(x => x.v > 9)", true], ["{$.items}.every(x => x.v > 9)", false],
        ["{$.items}.reduce((s, i) => s + i.v, 0)", 15], ["{$.items}.sort((a, b) => a.id - b.id).map(i => i.id)", [1, 2]],
        ["{$.items}.sort((a, b) => b.v - a.v)[0].id", 2], ["{$.tags}.slice(0, 2)", ["b", "a"]], ["{$.tags}.join('+')", "b+a+c"],
        ["[...{$.tags}, 'd']", ["b", "a", "c", "d"]], ["{$.tags}.concat(['z'])", ["b", "a", "c", "z"]], ["{$.tags}.indexOf('a')", 1],
        ["{ a: {$.n}, b: { c: {$.name} }, d: {$.missing} }", {"a": 12, "b": {"c": "Caf&eacute; du Port"}}],
        ["Math.round({$.price})", 3], ["Math.round(-2.5)", -2], ["Math.floor({$.price})", 2], ["Math.max({$.n}, {$.t})", 15], ["{$.price}.toFixed(2)", "2.50"],
        ["Number({$.t}) + 1", 16], ["parseInt({$.t}) + 1", 16], ["parseFloat('2.5')", 2.5], ["String({$.n})", "12"],
        ["Array.isArray({$.tags})", true], ["typeof {$.n} === 'number'", true], ["Object.keys({$.address})", ["city", "zip code"]],
        ["JSON.parse('[1,2]')[1]", 2], ["encodeURIComponent({$.address.city})", "Orl%C3%A9ans"],
        ["{$.address.zip code}", "45000"], ["{$.address}['zip code']", "45000"], ["{$.items.0.l}", "deux"], ["{$.if} + 1", 2], ["$.n + 1", 13], ["$.name.length", 19],
        ["dayjs({$.date}).format('DD/MM/YYYY')", "05/03/2026"], ["moment('05/03/2026', 'DD/MM/YYYY').format('YYYY-MM-DD')", "2026-03-05"],
        ["dayjs({$.date}).add(1, 'month').format('YYYY-MM-DD')", "2026-04-05"], ["dayjs({$.date}).subtract(5, 'day').format('D/M/YY')", "28/2/26"],
        ["dayjs({$.date}).format('D MMMM YYYY [à] HH[h]mm')", "5 March 2026 à 00h00"], ["dayjs({$.date}).locale('fr').format('D MMMM')", "5 mars"],
        ["dayjs({$.date}).month()", 2], ["dayjs({$.date}).diff('2026-03-01', 'day')", 4], ["dayjs({$.date}).isAfter('2026-01-01')", true],
        ["new Date({$.date}).getFullYear()", 2026], ["new Date({$.date}).toISOString()", "2026-03-05T00:00:00.000Z"],
        ["_.get({$.address}, 'city', 'x')", "Orléans"], ["_.uniq(['a', 'b', 'a'])", ["a", "b"]], ["_.map({$.items}, 'id')", [2, 1]],
        ["_.sumBy({$.items}, 'v')", 15], ["_.sortBy({$.items}, 'id')[0].l", "un"], ["_.isEmpty({$.missing})", true],
        ["crypto.createHash('sha256').update('a').digest('hex')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
        ["`${{$.n}} km to {$.address.city}`", "12 km to Orléans"], ["'{$.n} km'", "12 km"], ["return {$.n}", 12],
        ["{$.on} === true && ({$.n} > 20 || {$.t} == '15')", true]
]"##;

#[test]
fn means_the_same() {
    let record = json!({
        "name": "Caf&eacute; du Port", "n": 12, "t": "15", "price": 2.5, "on": true, "empty": "", "zero": 0, "nothing": null,
        "tags": ["b", "a", "c"], "address": { "city": "Orléans", "zip code": "45000" }, "date": "2026-03-05",
        "items": [{ "id": 2, "v": 10, "l": "deux" }, { "id": 1, "v": 5, "l": "un" }], "if": 1,
    });
    let cases: Json = serde_json::from_str(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let (source, expected) = (case[0].as_str().unwrap(), &case[1]);
        let found = written(source)
            .and_then(|text| evaluated(&text, &record).map_err(|error| format!("{text}\n      {error}")));
        if !found.as_ref().is_ok_and(|found| same(found, expected)) {
            wrong.push(format!("{source}\n   is {found:?}, not {expected}\n   {:?}", written(source)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.as_array().unwrap().len(),
        wrong.join("\n")
    );
}

#[test]
fn what_has_no_translation_is_told_with_its_place() {
    for (source, expected) in [
        ("cheerio.load({$.html})", "1: `cheerio` has no translation"),
        ("{$.a} +", "8: the expression ends too early"),
        ("{$.a} + removeMarkdown({$.b})", "9: `removeMarkdown` has no translation"),
        ("var x = 1", "1: `var` is not expected here"),
        ("for (;;) {}", "1: `for` is not expected here"),
        ("{$.a} = 3", "7: `=` is not expected here"),
        ("'abc", "1: the text is not closed"),
        ("{$.a} @ 1", "7: `@` is not expected here"),
        ("{$.l}.forEach(x => x)", "6: `forEach` has no translation"),
    ] {
        assert_eq!(written(source).unwrap_err(), expected, "{source}");
    }
}

proptest::proptest! {
    /// No text makes the reader panic, and what it writes can be read.
    #[test]
    fn any_text(source in "[-a-c0-9$£.{}()\\[\\]'\"`+*/<>=!&|?:, \\\\éx]{0,60}") {
        if let Ok(text) = written(&source) {
            assert!(text.parse::<Expression>().is_ok(), "{source} -> {text}");
        }
    }
}
