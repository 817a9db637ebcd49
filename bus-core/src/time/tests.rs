use super::*;
use crate::{
    Language,
    record::{Precision, Timestamp},
};
use proptest::prelude::*;

fn any(text: &str) -> Option<String> {
    parse_any(text, &Hints::default()).map(|time| time.to_string())
}

#[test]
fn many_forms_of_one_moment() {
    for text in [
        "28/03/2026 14:05",
        "28/03/26 à 14h05",
        "28/3/2026 14h05",
        "28.03.2026, 14:05",
        "28-03-2026 14:05",
        "28 mars 2026 14:05",
        "28 MARS 2026 à 14 h 05",
        "28 mars 2026 - 14:05",
        "sam. 28 mars 2026 14:05",
        "Samedi 28 mars 2026 à 14h05",
        "le samedi 28 mars 2026 à 14h05min",
        "28-mars-26 14:05",
        "28 Mar 2026 14:05",
        "March 28, 2026 2:05 PM",
        "Mar 28th 2026 at 2:05 p.m.",
        "2026-03-28 14:05",
        "2026-03-28T1405",
        "2026/03/28 14:05",
        "20260328T1405",
        "202603281405",
        "2026-W13-6T14:05",
        "2026W136T14:05",
        "2026-087 14:05",
        "2026087T14:05",
        "28\u{a0}mars\u{202f}2026\u{a0}14:05",
    ] {
        assert_eq!(any(text).as_deref(), Some("2026-03-28T14:05"), "{text}");
    }
}

#[test]
fn zones_and_dates() {
    for (text, time) in [
        ("1er janvier 2026", "2026-01-01"),
        ("1er févr. 2026", "2026-02-01"),
        ("mar 3 mars 2026", "2026-03-03"),
        ("Mar 3, 2026", "2026-03-03"),
        ("mar. 03/03/2026", "2026-03-03"),
        ("20260328", "2026-03-28"),
        ("20260328T140500Z", "2026-03-28T14:05:00Z"),
        ("20260328140500", "2026-03-28T14:05:00"),
        ("28/03/2026 24:00", "2026-03-29T00:00"),
        ("Sat, 28 Mar 2026 14:05:00 +0100", "2026-03-28T14:05:00+01:00"),
        ("28 Mar 2026 14:05:00 GMT", "2026-03-28T14:05:00Z"),
        ("Sat Mar 28 14:05:00 2026", "2026-03-28T14:05:00"),
        ("Sat Mar 28 14:05:00 CET 2026", "2026-03-28T14:05:00+01:00"),
        ("Sat Mar 28 2026 14:05:00 GMT+0100 (heure normale d’Europe centrale)", "2026-03-28T14:05:00+01:00"),
        ("2026-03-28T14:05:00+01:00[Europe/Paris]", "2026-03-28T14:05:00+01:00"),
        ("2026-03-30 14:05 Europe/Paris", "2026-03-30T14:05+02:00"),
        ("2026-03-28T14:05:00.123456789Z", "2026-03-28T14:05:00.123456Z"),
        ("28/03/2026 14:05:09,5", "2026-03-28T14:05:09.500"),
        ("2026-03-28 02:05:09 PM", "2026-03-28T14:05:09"),
        ("28/03/2026 12:30 AM", "2026-03-28T00:30"),
        ("31/12/99", "1999-12-31"),
    ] {
        assert_eq!(any(text).as_deref(), Some(time), "{text}");
    }
}

#[test]
fn what_is_no_date_stays_none() {
    for text in [
        "",
        "2026",
        "2026-03",
        "mars 2026",
        "12",
        "14:05",
        "31/02/2026",
        "13/13/2026",
        "28/03-2026",
        "1.5.2",
        "dim. 28 mars 2026",
        "75056",
        "01 23 45 67 89",
        "192.168.1.10",
        "28/03/2026 25:00",
        "28/03/2026 14:60",
        "3 rue de Paris",
        "2026-03-28T14:05 Europe/Atlantis",
        "12345678",
        "99999999",
        "28/03/2026 and more",
    ] {
        assert_eq!(any(text), None, "{text}");
    }
}

#[test]
fn hints() {
    let month_first = Hints { month_first: true, ..Hints::default() };
    assert_eq!(
        parse_any("03/04/2026", &month_first).map(|time| time.to_string()).as_deref(),
        Some("2026-03-04")
    );
    assert_eq!(parse_any("28/03/2026", &month_first), None);
    let partial = Hints { partial: true, ..Hints::default() };
    for (text, time) in [
        ("mars 2026", "2026-03-01"),
        ("2026-03", "2026-03-01"),
        ("2026", "2026-01-01"),
        ("2026-W02", "2026-01-05"),
    ] {
        assert_eq!(parse_any(text, &partial).map(|time| time.to_string()).as_deref(), Some(time), "{text}");
    }
    for (text, numbers, time) in [
        ("1774703100", Numbers::UnixSeconds, "2026-03-28T13:05:00Z"),
        ("1774703100.25", Numbers::UnixSeconds, "2026-03-28T13:05:00.250Z"),
        ("-1", Numbers::UnixSeconds, "1969-12-31T23:59:59Z"),
        ("1774703100250", Numbers::UnixMilliseconds, "2026-03-28T13:05:00.250Z"),
        ("46109.5868055556", Numbers::SpreadsheetDays, "2026-03-28T14:05:00"),
        ("46109", Numbers::SpreadsheetDays, "2026-03-28"),
        ("1", Numbers::SpreadsheetDays, "1900-01-01"),
    ] {
        let hints = Hints { numbers: Some(numbers), ..Hints::default() };
        assert_eq!(parse_any(text, &hints).map(|time| time.to_string()).as_deref(), Some(time), "{text}");
    }
}

#[test]
fn found_patterns() {
    for (text, pattern) in [
        ("28/03/2026", "dd/MM/yyyy"),
        ("28/03/26 à 14h05", "dd/MM/yy 'à' HH'h'mm"),
        ("sam. 28 mars 2026 14:05", "EEE. d MMMM yyyy HH:mm"),
        ("2026-03-28T14:05:00.123+01:00", "yyyy-MM-dd'T'HH:mm:ss.SSSxxx"),
        ("2026-W13-6", "YYYY'-W'ww-e"),
        ("Mar 28, 2026 2:05 PM", "MMM d, yyyy h:mm a"),
    ] {
        let found = recognise(text, &Hints::default()).map(|found| found.pattern.to_string());
        assert_eq!(found.as_deref(), Some(pattern), "{text}");
    }
    assert!(recognise("03/04/2026", &Hints::default()).is_some_and(|found| found.ambiguous));
    assert!(recognise("28/04/2026", &Hints::default()).is_some_and(|found| !found.ambiguous));
}

#[test]
fn patterns_of_all_forms() {
    for (pattern, text, time) in [
        ("dd/MM/yyyy HH:mm", "28/03/2026 14:05", "2026-03-28T14:05"),
        ("%d/%m/%Y %H:%M", "28/03/2026 14:05", "2026-03-28T14:05"),
        ("%Y-%m-%dT%H:%M:%S.%3f%:z", "2026-03-28T14:05:00.250+01:00", "2026-03-28T14:05:00.250+01:00"),
        ("YYYY-MM-DD", "2026-03-28", "2026-03-28"),
        ("DD/MM/YYYY", "28/03/2026", "2026-03-28"),
        ("jj/mm/aaaa hh:mm", "28/03/2026 14:05", "2026-03-28T14:05"),
        ("yyyy-MM-ddTHH:mm", "2026-03-28T14:05", "2026-03-28T14:05"),
        ("yyyyMMddHHmmss", "20260328140500", "2026-03-28T14:05:00"),
        ("d MMM yyyy", "1er mars 2026", "2026-03-01"),
        ("MM/yyyy", "03/2026", "2026-03-01"),
        ("MM/dd/yyyy h:mm a", "03/28/2026 2:05 pm", "2026-03-28T14:05"),
        ("YYYY-'W'ww-e", "2026-W13-6", "2026-03-28"),
        ("yyyy-DDD", "2026-087", "2026-03-28"),
        ("%s", "1774703100", "2026-03-28T13:05:00Z"),
        ("dd/MM/yyyy HH:mm VV", "28/03/2026 14:05 Europe/Paris", "2026-03-28T14:05+01:00"),
        ("yyyy-MM-dd HH:mm:ss XXX", "2026-03-28 14:05:00 Z", "2026-03-28T14:05:00Z"),
    ] {
        let pattern: DatePattern = pattern.parse().unwrap();
        let read = pattern.read(text);
        assert_eq!(read.map(|time| time.to_string()).as_deref(), Some(time), "{pattern} {text}");
    }
    for pattern in ["", "xyz", "dd/MM/yyyy 'à", "HHhmm", "%d/%m/%K", "rue"] {
        assert!(pattern.parse::<DatePattern>().is_err(), "{pattern}");
    }
}

#[test]
fn written_for_people() {
    let time = Timestamp::parse("2026-02-01T09:05:03.250+01:00").unwrap();
    for (pattern, language, text) in [
        ("EEEE d MMMM yyyy 'à' H'h'mm", Language::Fr, "dimanche 1er février 2026 à 9h05"),
        ("EEE d MMM yyyy", Language::Fr, "dim. 1er févr. 2026"),
        ("EEEE, MMMM d, yyyy h:mm a", Language::En, "Sunday, February 1, 2026 9:05 AM"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Language::En, "2026-02-01T09:05:03.250+01:00"),
        ("%d/%m/%y %Hh%M %z", Language::Fr, "01/02/26 09h05 +0100"),
        ("YYYY-'W'ww-e D", Language::En, "2026-W05-7 32"),
    ] {
        assert_eq!(pattern.parse::<DatePattern>().unwrap().write(time, language), text);
    }
}

#[test]
fn clocks_put_forward_and_back() {
    let paris: Zone = "Europe/Paris".parse().unwrap();
    let place = |text: &str, clash| {
        paris.place(Timestamp::parse(text).unwrap(), clash).map(|time| time.to_string()).ok()
    };
    for (text, clash, time) in [
        ("2026-03-29T02:30", Clash::Usual, Some("2026-03-29T03:30+02:00")),
        ("2026-03-29T02:30", Clash::Earlier, Some("2026-03-29T01:30+01:00")),
        ("2026-03-29T02:30", Clash::Later, Some("2026-03-29T03:30+02:00")),
        ("2026-03-29T02:30", Clash::Reject, None),
        ("2026-10-25T02:30", Clash::Usual, Some("2026-10-25T02:30+02:00")),
        ("2026-10-25T02:30", Clash::Later, Some("2026-10-25T02:30+01:00")),
        ("2026-10-25T02:30", Clash::Reject, None),
        ("2026-10-25T12:30", Clash::Reject, Some("2026-10-25T12:30+01:00")),
        ("2026-07-01T00:00Z", Clash::Reject, Some("2026-07-01T02:00+02:00")),
        ("2026-07-01", Clash::Reject, Some("2026-07-01")),
    ] {
        assert_eq!(place(text, clash).as_deref(), time, "{text} {clash:?}");
    }
    let error = "Europe/Pari".parse::<Zone>().unwrap_err().to_string();
    assert!(error.contains("Europe/Paris"), "{error}");
}

#[test]
fn slots() {
    let paris: Zone = "Europe/Paris".parse().unwrap();
    for (slot, time, start, next) in [
        ("10min", "2026-03-29T03:17:05+02:00", "2026-03-29T03:10:00+02:00", "2026-03-29T03:20:00+02:00"),
        ("1h", "2026-03-29T01:17+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("1h", "2026-10-25T02:17+01:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"),
        ("1 jour", "2026-03-29T22:30Z", "2026-03-30T00:00:00+02:00", "2026-03-31T00:00:00+02:00"),
        ("1 day", "2026-03-29T12:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("6h", "2026-03-29T05:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00"),
        ("P1W", "2026-03-28T12:00+01:00", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("1 month", "2026-03-28T12:00+01:00", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
        ("trimestre", "2026-05-28T12:00+02:00", "2026-04-01T00:00:00+02:00", "2026-07-01T00:00:00+02:00"),
        ("P1Y", "2026-05-28T12:00+02:00", "2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"),
        ("1 day", "2026-03-29", "2026-03-29", "2026-03-30"),
        ("1 month", "2026-03-29T12:00", "2026-03-01T00:00:00", "2026-04-01T00:00:00"),
    ] {
        let slot: Slot = slot.parse().unwrap();
        let found = slot.start(Timestamp::parse(time).unwrap(), Some(&paris)).unwrap();
        assert_eq!(found.to_string(), start, "{slot} {time}");
        assert_eq!(slot.next(found, Some(&paris)).unwrap().to_string(), next, "{slot} {time}");
    }
    for text in ["", "0h", "x", "P", "PT", "-1h", "1 siècle"] {
        assert!(text.parse::<Slot>().is_err(), "{text}");
    }
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000, 0_usize..4).prop_map(|(seconds, kind)| {
        let micros = seconds * 1_000_000;
        let minute = micros - micros % 60_000_000;
        match kind {
            0 => Timestamp::local(micros - micros % 86_400_000_000, Precision::Day),
            1 => Timestamp::local(minute, Precision::Minute),
            2 => Timestamp::local(micros, Precision::Second),
            _ => Timestamp::at(micros, 120, Precision::Second),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        if let Some(found) = recognise(&text, &Hints::default()) {
            prop_assert!(parse_any(&text, &Hints::default()).is_some());
            prop_assert!(!found.pattern.as_str().is_empty());
        }
    }

    #[test]
    fn any_datelike_text_is_read_or_refused(text in "[0-9]{1,4}[-/ .T:hà]{0,3}[0-9a-zé.]{0,6}[-/ ]?[0-9]{0,4}[T à]{0,3}[0-9:h]{0,8}[Z+0-9 A-Z:]{0,7}") {
        if let Some(found) = recognise(&text, &Hints::default()) {
            prop_assert_eq!(found.pattern.read(&text), Some(found.time), "{}", found.pattern);
        }
    }

    #[test]
    fn any_pattern_text_is_compiled_or_refused(text in "[yMdHhmsSaEXxVZ'% :/YDjafGwe-]{0,16}", time in times()) {
        if let Ok(pattern) = text.parse::<DatePattern>() {
            let written = pattern.write(time, Language::Fr);
            prop_assert!(written.len() < 400);
            prop_assert!(pattern.read(&written).is_none_or(|time| time.to_string().len() >= 10));
        }
    }

    #[test]
    fn what_is_written_is_read_again(time in times(), french in any_bool()) {
        let language = if french { Language::Fr } else { Language::En };
        let clock = if time.is_date() { "" } else { " 'à' HH'h'mm:ss" };
        let zone = if time.offset().is_some() { " XXX" } else { "" };
        for date in ["EEEE d MMMM yyyy", "dd/MM/yyyy", "EEE d MMM yyyy", "yyyy-DDD", "YYYY-'W'ww-e"] {
            let pattern: DatePattern = format!("{date}{clock}{zone}").parse().unwrap();
            let written = pattern.write(time, language);
            prop_assert_eq!(pattern.read(&written), Some(time), "{} {}", pattern, &written);
        }
        for date in ["EEEE d MMMM yyyy", "dd/MM/yyyy", "yyyy-MM-dd", "yyyy-DDD"] {
            let clock = if time.is_date() { "" } else { " HH:mm:ss" };
            let pattern: DatePattern = format!("{date}{clock}{zone}").parse().unwrap();
            let written = pattern.write(time, language);
            prop_assert_eq!(parse_any(&written, &Hints::default()), Some(time), "{} {}", pattern, &written);
        }
    }

    #[test]
    fn a_slot_holds_its_start(seconds in 0_i64..4_000_000_000, which in 0_usize..8) {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        let slot: Slot = ["10min", "1h", "6h", "1 day", "1 week", "1 month", "1 quarter", "1 year"][which].parse().unwrap();
        let time = paris.show(Timestamp::at(seconds * 1_000_000, 0, Precision::Second));
        let start = slot.start(time, Some(&paris)).unwrap();
        let next = slot.next(start, Some(&paris)).unwrap();
        prop_assert!(start <= time && time < next, "{} {} {} {}", slot, time, start, next);
        prop_assert_eq!(slot.start(start, Some(&paris)), Some(start));
    }
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}
