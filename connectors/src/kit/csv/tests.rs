use super::{Delimiter, Header, Options, Reader, Types, Writer};
use crate::{
    contract::{Decoded, Decoder, Encoder, Limits},
    kit::json,
};
use bus_core::{
    loss::LossReport,
    record::{Batch, BatchBuilder, Value},
};
use proptest::prelude::*;

/// Records as JSON lines, refusals as `line:column reason`, and what stopped it.
fn read(options: &Options, bytes: &[u8], cut: usize) -> (Vec<String>, Vec<String>, Option<String>) {
    let limits = Limits { record_bytes: 2_000, fields: 50, ..Limits::default() };
    let mut reader = Reader::new(options.clone(), &limits);
    let mut out = Decoded::default();
    let pushed = bytes.chunks(cut.max(1)).try_for_each(|piece| reader.push(piece, &mut out));
    let ended = pushed.and_then(|()| reader.finish(&mut out));
    out.cut();
    let mut records = Vec::new();
    while let Some(batch) = out.next_batch() {
        for record in batch.records() {
            let mut line = Vec::new();
            json::write(record, &mut line);
            records.push(String::from_utf8(line).unwrap());
        }
    }
    let refused = out.take_rejected().into_iter();
    let refused = refused.map(|(_, reject)| format!("{}:{} {}", reject.line, reject.column, reject.message));
    (records, refused.collect(), ended.err().map(|error| error.to_string()))
}

fn records(text: &str) -> Vec<String> {
    let whole = read(&Options::default(), text.as_bytes(), usize::MAX);
    for cut in [1, 3] {
        assert_eq!(read(&Options::default(), text.as_bytes(), cut), whole);
    }
    assert_eq!((&whole.1, &whole.2), (&Vec::new(), &None));
    whole.0
}

fn refused(text: &str) -> (usize, Vec<String>) {
    let whole = read(&Options::default(), text.as_bytes(), usize::MAX);
    assert_eq!(read(&Options::default(), text.as_bytes(), 1), whole);
    assert_eq!(whole.2, None);
    (whole.0.len(), whole.1)
}

#[test]
fn values_are_not_altered() {
    assert_eq!(
        records("id,n,d,ok,t\r\n007,1,1.10,true,\"a \"\"b\"\"\nc\"\r\n12,-5,2,FALSE,\r\n"),
        [
            r#"{"id":"007","n":1,"d":1.10,"ok":true,"t":"a \"b\"\nc"}"#,
            r#"{"id":"12","n":-5,"d":2,"ok":false,"t":null}"#,
        ]
    );
    assert_eq!(
        records("Communé;Conso (MWh);Code INSEE\nGap;1234,50;05061\nÉtel;S;56055\n"),
        [
            r#"{"Communé":"Gap","Conso (MWh)":1234.50,"Code INSEE":"05061"}"#,
            r#"{"Communé":"Étel","Conso (MWh)":"S","Code INSEE":"56055"}"#,
        ]
    );
}

#[test]
fn what_comes_later_does_not_fit_the_type_stays_text() {
    let many = "1\n".repeat(3_000);
    let found = records(&format!("a,b\n{}01,x\n1.50,2\n", many.replace('\n', ",2\n")));
    assert_eq!(found.len(), 3_002);
    assert_eq!(found[3_000..], [r#"{"a":"01","b":"x"}"#, r#"{"a":1.50,"b":2}"#]);
}

#[test]
fn good_rows_go_on() {
    assert_eq!(
        refused("a,b\n1,2\n3\n4,5,6\n\n7,8\n"),
        (
            2,
            vec![
                "3:1 this row has 1 fields, the table has 2 columns".into(),
                "4:1 this row has 3 fields, the table has 2 columns".into(),
            ]
        )
    );
    assert_eq!(
        refused("a,b\n1,\"x\n2,\"y\"\n3,\"z\"\n"),
        (2, vec!["3:3 text follows a closing quote: a quote inside a field is written twice".into()])
    );
    assert_eq!(
        refused("a,b\n1,2\né,\"x\n2,y\n3,z"),
        (3, vec!["3:3 the closing quote of this field is missing".into()])
    );
    let long = format!("a,b\n1,{}\n2,3\n4,\"{}\n5,6\n", "x".repeat(5_000), "y".repeat(5_000));
    assert_eq!(
        refused(&long),
        (
            2,
            vec![
                "2:1 this record is longer than 2000 bytes (limit `record_bytes`)".into(),
                "4:3 the closing quote of this field is missing".into(),
            ]
        )
    );
    let bad = read(&Options::default(), b"a;b\n\xC3\xA9;1\nx\xFF;2\n\xC3\xA0;3\n", 1);
    assert_eq!(bad.0.len(), 2);
    assert_eq!(bad.1, ["3:2 these bytes are not text: set the encoding"]);
}

#[test]
fn too_wide_a_table_is_refused() {
    let wide = vec!["c"; 100_000].join(",");
    for cut in [1, usize::MAX] {
        let (_, _, error) = read(&Options::default(), wide.as_bytes(), cut);
        assert_eq!(
            error.as_deref(),
            Some("line 1, column 1: the table has more than 50 columns (limit `fields`)")
        );
    }
}

#[test]
fn preambles_and_empty_documents() {
    assert_eq!(records("sep=;\na;b\n1;2\n"), [r#"{"a":1,"b":2}"#]);
    assert!(records("").is_empty());
    assert!(records("a,b\n").is_empty());
    assert_eq!(records("\u{FEFF}a,a,,b\n1,2,3,\n"), [r#"{"a":1,"a_2":2,"column_3":3,"b":null}"#]);
    let skipping = Options { skip_lines: 2, ..Options::default() };
    let text = "Enquête 2026\n\na;b\n1;x\n";
    assert_eq!(read(&skipping, text.as_bytes(), 1).0, [r#"{"a":1,"b":"x"}"#]);
}

fn written(options: &Options, batches: &[Batch]) -> (String, LossReport) {
    let mut writer = Writer::new(options);
    let (mut out, mut losses) = (Vec::new(), LossReport::default());
    for batch in batches {
        writer.encode(batch, &mut out, &mut losses).unwrap();
    }
    writer.finish(&mut out, &mut losses).unwrap();
    (String::from_utf8(out).unwrap(), losses)
}

fn batch(lines: &[&str]) -> Batch {
    let mut builder = BatchBuilder::new();
    for line in lines {
        json::parse(line.as_bytes(), &mut builder, &Limits::default()).unwrap();
    }
    builder.take()
}

#[test]
fn writes_nested_values_flat() {
    let first =
        batch(&[r#"{"a":1,"g":{"lat":1.5,"x":{"y":"é"}},"l":[1,{"b":2}]}"#, r#"{"b":"p,q","a":"\"r\""}"#]);
    let later = batch(&[r#"{"a":null,"new":1}"#, "7"]);
    let (text, losses) = written(&Options::default(), &[first, later]);
    assert_eq!(
        text,
        "a,g.lat,g.x.y,l,b\n1,1.5,é,\"[1,{\"\"b\"\":2}]\",\n\"\"\"r\"\"\",,,,\"p,q\"\n,,,,\n,,,,\n"
    );
    let lost: Vec<_> = losses.iter().map(|(path, entries)| format!("{path} {}", entries[0].reason)).collect();
    assert_eq!(
        lost,
        [
            "l lists and objects are written as JSON text",
            "new the field has no column",
            "value the field has no column"
        ]
    );
}

#[test]
fn a_field_may_be_a_value_here_and_an_object_there() {
    let mixed = batch(&[r#"{"g":1}"#, r#"{"g":{"x":2}}"#, r#"{"g":{"x":{"y":3}}}"#]);
    assert_eq!(written(&Options::default(), &[mixed]).0, "g,g.x,g.x.y\n1,,\n,2,\n,,3\n");
    let columns = Options { columns: vec!["g".into()], ..Options::default() };
    let nested = batch(&[r#"{"g":{"x":2}}"#]);
    assert_eq!(written(&columns, &[nested]).0, "g\n\"{\"\"x\"\":2}\"\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reads_what_it_wrote(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z0-9,;\"' \n\té]{0,8}", 3), 1..20),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        cut in 1_usize..50,
    ) {
        let mut builder = BatchBuilder::new();
        for row in &rows {
            builder.begin_object();
            for (key, value) in ["x", "y", "z"].iter().zip(row) {
                builder.key(key).unwrap();
                builder.text(value);
            }
            builder.end();
        }
        let options = Options {
            delimiter: Delimiter::of(delimiter),
            quote: Delimiter::of(b'"'),
            header: Header::FirstRow,
            types: Types::Text,
            ..Options::default()
        };
        let batch = builder.take();
        let (text, losses) = written(&options, std::slice::from_ref(&batch));
        prop_assert!(losses.is_empty());
        let (read, refused, error) = read(&options, text.as_bytes(), cut);
        prop_assert_eq!((refused, error), (Vec::new(), None));
        let expected: Vec<String> = batch.records().map(as_json).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_text_is_cut_alike(text in "[a-c0-2,;\"'\n\r.é\u{0}-]{0,80}", cut in 1_usize..9) {
        let whole = read(&Options::default(), text.as_bytes(), usize::MAX);
        prop_assert_eq!(read(&Options::default(), text.as_bytes(), cut), whole);
    }

    #[test]
    fn any_bytes_are_cut_alike(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 1_usize..9) {
        let whole = read(&Options::default(), &bytes, usize::MAX);
        prop_assert_eq!(read(&Options::default(), &bytes, cut), whole);
    }
}

fn as_json(value: Value<'_>) -> String {
    let mut text = Vec::new();
    json::write(value, &mut text);
    String::from_utf8(text).unwrap()
}
