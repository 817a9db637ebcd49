//! The registry of units against UCUM's table and QUDT's vocabulary.

use bus_core::{
    record::Number,
    units::{Conversion, Known, Unit, known},
};
use house_tests::{Score, shared};
use oxrdf::{NamedOrBlankNode, Term};
use oxttl::TurtleParser;
use regex::Regex;
use std::{collections::BTreeMap, fs};

/// How many `to` one `from` is.
fn factor(from: &str, to: &str) -> Result<f64, String> {
    let read = |text: &str| text.parse::<Unit>().map_err(|error| error.to_string());
    let conversion = Conversion::between(&read(from)?, &read(to)?).map_err(|error| error.to_string())?;
    Ok(conversion.apply(Number::Int(1)).to_f64())
}

fn near(found: f64, expected: f64) -> Result<(), String> {
    let same = (found - expected).abs() <= expected.abs() * 1e-9;
    if same { Ok(()) } else { Err(format!("{found} instead of {expected}")) }
}

/// Each unit that UCUM defines by another is that many of it. Those the bus does not know are counted apart.
#[test]
fn ucum_definitions() {
    let Some(file) = shared("conformance/ucum/ucum-essence.xml") else { return };
    let text = fs::read_to_string(file).unwrap();
    let unit =
        Regex::new(r#"(?s)<unit [^>]*?Code="([^"]+)".*?<value Unit="([^"]+)"[^>]*?value="([^"]+)""#).unwrap();
    let mut score = Score::new("ucum definitions");
    let mut unknown = 0;
    for block in text.split("</unit>") {
        let Some(found) = unit.captures(block) else { continue };
        let (code, of, count) = (&found[1], &found[2], &found[3]);
        if block.contains("isSpecial=\"yes\"") || block.contains("isArbitrary=\"yes\"") {
            continue;
        }
        if code.parse::<Unit>().is_err() {
            unknown += 1;
            continue;
        }
        let outcome = factor(code, of).and_then(|found| near(found, count.parse().unwrap()));
        score.case(code, outcome);
    }
    println!("ucum definitions: {unknown} units of UCUM are not in the registry");
    score.finish(
        159,
        &[
            ("mol", "an amount of substance is kept apart from plain numbers"),
            ("bit", "information is kept apart from plain numbers"),
            ("[NTU]", "turbidity is kept apart from plain numbers"),
        ],
    );
}

#[derive(Debug, Default)]
struct Qudt {
    codes: Vec<String>,
    multiplier: Option<f64>,
    deprecated: bool,
}

fn qudt() -> Option<BTreeMap<String, Qudt>> {
    let file = shared("conformance/qudt/VOCAB_QUDT-UNITS-ALL.ttl")?;
    let mut units: BTreeMap<String, Qudt> = BTreeMap::new();
    for triple in TurtleParser::new().for_reader(fs::File::open(file).expect("the vocabulary")) {
        let triple = triple.expect("Turtle");
        let (NamedOrBlankNode::NamedNode(subject), Term::Literal(object)) = (&triple.subject, &triple.object)
        else {
            continue;
        };
        let Some(name) = subject.as_str().strip_prefix("http://qudt.org/vocab/unit/") else { continue };
        let unit = units.entry(name.to_owned()).or_default();
        match triple.predicate.as_str().rsplit('/').next() {
            Some("ucumCode") => unit.codes.push(object.value().to_owned()),
            Some("conversionMultiplier") => unit.multiplier = object.value().parse().ok(),
            Some("deprecated") => unit.deprecated = object.value() == "true",
            _ => {}
        }
    }
    Some(units)
}

/// Every unit of the registry that has a QUDT name is that unit there: not deprecated, same UCUM code, same
/// size against all others that measure the same.
#[test]
fn qudt_units() {
    let Some(units) = qudt() else { return };
    let mut score = Score::new("qudt units");
    for known in known() {
        let Some(name) = known.qudt() else { continue };
        score.case(known.symbol(), is_that_unit(known, name, &units));
    }
    score.finish(138, &[("dBW", "QUDT writes `dB.W` for UCUM's `dB[W]`")]);
}

fn is_that_unit(known: &Known, name: &str, units: &BTreeMap<String, Qudt>) -> Result<(), String> {
    let unit = units.get(name).ok_or_else(|| format!("{name} is not in QUDT"))?;
    if unit.deprecated {
        return Err(format!("{name} is deprecated"));
    }
    if known.ucum().is_some() && !unit.codes.is_empty() {
        let same = unit
            .codes
            .iter()
            .any(|code| factor(known.symbol(), code).is_ok_and(|size| near(size, 1.0).is_ok()));
        if !same {
            return Err(format!("{:?} instead of {:?}", known.ucum(), unit.codes));
        }
    }
    for other in self::known() {
        let Some(other_unit) = other.qudt().and_then(|name| units.get(name)) else { continue };
        let (Some(one), Some(two)) = (unit.multiplier, other_unit.multiplier) else { continue };
        if one == 0.0 || two == 0.0 || known.symbol().contains('°') || other.symbol().contains('°') {
            continue;
        }
        if let Ok(size) = factor(known.symbol(), other.symbol()) {
            near(size, one / two).map_err(|problem| format!("in {}: {problem}", other.symbol()))?;
        }
    }
    Ok(())
}

/// Every UCUM code the product uses is one QUDT unit, and only one.
#[test]
fn one_qudt_unit_for_a_code() {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for known in known() {
        if let (Some(code), Some(name)) = (known.ucum(), known.qudt()) {
            assert_eq!(*names.entry(code).or_insert(name), name, "{code}");
        }
    }
}
