use super::*;
use crate::kit::owned::Owned;
use bus_core::record::{BatchBuilder, Timestamp};
use proptest::prelude::*;

fn micros(text: &str) -> i64 {
    Timestamp::parse(text).unwrap().micros()
}

fn rules(slot: &str, meaning: Meaning) -> Rules {
    Rules {
        slot: slot.parse().unwrap(),
        zone: "Europe/Paris".parse().unwrap(),
        quantities: vec![(meaning, None)],
        label: Label::Start,
        interval: None,
        longest: None,
    }
}

fn run(rules: &Rules, readings: &[(&str, i64)]) -> Vec<Filled> {
    let mut series = Series::new(rules);
    let mut done = Vec::new();
    for (at, value) in readings {
        let reading = Reading { at: micros(at), values: vec![Some(Owned::Int(*value))] };
        series.add(rules, reading, &mut done).unwrap();
    }
    series.finish(rules, &mut done);
    done
}

fn amount(filled: &Filled) -> String {
    let mut out = BatchBuilder::new();
    filled.cells[0].amount.write(&mut out);
    format!("{:?}", out.take().record(0))
}

#[test]
fn days_of_23_and_25_hours() {
    let mut hours = rules("1 day", Meaning::Energy);
    hours.interval = Some("1h".parse().unwrap());
    for (day, expected) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)] {
        let zone = &hours.zone;
        let midnight = Timestamp::parse(&format!("{day}T00:00:00")).unwrap();
        let start = zone.place(midnight, bus_core::time::Clash::Usual).unwrap().micros();
        let mut series = Series::new(&hours);
        let mut done = Vec::new();
        for hour in 0..expected {
            let reading = Reading { at: start + hour * 3_600_000_000, values: vec![Some(Owned::Int(1))] };
            series.add(&hours, reading, &mut done).unwrap();
        }
        series.finish(&hours, &mut done);
        assert_eq!(done.len(), 1, "{day}");
        assert_eq!(amount(&done[0]), expected.to_string(), "{day}");
        assert_eq!(done[0].cells[0].covered, expected * 3_600_000_000);
    }
}

#[test]
fn an_amount_across_a_border_is_shared_out() {
    let half = rules("1h", Meaning::Energy);
    let done = run(
        &half,
        &[("2026-01-01T00:30:00Z", 60), ("2026-01-01T01:30:00Z", 30), ("2026-01-01T02:30:00Z", 10)],
    );
    let amounts: Vec<_> = done.iter().map(|slot| slot.cells[0].amount.to_f64()).collect();
    assert_eq!(amounts, [30.0, 45.0, 20.0, 5.0]);
}

#[test]
fn gaps_are_not_filled() {
    let power = rules("1h", Meaning::Power);
    let done = run(
        &power,
        &[
            ("2026-01-01T00:00:00Z", 100),
            ("2026-01-01T00:30:00Z", 200),
            ("2026-01-01T01:00:00Z", 50),
            ("2026-01-01T04:00:00Z", 10),
            ("2026-01-01T04:30:00Z", 10),
        ],
    );
    let hour = 3_600_000_000;
    let covered: Vec<_> = done.iter().map(|slot| slot.cells[0].covered).collect();
    assert_eq!(covered, [hour, hour / 2, 0, 0, hour]);
    assert_eq!(done[0].cells[0].weighted / hour as f64, 150.0);
}

#[test]
fn counters_start_again() {
    let mut index = rules("1h", Meaning::Index);
    let readings = [("2026-01-01T00:00:00Z", 990), ("2026-01-01T01:00:00Z", 5), ("2026-01-01T02:00:00Z", 7)];
    let done = run(&index, &readings);
    assert!(done[0].cells[0].reset && done[0].cells[0].covered == 0);
    assert_eq!(amount(&done[1]), "2");
    index.quantities = vec![(Meaning::Index, Some(1_000.0))];
    let done = run(&index, &readings);
    assert!(done[0].cells[0].rollover);
    assert_eq!(amount(&done[0]), "15");
}

#[test]
fn a_reading_that_is_not_later_is_refused() {
    let power = rules("1h", Meaning::Power);
    let mut series = Series::new(&power);
    let mut done = Vec::new();
    let reading = |at| Reading { at, values: vec![Some(Owned::Int(1))] };
    assert_eq!(series.add(&power, reading(10), &mut done), Ok(()));
    assert_eq!(series.add(&power, reading(10), &mut done), Err(TooEarly));
    assert_eq!(series.add(&power, reading(5), &mut done), Err(TooEarly));
    assert_eq!(series.last(), Some(10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost_and_nothing_made(
        steps in proptest::collection::vec((1_i64..200, 0_i64..1_000), 2..60),
        slot in prop_oneof![Just("10min"), Just("1h"), Just("1 day"), Just("3h")],
        end in any::<bool>(),
    ) {
        let mut energy = rules(slot, Meaning::Energy);
        energy.longest = Some("1 year".parse().unwrap());
        energy.label = if end { Label::End } else { Label::Start };
        let mut series = Series::new(&energy);
        let mut done = Vec::new();
        let mut at = micros("2026-10-24T22:10:00Z");
        for (minutes, value) in &steps {
            at += minutes * 60_000_000;
            series.add(&energy, Reading { at, values: vec![Some(Owned::Int(*value))] }, &mut done).unwrap();
        }
        series.finish(&energy, &mut done);
        let total: f64 = done.iter().map(|slot| slot.cells[0].amount.to_f64()).sum();
        let expected: i64 = steps.iter().map(|(_, value)| value).sum();
        prop_assert!((total - expected as f64).abs() < 1e-6, "{} {}", total, expected);
        for pair in done.windows(2) {
            prop_assert_eq!(pair[0].end.micros(), pair[1].start.micros());
        }
        for slot in &done {
            prop_assert!(slot.cells[0].covered <= slot.end.micros() - slot.start.micros());
        }
    }
}
