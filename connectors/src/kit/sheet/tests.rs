use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use bus_core::{
    loss::LossReport,
    record::{BatchBuilder, Precision, Timestamp},
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use zip::{ZipWriter, write::SimpleFileOptions};

fn decode(format: &Json, bytes: &[u8], limits: &Limits) -> Result<Vec<Json>, String> {
    let format: FormatChoice = serde_json::from_value(format.clone()).unwrap();
    let mut decoder = format.decoder(limits).unwrap();
    let mut out = Decoded::default();
    for piece in bytes.chunks(1_000) {
        decoder.push(piece, &mut out).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut out).map_err(|error| error.to_string())?;
    let mut records = Vec::new();
    while let Some(batch) = out.next_batch() {
        records.extend(batch.records().map(|record| record.to_json()));
    }
    Ok(records)
}

fn xlsx(fill: impl FnOnce(&mut BatchBuilder)) -> (Vec<u8>, LossReport) {
    let mut builder = BatchBuilder::new();
    fill(&mut builder);
    let mut encoder = FormatChoice::of_id("xlsx").unwrap().encoder().unwrap();
    let (mut bytes, mut losses) = (Vec::new(), LossReport::default());
    encoder.encode(&builder.take(), &mut bytes, &mut losses).unwrap();
    encoder.finish(&mut bytes, &mut losses).unwrap();
    (bytes, losses)
}

fn ods(content: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    let document = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\">\
         <office:body><office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>"
    );
    zip.write_all(document.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Two batches of such records, one record each of 60 kB beside the other fields.
fn late_column(batches: usize) -> (Vec<Json>, LossReport) {
    let mut encoder = FormatChoice::of_id("xlsx").unwrap().encoder().unwrap();
    let (mut bytes, mut losses) = (Vec::new(), LossReport::default());
    for number in 0..batches {
        let mut builder = BatchBuilder::new();
        for _ in 0..16 {
            builder.begin_object();
            builder.key("a").unwrap();
            builder.text(&"x".repeat(30_000));
            if number + 1 == batches {
                builder.key("late").unwrap();
                builder.int(7);
            }
            builder.end();
        }
        encoder.encode(&builder.take(), &mut bytes, &mut losses).unwrap();
    }
    encoder.finish(&mut bytes, &mut losses).unwrap();
    let limits = Limits { expansion_ratio: 100_000, ..Limits::default() };
    (decode(&json!("xlsx"), &bytes, &limits).unwrap(), losses)
}

#[test]
fn columns_that_come_late_are_there_too() {
    let (records, losses) = late_column(2);
    assert!(losses.is_empty());
    assert_eq!((&records[0]["late"], &records[31]["late"]), (&Json::Null, &json!(7)));
    // beyond what can be held it is said
    let (records, losses) = late_column(60);
    assert_eq!(records.len(), 960);
    let lost: Vec<_> = losses.iter().map(|(path, losses)| (path, losses[0].count)).collect();
    assert_eq!(lost, [("late", 16)]);
}

#[test]
fn a_workbook_keeps_kinds() {
    let (bytes, losses) = xlsx(|out| {
        out.begin_object();
        out.key("siret").unwrap();
        out.text("01234567890123");
        out.key("kW").unwrap();
        out.decimal("22.5");
        out.key("n").unwrap();
        out.int(-3);
        out.key("ok").unwrap();
        out.bool(true);
        out.key("vide").unwrap();
        out.null();
        out.key("jour").unwrap();
        out.time(Timestamp::parse("2026-03-28").unwrap());
        out.key("heure").unwrap();
        out.time(Timestamp::parse("2026-03-28T07:30:15").unwrap());
        out.key("liste").unwrap();
        out.json(&json!([1, "a"])).unwrap();
        out.end();
    });
    let read = decode(&json!("xlsx"), &bytes, &Limits::default());
    let read = read.or_else(|_| decode(&json!({ "xlsx": {} }), &bytes, &Limits::default()));
    assert_eq!(
        read.unwrap(),
        vec![json!({
            "siret": "01234567890123", "kW": 22.5, "n": -3, "ok": true, "vide": null,
            "jour": "2026-03-28", "heure": "2026-03-28T07:30:15", "liste": "[1,\"a\"]",
        })]
    );
    assert_eq!(losses.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["liste"]);
    assert!(FormatChoice::of_bytes(&bytes).is_some_and(|format| format.format().id() == "xlsx"));
}

/// Times are fractions of a day in a workbook, which no second fits exactly.
#[test]
fn every_second_of_a_day_survives() {
    let day = 22_769_751 / 86_400 * 86_400;
    let (bytes, _) = xlsx(|out| {
        for second in (1..86_400_i64).step_by(37) {
            out.begin_object();
            out.key("at").unwrap();
            out.time(Timestamp::local((day + second) * 1_000_000, Precision::Second));
            out.end();
        }
    });
    let read = decode(&json!({ "xlsx": {} }), &bytes, &Limits::default()).unwrap();
    for (second, record) in (1..86_400_i64).step_by(37).zip(read) {
        let at = Timestamp::local((day + second) * 1_000_000, Precision::Second);
        assert_eq!(record, json!({ "at": at.to_string() }));
    }
}

#[test]
fn sheets_of_libreoffice_are_read() {
    let bytes = ods("<table:table table:name=\"Vide\"/><table:table table:name=\"Bornes\">\
         <table:table-row><table:table-cell table:number-columns-spanned=\"2\" office:value-type=\"string\"><text:p>Puissance</text:p></table:table-cell>\
         <table:covered-table-cell/><table:table-cell office:value-type=\"string\"><text:p>Date</text:p></table:table-cell></table:table-row>\
         <table:table-row><table:table-cell office:value-type=\"string\"><text:p>kW</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>kVA</text:p></table:table-cell><table:table-cell/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"2\"><table:table-cell office:value-type=\"float\" office:value=\"22.50\"><text:p>22,5</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><text:p>a<text:s text:c=\"2\"/>b</text:p><text:p>c</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-28\"><text:p>28/03/26</text:p></table:table-cell></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
         </table:table>");
    let record = json!({ "Puissance / kW": 22.5, "Puissance / kVA": "a  b\nc", "Date": "2026-03-28" });
    let settings = json!({ "ods": { "sheet": "Bornes", "header_rows": 2 } });
    assert_eq!(decode(&settings, &bytes, &Limits::default()).unwrap(), vec![record.clone(), record]);
    let settings = json!({ "ods": { "sheet": "Autre" } });
    let error = decode(&settings, &bytes, &Limits::default()).unwrap_err();
    assert_eq!(error, "there is no sheet `Autre`: the workbook has Vide, Bornes");
}

#[test]
fn bombs_are_refused() {
    let row = "<table:table-row table:number-rows-repeated=\"1000000000\"><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row>";
    let bytes = ods(&format!("<table:table table:name=\"a\">{row}</table:table>"));
    assert!(decode(&json!({ "ods": {} }), &bytes, &Limits::default()).unwrap_err().contains("repeats"));
    let bytes = ods(&" ".repeat(20 << 20));
    let error = decode(&json!({ "ods": {} }), &bytes, &Limits::default()).unwrap_err();
    assert!(error.contains("unpacks to more than"), "{error}");
    let error = decode(&json!({ "xlsx": {} }), b"PK\x03\x04 no zip", &Limits::default()).unwrap_err();
    assert!(error.contains("cannot be opened"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_survive(rows in prop::collection::vec((any::<i32>(), "[ -~éÀ\n]{1,20}", any::<bool>(), 0..2_000_000_000_i64), 1..8)) {
        let (bytes, losses) = xlsx(|out| {
            for (number, text, flag, seconds) in &rows {
                out.begin_object();
                out.key("n").unwrap();
                out.int(i64::from(*number));
                out.key("t").unwrap();
                out.text(text);
                out.key("b").unwrap();
                out.bool(*flag);
                out.key("at").unwrap();
                out.time(Timestamp::local(seconds * 1_000_000, Precision::Second));
                out.end();
            }
        });
        prop_assert!(losses.is_empty());
        let read = decode(&json!({ "xlsx": {} }), &bytes, &Limits::default()).unwrap();
        prop_assert_eq!(read.len(), rows.len());
        for ((number, text, flag, seconds), record) in rows.iter().zip(read) {
            let at = Timestamp::local(seconds * 1_000_000, Precision::Second).to_string();
            let at = if seconds % 86_400 == 0 { at.split('T').next().unwrap_or_default().to_owned() } else { at };
            prop_assert_eq!(record, json!({ "n": number, "t": text, "b": flag, "at": at }));
        }
    }
}
