use super::*;
use proptest::prelude::*;

fn text(value: &str, from: &str, to: &str) -> String {
    match convert(Number::Decimal(value), from, to) {
        Ok(Converted::Int(int)) => int.to_string(),
        Ok(Converted::Decimal(text)) => text,
        Ok(Converted::Float(float)) => format!("≈{float:.9}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn exact_conversions() {
    for (value, from, to, result) in [
        ("1", "kWh", "J", "3600000"),
        ("12.3", "kWh", "Wh", "12300"),
        ("0.1", "MWh", "kWh", "100"),
        ("1", "kWh", "MJ", "3.6"),
        ("250", "W", "kW", "0.25"),
        ("20", "°C", "°F", "68"),
        ("98.6", "°F", "Cel", "37"),
        ("0", "°C", "K", "273.15"),
        ("36", "km/h", "m/s", "10"),
        ("60", "l/min", "m³/h", "3.6"),
        ("1013.25", "hPa", "bar", "1.01325"),
        ("45", "%", "1", "0.45"),
        ("1", "ha", "m²", "10000"),
        ("5", "µg/m³", "mg/m3", "0.005"),
        ("9", "kVA", "VA", "9000"),
        ("1", "Mo", "octet", "1000000"),
        ("1", "Kio", "o", "1024"),
        ("0.2516", "€/kWh", "€/MWh", "251.6"),
        ("6", "kWc", "W", "6000"),
        ("90", "min", "h", "1.5"),
        ("1", "KWH", "Wh", "1000"),
        ("30", "dBm", "dBW", "0"),
        ("100", "varh", "kvarh", "0.1"),
        ("1", "kilowattheure", "KiloW-HR", "1"),
    ] {
        assert_eq!(text(value, from, to), result, "{value} {from} {to}");
    }
}

#[test]
fn conversions_that_do_not_end() {
    assert_eq!(text("1", "J", "kWh"), "≈0.000000278");
    assert_eq!(text("180", "deg", "rad"), "≈3.141592654");
    assert_eq!(text("1", "m/s", "kn"), "≈1.943844492");
}

#[test]
fn different_things_and_unknown_names() {
    for (from, to, part) in [
        ("m³", "kWh", "do not measure the same thing"),
        ("kW", "kVA", "do not measure the same thing"),
        ("kWh", "kW", "do not measure the same thing"),
        ("%", "€", "do not measure the same thing"),
        ("kWhh", "J", "is `kWh` meant?"),
        ("kilowatheure", "J", "is `kilowattheure` meant?"),
        ("", "J", "there is no unit"),
        ("m/", "J", "there is no unit"),
    ] {
        assert!(text("1", from, to).contains(part), "{from} {to}: {}", text("1", from, to));
    }
}

#[test]
fn every_known_unit_is_understood() {
    for known in known() {
        assert!(parse::measure(known.definition()).is_some(), "{}", known.symbol());
        for name in [Some(known.symbol()), known.senml(), known.ucum(), known.qudt()].into_iter().flatten() {
            assert!(name.parse::<Unit>().is_ok(), "{name}");
        }
        let same_code =
            super::known().iter().filter(|other| other.ucum() == known.ucum() && known.ucum().is_some());
        assert!(same_code.clone().all(|other| other.qudt() == known.qudt()), "{}", known.symbol());
    }
}

#[test]
fn atoms_are_sorted_and_understood() {
    for pair in atoms::ATOMS.windows(2) {
        assert!(pair[0].symbol < pair[1].symbol, "{} {}", pair[0].symbol, pair[1].symbol);
    }
    for atom in atoms::ATOMS {
        assert!(parse::measure(atom.symbol).is_some(), "{}", atom.symbol);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_a_unit_or_refused(text in "[a-zA-Z0-9*^./(){}\\[\\]%µ°²'+-]{0,24}") {
        if let Ok(unit) = text.parse::<Unit>() {
            prop_assert!(unit.measures_same(&unit));
        }
    }

    #[test]
    fn there_and_back(value in -1_000_000_i64..1_000_000) {
        for (one, other) in [("kWh", "J"), ("°C", "°F"), ("km/h", "m/s"), ("W", "MW"), ("ft", "m")] {
            let there = convert(Number::Int(value), one, other).unwrap();
            let back = convert(Number::Float(there.to_f64()), other, one).unwrap().to_f64();
            prop_assert!((back - Number::Int(value).to_f64()).abs() < 1e-6, "{} {}", one, other);
        }
    }
}
