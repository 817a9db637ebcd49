use super::{
    line::{Line, list, unescape},
    zones::Zones,
};
use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use proptest::prelude::*;
use serde_json::Value as Json;

fn decode(bytes: &[u8], step: usize) -> Vec<Json> {
    let mut decoder = FormatChoice::of_id("ics").unwrap().decoder(&Limits::default()).unwrap();
    let mut out = Decoded::default();
    for piece in bytes.chunks(step) {
        decoder.push(piece, &mut out).unwrap();
    }
    decoder.finish(&mut out).unwrap();
    let mut records = Vec::new();
    while let Some(batch) = out.next_batch() {
        records.extend(batch.records().map(|record| record.to_json()));
    }
    records
}

#[test]
fn lines_have_parameters() {
    let line =
        Line::parse("ATTENDEE;CN=\"Durand; Éve\";role=CHAIR;X-A=a^'b^n:mailto:eve@example.org").unwrap();
    assert_eq!(line.parameter("CN"), Some("Durand; Éve"));
    assert_eq!(line.parameter("ROLE"), Some("CHAIR"));
    assert_eq!(line.parameter("X-A"), Some("a\"b\n"));
    assert_eq!(line.value, "mailto:eve@example.org");
    assert_eq!(unescape("a\\, b\\; c\\n\\\\"), "a, b; c\n\\");
    assert_eq!(list("réunion\\, hebdo,b"), ["réunion, hebdo", "b"]);
}

#[test]
fn zones_are_found() {
    let mut zones = Zones::default();
    let mut time = |text: &str, zone: &str| zones.time(text, Some(zone)).unwrap().to_string();
    assert_eq!(time("20260328T073000", "Europe/Paris"), "2026-03-28T07:30:00+01:00");
    assert_eq!(
        time("20260728T073000", "/freeassociation.sourceforge.net/Europe/Paris"),
        "2026-07-28T07:30:00+02:00"
    );
    assert_eq!(time("20260728T073000", "Romance Standard Time"), "2026-07-28T07:30:00+02:00");
    assert_eq!(time("20260728T073000", "Nowhere"), "2026-07-28T07:30:00");
    assert_eq!(time("20260728T073000Z", "Nowhere"), "2026-07-28T07:30:00Z");
    assert_eq!(time("20260728", "Europe/Paris"), "2026-07-28");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However long lines are folded, even inside a letter, the text is the same.
    #[test]
    fn folded_lines_are_one(text in "[a-zé,;\\\\ \n]{0,80}", width in 1..20_usize, step in 1..30_usize) {
        let escaped = text.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;").replace('\n', "\\n");
        let line = format!("SUMMARY:{escaped}x");
        let folded: Vec<&[u8]> = line.as_bytes().chunks(width.max(8)).collect();
        let document = [b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n".as_slice(), &folded.join(b"\r\n ".as_slice()), b"\r\nEND:VEVENT\r\nEND:VCALENDAR"].concat();
        let records = decode(&document, step);
        let read = records[0]["summary"].as_str().unwrap_or_default();
        prop_assert_eq!(read, format!("{text}x"));
    }
}
