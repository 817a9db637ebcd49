use super::{Handler, Parser, Scopes, Tag, chars::is_blank};
use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use bus_core::{
    Message,
    loss::LossReport,
    record::{Batch, BatchBuilder},
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn format(settings: &Json) -> FormatChoice {
    serde_json::from_value(json!({ "xml": settings })).unwrap()
}

fn decode(settings: &Json, bytes: &[u8], step: usize) -> (Vec<Json>, Result<(), String>) {
    let (batches, end) = batches(settings, bytes, step);
    (batches.iter().flat_map(|batch| batch.records().map(|record| record.to_json())).collect(), end)
}

fn batches(settings: &Json, bytes: &[u8], step: usize) -> (Vec<Batch>, Result<(), String>) {
    let mut decoder = format(settings).decoder(&Limits::default()).unwrap();
    let mut out = Decoded::default();
    let mut end = Ok(());
    for piece in bytes.chunks(step.max(1)) {
        end = decoder.push(piece, &mut out);
        if end.is_err() {
            break;
        }
    }
    if end.is_ok() {
        end = decoder.finish(&mut out);
    }
    let batches = std::iter::from_fn(|| out.next_batch()).collect();
    (batches, end.map_err(|error| error.to_string()))
}

fn records(settings: &Json, text: &str) -> Vec<Json> {
    let (whole, end) = decode(settings, text.as_bytes(), usize::MAX);
    end.unwrap();
    assert_eq!(decode(settings, text.as_bytes(), 1).0, whole, "{text}");
    whole
}

fn encode(settings: &Json, batch: &Batch) -> (String, LossReport) {
    encode_all(settings, std::slice::from_ref(batch))
}

fn encode_all(settings: &Json, batches: &[Batch]) -> (String, LossReport) {
    let mut encoder = format(settings).encoder().unwrap();
    let (mut bytes, mut losses) = (Vec::new(), LossReport::default());
    for batch in batches {
        encoder.encode(batch, &mut bytes, &mut losses).unwrap();
    }
    encoder.finish(&mut bytes, &mut losses).unwrap();
    (String::from_utf8(bytes).unwrap(), losses)
}

fn batch(records: &[Json]) -> Batch {
    let mut builder = BatchBuilder::new();
    records.iter().for_each(|record| builder.json(record).unwrap());
    builder.take()
}

/// The document as its tags and texts, each a line.
fn events(text: &str) -> Vec<String> {
    #[derive(Default)]
    struct Seen {
        lines: Vec<String>,
        text: String,
    }
    impl Seen {
        fn line(&mut self, line: String) {
            let text = std::mem::take(&mut self.text);
            self.lines.extend((!text.is_empty()).then(|| format!("\"{text}")));
            self.lines.push(line);
        }
    }
    impl Handler for Seen {
        fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
            let mut attributes: Vec<String> =
                tag.attributes().map(|(name, value)| format!("{name}={value}")).collect();
            attributes.sort();
            self.line(format!("<{} {}", tag.name(), attributes.join(" ")));
            Ok(())
        }
        fn text(&mut self, text: &str) -> Result<(), Message> {
            self.text.push_str(text);
            Ok(())
        }
        fn close(&mut self, name: &str, _: &Scopes) -> Result<(), Message> {
            self.line(format!(">{name}"));
            Ok(())
        }
    }
    let mut seen = Seen::default();
    let mut parser = Parser::new(&Limits::default());
    parser.push(text.as_bytes(), &mut seen).unwrap_or_else(|error| panic!("{error}\n{text}"));
    parser.finish(&mut seen).unwrap_or_else(|error| panic!("{error}\n{text}"));
    seen.lines
}

/// The document without white space that only indents.
fn essence(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for line in events(text) {
        let first = line.chars().next();
        if first == Some('<') {
            open.push(lines.len());
        } else if first == Some('>') {
            let inside = lines.split_off(open.pop().unwrap() + 1);
            let mut depth = 0;
            let own: Vec<bool> = inside
                .iter()
                .map(|line| {
                    depth += i32::from(line.starts_with('<')) - i32::from(line.starts_with('>'));
                    depth == 0 && line.starts_with('"')
                })
                .collect();
            let words = |line: &str| line.strip_prefix('"').is_some_and(|text| !is_blank(text));
            let mixed = inside.iter().zip(&own).any(|(line, own)| *own && words(line));
            let leaf = !inside.iter().any(|line| line.starts_with('<'));
            let kept = inside
                .into_iter()
                .zip(own)
                .filter(|(line, own)| !own || mixed || (leaf && !line.contains('\n')));
            lines.extend(kept.map(|(line, _)| line));
        }
        lines.push(line);
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\r', "&#13;")
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("7".to_owned()),
        Just("048.50".to_owned()),
        Just(" a b ".to_owned()),
        Just("true".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        "[a-zé<>&\"'\\]\\r]{0,8}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "été", "p:a", "_c.1-x", "q:d"]).prop_map(str::to_owned)
}

/// A random element, with `p` and `q` bound around it.
fn element() -> impl Strategy<Value = String> {
    let attributes =
        || prop::collection::btree_map(name(), words().prop_map(|text| text.replace('\n', "")), 0..3);
    let tag = |name: &str, attributes: std::collections::BTreeMap<String, String>, inside: &str| {
        let attributes: String =
            attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
        format!("<{name}{attributes}>{inside}</{name}>")
    };
    let leaf = (name(), attributes(), words())
        .prop_map(move |(name, attributes, text)| tag(&name, attributes, &escaped(&text)));
    let apart = (words(), words()).prop_map(|(first, second)| {
        let one = |text: &str| format!("<z:z xmlns:z=\"urn:z\">{}</z:z>", escaped(text));
        one(&first) + &one(&second)
    });
    prop_oneof![6 => leaf, 1 => apart].prop_recursive(4, 40, 6, move |inner| {
        let part = prop_oneof![4 => inner, 1 => words().prop_map(|text| escaped(&text)), 1 => Just("<!-- c -->".to_owned()), 1 => Just("<![CDATA[<d>]]>".to_owned())];
        (name(), attributes(), prop::collection::vec(part, 0..6))
            .prop_map(move |(name, attributes, parts)| tag(&name, attributes, &parts.concat()))
    })
}

/// What quick-xml makes of the document, as [`events`] tells it.
fn other_parser(text: &str) -> Vec<String> {
    use quick_xml::{Reader, escape::unescape, events::Event};
    let mut reader = Reader::from_str(text);
    let (mut lines, mut words) = (Vec::new(), String::new());
    loop {
        let event = reader.read_event().unwrap();
        if matches!(event, Event::Start(_) | Event::End(_)) && !words.is_empty() {
            lines.push(format!("\"{}", std::mem::take(&mut words)));
        }
        match event {
            Event::Start(tag) => {
                let mut attributes: Vec<String> = tag
                    .attributes()
                    .map(|attribute| {
                        let attribute = attribute.unwrap();
                        format!("{}={}", attribute.key.0, unescape(&attribute.value).unwrap())
                    })
                    .collect();
                attributes.sort();
                lines.push(format!("<{} {}", tag.name().0, attributes.join(" ")));
            }
            Event::End(tag) => lines.push(format!(">{}", tag.name().0)),
            Event::Text(text) => words += &text,
            Event::CData(text) => words += &text,
            Event::GeneralRef(name) => words += &unescape(&format!("&{};", &*name)).unwrap(),
            Event::Eof => return lines,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_parser_sees_the_same(parts in prop::collection::vec(element(), 0..5)) {
        let document = format!("<root xmlns:p=\"urn:p\" xmlns:q=\"urn:q\">{}</root>", parts.concat());
        prop_assert_eq!(events(&document), other_parser(&document));
    }

    #[test]
    fn documents_survive(parts in prop::collection::vec(element(), 0..5), indent in 0..3) {
        let document = format!("<root xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" xmlns=\"urn:d\">{}</root>", parts.concat());
        let settings = json!({ "item": "/root", "indent": indent });
        let read = records(&settings, &document);
        let (kept, _) = batches(&settings, document.as_bytes(), 50);
        let (written, losses) = encode_all(&settings, &kept);
        prop_assert_eq!(essence(&document), essence(&written), "{}\n{}", document, written);
        prop_assert!(losses.is_empty() || document.contains('\n') || document.contains("=\"\""), "{:?}", losses);
        prop_assert_eq!(records(&settings, &written), read);
    }

    #[test]
    fn items_survive(parts in prop::collection::vec(element(), 0..5), indent in 0..3) {
        let items: String = parts.iter().map(|part| format!("<p:item>{part}</p:item>")).collect();
        let document = format!("<root xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" xmlns=\"urn:d\">{items}</root>");
        let settings = json!({ "item": "root/p:item", "indent": indent });
        let read = records(&settings, &document);
        prop_assert_eq!(read.len(), parts.len());
        let (kept, _) = batches(&settings, document.as_bytes(), 50);
        let (written, _) = encode_all(&settings, &kept);
        prop_assert_eq!(records(&settings, &written), read, "{}", written);
    }

    #[test]
    fn any_bytes_end_well(bytes in prop::collection::vec(prop::sample::select(b"<>/?!-[]&;#x='\" ab\n\xC3\xA9\xFF\0".to_vec()), 0..60)) {
        let whole = decode(&json!({}), &bytes, usize::MAX);
        prop_assert_eq!(decode(&json!({}), &bytes, 1), whole);
    }
}

#[test]
fn the_repeated_child_is_the_item() {
    let text = "<meters unit='W'><source>x</source>\n<reading id='01'><watt>5</watt><tag>a</tag><tag>b</tag></reading>\
                <reading id='02'><watt/></reading></meters>";
    let expected =
        vec![json!({ "@id": "01", "watt": 5, "tag": ["a", "b"] }), json!({ "@id": "02", "watt": null })];
    assert_eq!(records(&json!({}), text), expected);
    assert_eq!(records(&json!({ "item": "meters/reading" }), text), expected);
    let lists = json!({ "item": "reading", "lists": ["reading/watt"], "types": false });
    assert_eq!(records(&lists, text)[0]["watt"], json!(["5"]));
    assert_eq!(records(&json!({}), "<m><a>1</a><b>x</b></m>"), vec![json!({ "a": 1, "b": "x" })]);
    assert_eq!(records(&json!({}), "<m/>"), Vec::<Json>::new());
    assert_eq!(
        records(&json!({}), "<m><a>1</a><a>2</a></m>"),
        vec![json!({ "#text": 1 }), json!({ "#text": 2 })]
    );
}

#[test]
fn what_stands_outside_the_items_is_reported() {
    for settings in [json!({}), json!({ "item": "m/r" })] {
        let mut decoder = format(&settings).decoder(&Limits::default()).unwrap();
        let mut out = Decoded::default();
        decoder.push(b"<m unit='W'><source>x</source><r>1</r><r>2</r></m>", &mut out).unwrap();
        decoder.finish(&mut out).unwrap();
        let lost: Vec<&str> = out.losses().iter().map(|(path, _)| path).collect();
        assert_eq!(lost, ["m.@unit", "m.source"]);
    }
}

#[test]
fn mixed_content_and_order_are_kept() {
    let text = "<p c='1'>one <b>two</b> three</p>";
    assert_eq!(
        records(&json!({ "item": "/p" }), text),
        vec![json!({ "@c": 1, "#content": ["one ", { "b": "two" }, " three"] })]
    );
    let text = "<p><a>1</a><b>2</b><a>3</a></p>";
    assert_eq!(
        records(&json!({ "item": "/p" }), text),
        vec![json!({ "a": [1, 3], "b": 2, "#order": ["a", "b", "a"] })]
    );
}

#[test]
fn namespaces_go_with_the_records() {
    let text = "<f xmlns='urn:f' xmlns:g='urn:g' xmlns:h='urn:h'><e><g:x>1</g:x></e><e g:t='h:y'>2</e></f>";
    assert_eq!(
        records(&json!({ "item": "e" }), text),
        vec![
            json!({ "@xmlns": "urn:f", "@xmlns:g": "urn:g", "g:x": 1 }),
            json!({ "@xmlns": "urn:f", "@xmlns:g": "urn:g", "@xmlns:h": "urn:h", "@g:t": "h:y", "#text": 2 }),
        ]
    );
    assert_eq!(
        records(&json!({ "item": "e", "namespaces": "local" }), text),
        vec![json!({ "x": 1 }), json!({ "@t": "h:y", "#text": 2 })]
    );
}

#[test]
fn errors_have_their_place_and_keep_what_came_before() {
    let (read, end) = decode(&json!({ "item": "a" }), b"<r>\n<a>1</a>\n<a>&nbsp;</a></r>", 7);
    assert_eq!(read, vec![json!({ "#text": 1 })]);
    assert!(end.unwrap_err().starts_with("line 3, column 4: the entity `&nbsp;` is not known"));
    let (_, end) = decode(&json!({}), b"<!DOCTYPE lolz [<!ENTITY lol \"lol\">]><lolz>&lol;</lolz>", 5);
    assert!(end.unwrap_err().starts_with("line 1, column 1: a DOCTYPE is refused"));
    let deep = "<a>".repeat(10_000);
    let (_, end) = decode(&json!({}), deep.as_bytes(), 1_000);
    assert!(end.unwrap_err().contains("more than 128 deep"));
}

#[test]
fn other_encodings_are_read() {
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r><a>\xE9t\xE9</a></r>";
    assert_eq!(decode(&json!({}), latin, 3).0, vec![json!({ "a": "été" })]);
    let wide: Vec<u8> = "\u{FEFF}<r><a>été</a></r>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode(&json!({}), &wide, 1).0, vec![json!({ "a": "été" })]);
    let (_, end) = decode(&json!({}), b"<r>\n<a>\xE9</a></r>", 9);
    assert_eq!(
        end.unwrap_err(),
        "line 2, column 4: bytes that are not UTF-8: declare the encoding the document really has"
    );
}

#[test]
fn what_xml_cannot_hold_is_reported() {
    let records = [
        json!({ "puissance (kW)": 3, "@list": [1], "a": [], "n": [[1, 2]], "c": "\u{1}", "2x": null, "x:y": 1 }),
    ];
    let (written, losses) = encode(&json!({ "indent": 0 }), &batch(&records));
    assert_eq!(
        written,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<records>\n<record><puissance__kW_>3</puissance__kW_>\
         <n><item>1</item><item>2</item></n><c>\u{FFFD}</c><_2x/><x_y>1</x_y></record>\n</records>\n"
    );
    let noted: Vec<&str> = losses.iter().map(|(path, _)| path).collect();
    assert_eq!(noted, ["2x", "@list", "a", "c", "n", "puissance (kW)", "x:y"]);
}

#[test]
fn indented_documents_look_so() {
    let records = [
        json!({ "@id": 1, "a": "x & y", "b": [1, { "c": null }] }),
        json!({ "#content": ["t ", { "i": "u" }] }),
    ];
    let (written, losses) = encode(&json!({ "item": "list/one" }), &batch(&records));
    assert_eq!(
        written,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list>\n  <one id=\"1\">\n    <a>x &amp; y</a>\n    <b>1</b>\n    \
         <b>\n      <c/>\n    </b>\n  </one>\n  <one>t <i>u</i></one>\n</list>\n"
    );
    assert!(losses.is_empty());
    assert_eq!(
        encode(&json!({}), &batch(&[])).0,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<records>\n</records>\n"
    );
}
