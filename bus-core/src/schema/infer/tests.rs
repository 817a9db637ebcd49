use super::*;
use crate::{Language, record::BatchBuilder};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn infer(records: &Json) -> InferredSchema {
    let mut builder = BatchBuilder::new();
    for record in records.as_array().unwrap() {
        builder.json(record).unwrap();
    }
    let mut inference = Inference::new();
    builder.take().records().for_each(|record| inference.add(record));
    inference.finish()
}

/// One field with these values.
fn field(name: &str, values: &[Json]) -> InferredField {
    let records: Vec<Json> = values.iter().map(|value| json!({ name: value })).collect();
    infer(&records.into()).fields.remove(0)
}

fn texts(name: &str, values: &[&str]) -> InferredField {
    field(name, &values.iter().map(|value| json!(value)).collect::<Vec<_>>())
}

#[test]
fn types_of_text() {
    for (name, values, kind, format) in [
        ("a", &["12", "1 234", "-3"][..], "integer", None),
        ("a", &["12,5", "3", "1 234,25"], "number", None),
        ("a", &["0123", "0456", "7890"], "text", None),
        ("a", &["oui", "non", "OUI"], "boolean", None),
        ("a", &["28/03/2026", "01/04/2026"], "date", None),
        ("a", &["28/03/2026 14h05", "01/04/2026 02h00"], "time", None),
        ("jour", &["20260328", "20260401"], "date", None),
        ("numero", &["20260328", "20260401"], "integer", None),
        ("siret", &["73282932000074", "35600000000048"], "text", Some("siret")),
        ("code_insee", &["75056", "2A004", "01001"], "text", Some("insee-commune")),
        ("code_postal", &["75007", "20000", "01000"], "text", Some("postal-code")),
        ("cp", &["75007", "20000"], "text", Some("postal-code")),
        ("dep", &["01", "2A", "75"], "text", Some("department")),
        ("prm", &["12345678912345", "12345678912346"], "text", Some("prm")),
        ("tel", &["01 23 45 67 89", "+33 6 12 34 56 78"], "text", Some("phone")),
        ("m", &["a@example.org", "b.c@example.fr"], "text", Some("email")),
        ("site", &["https://example.org", "http://a.fr/b"], "text", Some("url")),
        ("coordonneesXY", &["[7.48710500,48.345345]", "[2.5, 48.9]"], "text", Some("lon-lat")),
        ("latitude", &["48.85", "47.1"], "number", Some("latitude")),
        ("annee", &["2024", "2025"], "integer", Some("year")),
        ("nom", &["Picpus", "Nation"], "text", None),
        ("a", &["1", "1", "1"], "integer", None),
        ("heure", &["14:05", "0:30", "14h05"], "text", Some("time-of-day")),
    ] {
        let found = texts(name, values);
        assert_eq!((found.r#type, found.format), (kind, format), "{name} {values:?} {found:#?}");
    }
}

#[test]
fn native_values_and_units() {
    let found = field("lon", &[json!(2.5), json!(-1)]);
    assert_eq!((found.r#type, found.format), ("number", Some("longitude")));
    assert_eq!(found.term, Some("geo:long"));
    let found = field("X", &[json!(652_000.5), json!(700_000)]);
    assert_eq!(found.format, Some("lambert93-x"));
    let found = field("timestamp", &[json!(1_774_703_100), json!(1_774_703_400)]);
    assert_eq!(found.format, Some("unix-seconds"));
    for (name, symbol) in [
        ("puissance (kW)", "kW"),
        ("energie_kWh", "kWh"),
        ("temp [°C]", "°C"),
        ("Conso en kWh", "kWh"),
        ("Conso.totale..MWh.", "MWh"),
    ] {
        let found = field(name, &[json!(1), json!(2)]);
        assert_eq!(found.unit.map(|unit| unit.symbol).as_deref(), Some(symbol), "{name}");
    }
    assert_eq!(field("nb_min", &[json!(1)]).unit, None);
    let found = texts("conso", &["12 kWh", "3,5 kWh", "1 kWh"]);
    assert_eq!(
        (found.r#type, found.minimum.as_deref(), found.maximum.as_deref()),
        ("number", Some("1"), Some("12"))
    );
    assert_eq!(found.unit.and_then(|unit| unit.qudt).as_deref(), Some("http://qudt.org/vocab/unit/KiloW-HR"));
}

#[test]
fn evidence_masks_and_presence() {
    let mut values: Vec<Json> = (1..30).map(|day| json!(format!("{day:02}/03/2026"))).collect();
    values.push(json!("hier"));
    values.push(Json::Null);
    let found = field("le", &values);
    assert_eq!((found.r#type, found.pattern.as_deref()), ("date", Some("dd/MM/yyyy")));
    assert!(!found.required && found.nullable && found.unique && !found.day_or_month_first);
    assert_eq!((found.evidence[0].matched, found.evidence[0].of), (29, 30));
    assert_eq!(found.evidence[0].counter_examples, ["hier"]);
    assert!(found.confidence > 0.9 && found.confidence < 1.0, "{}", found.confidence);

    let found = texts("population", &["12", "S", "350", "nd", "7", "< 10"]);
    assert_eq!((found.r#type, found.counts.masked, found.counts.values), ("integer", 3, 3));

    let found = texts(
        "statut",
        &["ouvert", "fermé", "ouvert", "ouvert", "fermé", "ouvert", "ouvert", "ouvert", "fermé", "ouvert"],
    );
    assert_eq!(found.values[0], Counted { value: "ouvert".to_owned(), count: 7 });

    let schema = infer(&json!([{ "a": { "b": [1, 2] } }, { "a": null }, {}]));
    let paths: Vec<_> = schema.fields.iter().map(|field| (field.path.as_str(), field.r#type)).collect();
    assert_eq!(paths, [("a", "object"), ("a.b", "list"), ("a.b[]", "integer")]);
    assert_eq!((schema.fields[0].counts.absent, schema.fields[0].counts.null), (1, 1));
}

#[test]
fn as_text_in_both_languages() {
    let schema = infer(&json!([{ "le": "03/04/2026" }, { "le": "05/06/2026" }]));
    let english = schema.text(Language::En);
    assert!(english.contains("le: date, `dd/MM/yyyy`, always there, never twice the same"), "{english}");
    assert!(english.contains("day and month could also be the other way round"), "{english}");
    assert!(schema.text(Language::Fr).contains("toujours présent"), "{}", schema.text(Language::Fr));
}

#[test]
fn memory_is_bounded() {
    let mut inference = Inference::new();
    for round in 0..300_u32 {
        let mut builder = BatchBuilder::new();
        builder.begin_object();
        for column in 0..20 {
            builder.key(&format!("{}", round * 20 + column)).unwrap();
            builder.text("x");
        }
        builder.end();
        builder.take().records().for_each(|record| inference.add(record));
    }
    let schema = inference.finish();
    assert!(schema.fields.len() <= MOST_COLUMNS && schema.left_out > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts_have_a_schema(values in proptest::collection::vec("\\PC{0,16}", 1..12), name in "\\PC{0,12}") {
        let values: Vec<Json> = values.into_iter().map(Json::from).collect();
        let found = field(&name, &values);
        prop_assert!((0.0..=1.0).contains(&found.confidence));
        prop_assert!(found.evidence.iter().all(|evidence| evidence.matched <= evidence.of));
    }
}
