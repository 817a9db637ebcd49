use crate::kit::probe::{Probe, Ran};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value as Json, json};
use std::{fs, io::Write as _};
use zip::{ZipWriter, write::SimpleFileOptions};

fn read(name: &str, bytes: &[u8], mut settings: Json) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    settings["path"] = path.to_str().unwrap().into();
    Probe::of(crate::connector("file").unwrap(), settings).run()
}

fn failure(ran: &Ran) -> String {
    ran.end.as_ref().unwrap_err().to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Lines enough for several blocks.
fn lines(count: usize) -> String {
    (0..count).map(|number| format!("{{\"number\":{number},\"half\":{}}}\n", number / 2)).collect()
}

#[test]
fn gzip_is_opened_on_the_way_all_members_of_it() {
    let mut bytes = gzip("{\"a\":1}\n{\"a\"");
    bytes.extend(gzip(":2}\n"));
    bytes.extend([0; 512]);
    assert_eq!(read("x.ndjson.gz", &bytes, json!({})).out(), json!([{ "a": 1 }, { "a": 2 }]));
    assert_eq!(
        read("no-hint", &gzip(&lines(100_000)), json!({ "format": "ndjson" })).out(),
        read("x.ndjson", lines(100_000).as_bytes(), json!({})).out()
    );
}

#[test]
fn a_cut_gzip_gives_the_good_records_and_then_its_reason() {
    let whole = gzip(&lines(100_000));
    let ran = read("x.ndjson.gz", &whole[..whole.len() / 2], json!({}));
    assert!(failure(&ran).contains("the gzip data ends too early"), "{}", failure(&ran));
    let good = ran.json("out");
    assert!(good.as_array().unwrap().len() > 40_000);
    assert_eq!(good[40_000], json!({ "number": 40_000, "half": 20_000 }));

    let ran = read("x.ndjson.gz", &whole[..whole.len() / 2], json!({ "damaged": "keep" }));
    assert_eq!(ran.out(), good);
    assert!(ran.json("errors")[0]["reason"].as_str().unwrap().ends_with("the file was cut, fetch it again"));
}

#[test]
fn damage_inside_gzip_is_told() {
    let mut whole = gzip(&lines(100_000));
    let middle = whole.len() / 2;
    whole[middle..middle + 64].fill(0xaa);
    let ran = read("x.ndjson.gz", &whole, json!({}));
    assert!(failure(&ran).contains("gzip data is damaged"), "{}", failure(&ran));
    assert!(!ran.json("out").as_array().unwrap().is_empty());
}

#[test]
fn bombs_are_refused() {
    let bomb = gzip(&" ".repeat(20 << 20));
    assert!(failure(&read("x.ndjson.gz", &bomb, json!({}))).contains("looks like a bomb"));
    let bomb = archive(&[("x.ndjson", &" ".repeat(20 << 20))]);
    assert!(failure(&read("x.zip", &bomb, json!({}))).contains("looks like a bomb"));
}

#[test]
fn the_entries_of_an_archive_are_read_in_turn() {
    let bytes = archive(&[
        ("a/one.ndjson", "{\"a\":1}\n"),
        ("__MACOSX/a/one.ndjson", "\u{0}\u{1}"),
        ("two.ndjson", &lines(50_000)),
        ("three.txt", "nothing anybody knows"),
    ]);
    let ran = read("x.zip", &bytes, json!({ "entries": "**/*.ndjson", "file_field": "file" }));
    let out = ran.out();
    assert_eq!(out[0], json!({ "a": 1, "file": "a/one.ndjson" }));
    assert_eq!(out[50_000], json!({ "number": 49_999, "half": 24_999, "file": "two.ndjson" }));
    assert!(failure(&read("x.zip", &bytes, json!({}))).contains("three.txt"));
    assert!(failure(&read("x.zip", &bytes, json!({ "entries": "*.pdf" }))).contains("*.pdf"));
    assert!(failure(&read("x.zip", &bytes[..bytes.len() / 2], json!({}))).contains("cannot be opened"));
}

#[test]
fn of_a_kmz_the_map_is_read() {
    let map = "<kml><Placemark><name>Port</name></Placemark></kml>";
    let bytes = archive(&[("doc.kml", map), ("files/icon.png", "\u{89}PNG")]);
    assert_eq!(read("x.kmz", &bytes, json!({})).out()[0]["name"], json!("Port"));
}

#[test]
fn many_files_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "a", "c[1]"] {
        fs::write(folder.path().join(format!("{name}.ndjson")), format!("{{\"is\":\"{name}\"}}\n")).unwrap();
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let settings = json!({ "path": path("[ab].ndjson"), "more": [path("c[1].ndjson"), path("a.ndjson")] });
    let ran = Probe::of(crate::connector("file").unwrap(), settings).run();
    assert_eq!(ran.out(), json!([{ "is": "a" }, { "is": "b" }, { "is": "c[1]" }]));
    let ran = Probe::of(crate::connector("file").unwrap(), json!({ "path": path("*.csv") })).run();
    assert!(failure(&ran).starts_with("no file matches"), "{}", failure(&ran));
    let ran = Probe::of(crate::connector("file").unwrap(), json!({ "path": path("x.csv") })).run();
    assert!(failure(&ran).ends_with("x.csv: there is no such file or folder"), "{}", failure(&ran));
}

fn write(path: &str, records: &Json) -> Ran {
    Probe::of(crate::connector("file-out").unwrap(), json!({ "path": path })).input("in", records).run()
}

#[test]
fn a_file_is_replaced_in_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/x.ndjson");
    let name = path.to_str().unwrap();
    assert!(write(name, &json!([{ "a": 1 }])).end.is_ok());
    assert!(write(name, &json!([{ "a": 2 }])).end.is_ok());
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\":2}\n");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let ran = write(folder.path().join("x.what").to_str().unwrap(), &json!([]));
    assert!(failure(&ran).contains("the name does not tell the format"));
}

#[test]
fn what_was_compressed_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ndjson.gz");
    let records: Json = (0..5_000).map(|number| json!({ "number": number })).collect::<Vec<_>>().into();
    assert!(write(path.to_str().unwrap(), &records).end.is_ok());
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() < 30_000);
    assert_eq!(read("x.ndjson.gz", &bytes, json!({})).out(), records);
}

#[cfg(unix)]
#[test]
fn devices_are_written_in_place() {
    assert!(write("/dev/null", &json!([])).end.is_err());
    let settings = json!({ "path": "/dev/full", "format": "ndjson" });
    let ran =
        Probe::of(crate::connector("file-out").unwrap(), settings).input("in", &json!([{ "a": 1 }])).run();
    assert_eq!(failure(&ran), "/dev/full: the disk is full: make room, or write elsewhere");
}
