use super::{Reader, Writer};
use crate::{
    contract::{Decoded, Decoder, Encoder, Limits},
    kit::json,
};
use bus_core::{
    loss::LossReport,
    record::{Batch, BatchBuilder},
};
use proptest::prelude::*;

fn read(text: &str, cut: usize) -> (Vec<String>, Vec<String>, Option<String>) {
    let mut reader = Reader::new(&Limits { document_bytes: 100_000, ..Limits::default() });
    let mut out = Decoded::default();
    let pushed = text.as_bytes().chunks(cut.max(1)).try_for_each(|piece| reader.push(piece, &mut out));
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

#[test]
fn documents_and_lists() {
    let text = "- a: 1.10\n  b: [x, ~, 007, .5, 0x1F]\n- !!binary aGk=\n---\nc: {d: 'e'}\n---\n---\n- f\n";
    for cut in [1, 3, 1000] {
        assert_eq!(
            read(text, cut),
            (
                vec![
                    r#"{"a":1.10,"b":["x",null,"007",0.5,31]}"#.into(),
                    r#""aGk=""#.into(),
                    r#"{"c":{"d":"e"}}"#.into(),
                    r#""f""#.into()
                ],
                vec![],
                None
            )
        );
    }
}

#[test]
fn good_records_go_on() {
    let (records, refused, error) = read("- {a: 1, a: 2}\n- b: .nan\n- c: 1e400\n- d: 4\n", 1);
    assert_eq!((records, error), (vec![r#"{"d":4}"#.to_owned()], None));
    assert_eq!(
        refused,
        [
            "1:10 the key `a` comes twice in one object",
            "2:6 `.nan` is not a value that can be held: write it in quotes",
            "3:6 `1e400` is not a value that can be held: write it in quotes",
        ]
    );
    assert_eq!(read("- a\n---\n- b: [\n", 5).2.unwrap().split(':').next(), Some("line 4, column 1"));
}

#[test]
fn billion_laughs_and_depth_are_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..20 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert!(read(&text, 1000).2.unwrap().contains("grows beyond"));
    assert!(read(&"[".repeat(10_000), 1000).2.is_some());
    let block: String = (0..300).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(read(&block, 1000).2.unwrap().contains("nest deeper"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reads_what_it_wrote(
        rows in proptest::collection::vec(("[ -~é\n\t]{0,12}", any::<i64>(), any::<bool>(), "[0-9a-z:#,'\"-]{0,6}"), 0..8),
        documents in any::<bool>(),
        cut in 1_usize..40,
    ) {
        let mut builder = BatchBuilder::new();
        for (text, int, nested, key) in &rows {
            builder.begin_object();
            builder.key(key).unwrap();
            builder.text(text);
            builder.key("list of it").unwrap();
            builder.begin_list();
            if *nested {
                builder.int(*int);
                builder.decimal("1.10");
                builder.begin_object();
                builder.key("x").unwrap();
                builder.text(text);
                builder.key("y").unwrap();
                builder.begin_list();
                builder.end();
                builder.end();
                builder.bytes(text.as_bytes());
            }
            builder.end();
            builder.end();
        }
        let batch: Batch = builder.take();
        let (mut out, mut losses) = (Vec::new(), LossReport::default());
        let mut writer = Writer::new(documents);
        writer.encode(&batch, &mut out, &mut losses).unwrap();
        writer.finish(&mut out, &mut losses).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected: Vec<String> = batch.records().map(|record| {
            let mut line = Vec::new();
            json::write(record, &mut line);
            String::from_utf8(line).unwrap()
        }).collect();
        prop_assert_eq!(read(&text, cut), (expected, vec![], None), "{}", text);
    }

    #[test]
    fn any_text_is_cut_alike(text in "(---\n|[a-c0-2:,\\[\\]{}&*!|>'\" \n-]){0,40}", cut in 1_usize..9) {
        prop_assert_eq!(read(&text, cut), read(&text, 1000));
    }
}
