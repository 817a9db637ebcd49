use bus_core::message::french;
use connectors::connectors;
use regex::Regex;
use std::{collections::BTreeSet, env, fs};

/// The English templates in the code: of messages, of loss reasons, of texts marked for translation.
fn templates() -> BTreeSet<String> {
    let literal = r#"("(?:[^"\\]|\\.)*")"#;
    let calls = [
        format!(r"(?s)\bmsg!\(\s*{literal}"),
        format!(r"(?s)\bLoss::\w+,\s*{literal}"),
        format!(r"(?s)\btext!\(\s*{literal}"),
    ];
    let calls: Vec<_> = calls.iter().map(|call| Regex::new(call).expect("a pattern")).collect();
    let mut found = BTreeSet::new();
    for (file, text) in crate::files::rust() {
        if file.starts_with("tests/") || file.starts_with("xtask/") {
            continue;
        }
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line, "\n"])
            .collect();
        let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for call in &calls {
            for place in call.captures_iter(code) {
                let literal: syn::LitStr = syn::parse_str(&place[1]).expect("a string literal");
                found.insert(literal.value());
            }
        }
    }
    found
}

/// Nothing but details: the same in every language.
fn is_plain(template: &str) -> bool {
    let holes = Regex::new(r"\{\w+\}").expect("a pattern");
    !holes.replace_all(template, "").contains(char::is_alphabetic)
}

#[test]
fn every_message_speaks_french() {
    let missing: Vec<_> =
        templates().into_iter().filter(|text| !is_plain(text) && french(text).is_none()).collect();
    assert!(
        missing.is_empty(),
        "no line in bus-core/translations/fr.toml for {} texts: {missing:#?}",
        missing.len()
    );
}

#[test]
fn translations_keep_the_details() {
    let holes = Regex::new(r"\{\w+\}").expect("a pattern");
    let holes_of =
        |text: &str| holes.find_iter(text).map(|hole| hole.as_str().to_owned()).collect::<BTreeSet<_>>();
    for template in templates() {
        if let Some(french) = french(&template) {
            assert_eq!(holes_of(&template), holes_of(french), "{template:?} and {french:?}");
        }
    }
}

/// All messages in both languages, to be read by people: wording is reviewed in the diff of this file.
#[test]
fn the_gallery_of_messages_is_current() {
    let mut gallery = String::from("Every message of the bus. Written by the tests: BLESS=1 rewrites it.\n");
    for template in templates() {
        let french = french(&template).unwrap_or("—");
        gallery += &format!("\nen  {template}\nfr  {french}\n");
    }
    let file = house_tests::root().join("tests/messages.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, &gallery).expect("write the gallery");
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|known| known == gallery),
        "tests/messages.txt is not current: run with BLESS=1 and read the diff"
    );
}

#[test]
fn every_connector_speaks_french() {
    let mut missing = BTreeSet::new();
    for connector in connectors() {
        texts_of(&connector.entry().schema, &mut missing);
    }
    missing.retain(|text| french(text).is_none());
    assert!(
        missing.is_empty(),
        "no line in bus-core/translations/fr.toml for {} texts: {missing:#?}",
        missing.len()
    );
}

/// Titles and descriptions anywhere in a schema.
fn texts_of(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                match member {
                    serde_json::Value::String(text) if name == "title" || name == "description" => {
                        found.insert(text.clone());
                    }
                    _ if ["default", "examples", "const", "enum"].contains(&name.as_str()) => {}
                    other => texts_of(other, found),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts_of(item, found)),
        _ => {}
    }
}
