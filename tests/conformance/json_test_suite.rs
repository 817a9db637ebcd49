//! JSONTestSuite (test_parsing): every `y` is read, every `n` refused, no `i` crashes, however it is cut.

use connectors::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use house_tests::{Score, shared};
use std::fs;

/// Reads a document in pieces of `cut` bytes; the first thing that was refused.
fn read(text: &[u8], cut: usize) -> Result<usize, String> {
    let settings = serde_json::json!({ "json": { "duplicate_keys": "keep-last" } });
    let format: FormatChoice = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let mut decoder = format.decoder(&Limits::default()).ok_or("no decoder")?;
    let mut out = Decoded::default();
    for piece in text.chunks(cut) {
        decoder.push(piece, &mut out).map_err(|error| error.to_string())?;
    }
    decoder.finish(&mut out).map_err(|error| error.to_string())?;
    match out.take_rejected().first() {
        Some((_, reject)) => Err(reject.message.to_string()),
        None => Ok(std::iter::from_fn(|| out.next_batch()).map(|batch| batch.len()).sum()),
    }
}

#[test]
fn parsing() {
    let Some(folder) = shared("conformance/json-parsing/test_parsing") else { return };
    let (mut yes, mut no) = (Score::new("JSONTestSuite y"), Score::new("JSONTestSuite n"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read(&path).unwrap();
        let outcome = read(&text, text.len().max(1));
        for cut in [1, 2, 5] {
            assert_eq!(read(&text, cut), outcome, "{name} cut into pieces of {cut}");
        }
        match name.split('_').next() {
            Some("y") => yes.case(&name, outcome.map(drop)),
            Some("n") => {
                no.case(&name, outcome.map_or(Ok(()), |records| Err(format!("{records} records were read"))));
            }
            _ => {}
        }
    }
    yes.finish(95, &[]);
    no.finish(188, &[]);
}
