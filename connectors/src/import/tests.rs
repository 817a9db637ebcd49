//! Whatever comes in: no panic, a line of report for each component, a document that loads.

use super::import;
use bus_core::{Language, check::check, workflow::Workflow};
use proptest::prelude::*;
use serde_json::{Value, json};

const MODULES: [&str; 46] = [
    "httpConsumer",
    "postConsumer",
    "restGetJson",
    "httpGet",
    "httpConsumerFile",
    "xmlToObject",
    "httpProvider",
    "restApiGet",
    "restApiPost",
    "upload",
    "sftpConsumer",
    "sftpUploader",
    "mongoConnector",
    "sqlConnector",
    "influxdbConnector",
    "imap",
    "googleAuth",
    "googleGetJson",
    "framcalcGetCsv",
    "sparqlRequest",
    "scrapper",
    "gouvFrGeoLocaliser",
    "gouvFrGeoLocaliserMass",
    "gouvFrInverseGeo",
    "googleGeoLocaliser",
    "timer",
    "objectTransformer",
    "valueMapping",
    "queryParamsCreation",
    "jsEvaluation",
    "regex",
    "slugify",
    "jsonLdConversion",
    "binaryExtractor",
    "valueFromPath",
    "keyToArray",
    "flat",
    "propertiesMatrix",
    "filter",
    "sort",
    "slice",
    "arraySplitByCondition",
    "simpleAgregator",
    "joinByField",
    "unicity",
    "cacheNosql",
];

const NAMES: [&str; 24] = [
    "url",
    "headers",
    "method",
    "noBody",
    "timeout",
    "key",
    "value",
    "filterString",
    "sortString",
    "transformObject",
    "mappingTable",
    "flowValue",
    "replacementValue",
    "startIndex",
    "endIndex",
    "primaryFlowFKId",
    "secondaryFlowId",
    "primaryFlowFKName",
    "unicityFields",
    "field",
    "valuePath",
    "interval",
    "password",
    "frame",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z.$£{}=@:/?&'\"\\[\\]0-9 é•|>+*()-]{0,24}",
        Just("https://u:p4ssw0rd@example.org/{£.query.x}?token=abcdef".to_owned()),
        Just("={$.a} + 1".to_owned()),
        Just("$.a.b".to_owned()),
        Just("{\"a\":{\"$gt\":1}}".to_owned()),
        Just("checked".to_owned()),
        Just("12".to_owned()),
        Just("Bearer abcdefghijklmnop1".to_owned()),
        Just("${x}".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let key = prop_oneof![proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned), text()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn component() -> impl Strategy<Value = Value> {
    let settings = prop::collection::vec((proptest::sample::select(NAMES.to_vec()), value()), 0..6);
    let settings = settings.prop_map(|fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    });
    let focus = prop_oneof![
        Just(json!({})),
        Just(json!({ "activateDf": true, "dfobPath": "body", "keepArray": false })),
        Just(json!({ "path": "a.b", "beanNb": "3", "dfobKeepArray": "checked" })),
        value(),
    ];
    let known = (0..12_u8, proptest::sample::select(MODULES.to_vec()), settings, focus, text()).prop_map(
        |(id, module, settings, focus, name)| {
            json!({ "_id": id.to_string(), "module": module, "specificData": settings, "deeperFocusData": focus, "name": name })
        },
    );
    prop_oneof![9 => known, 1 => value()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_export(
        components in prop::collection::vec(component(), 0..10),
        links in prop::collection::vec((0..12_u8, 0..12_u8, any::<bool>()), 0..16),
    ) {
        let links: Vec<Value> = links
            .into_iter()
            .map(|(from, to, second)| {
                json!({ "source": from.to_string(), "target": to.to_string(), "targetInput": if second { "second" } else { "first" } })
            })
            .collect();
        let export = json!({ "components": components, "links": links }).to_string();
        let made = import(&export, Language::Fr).unwrap();
        prop_assert_eq!(made.components.len(), components.len());
        let document = made.workflow.to_yaml();
        let loaded = Workflow::load(&document).map_err(|problems| TestCaseError::fail(format!("{problems:?}\n{document}")))?;
        for problem in check(&loaded, &crate::Connectors).iter().filter(|problem| problem.is_error()) {
            let off = problem.step.as_deref().and_then(|id| loaded.workflow.step(id)).is_some_and(|step| step.disabled);
            prop_assert!(off, "{}\n{}", problem, document);
        }
        let told = format!("{document}{}", made.text(Language::Fr));
        for secret in made.secrets.iter().filter(|secret| secret.reveal().len() >= 8) {
            prop_assert!(!told.contains(secret.reveal()), "{}", secret.name);
        }
    }

    #[test]
    fn any_text_at_all(text in ".{0,200}") {
        drop(import(&text, Language::En));
    }
}

#[test]
fn limits() {
    let many = json!({ "components": vec![json!({}); 5_001], "links": [] }).to_string();
    let deep = format!("{{\"components\":[{}1{}]}}", "[".repeat(200), "]".repeat(200));
    for (text, problem) in [
        (many, "the export has more than 5000 components or links"),
        (deep, "this is not JSON: recursion limit exceeded"),
        (" ".repeat((16 << 20) + 1), "the export is larger than the 16777216 bytes that are read"),
    ] {
        let told = import(&text, Language::En).unwrap_err().to_string();
        assert!(told.ends_with(problem), "{told}");
    }
}

#[test]
fn secrets_that_are_kept_already_stay() {
    let header = |token: &str| json!([{ "key": "Authorization", "value": format!("Bearer {token}") }]);
    let call = |id: &str, token: &str| {
        let settings = json!({ "url": "https://example.org", "noBody": true, "headers": header(token) });
        json!({ "_id": id, "module": "httpConsumer", "name": "call", "specificData": settings })
    };
    let export =
        json!({ "components": [call("1", "first-token-1"), call("2", "second-token-2")], "links": [] });
    let mut made = import(&export.to_string(), Language::En).unwrap();
    made.keep_clear_of(&["call-token".into(), "call-token-2".into()]);
    let names: Vec<_> = made.secrets.iter().map(|secret| (secret.name.as_str(), secret.reveal())).collect();
    assert_eq!(names, [("call-token-3", "first-token-1"), ("call-2-token", "second-token-2")]);
    let document = made.workflow.to_yaml();
    assert!(
        document.contains("secret: call-token-3") && document.contains("secret: call-2-token"),
        "{document}"
    );
}
