//! Any bytes, in any format, cut anywhere: no crash, and the cut does not matter.
//!
//! The first byte chooses the format, the second how the rest is cut: one target with one corpus covers every
//! format there is, also those added later.
#![no_main]

use connectors::{
    contract::{Decoded, Limits},
    formats::{ALL, FormatChoice},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [choice, cut, bytes @ ..] = input else { return };
    let format = ALL[usize::from(*choice) % ALL.len()];
    let Some(format) = FormatChoice::of_id(format.id()) else { return };
    let limits = Limits { record_bytes: 1 << 16, document_bytes: 1 << 20, ..Limits::default() };
    let read = |size: usize| {
        let mut decoder = format.decoder(&limits)?;
        let mut out = Decoded::default();
        let pushed = bytes.chunks(size).try_for_each(|part| decoder.push(part, &mut out));
        let ended = pushed.and_then(|()| decoder.finish(&mut out));
        out.cut();
        let mut records = Vec::new();
        while let Some(batch) = out.next_batch() {
            records.extend(batch.records().map(|record| format!("{record:?}")));
        }
        Some((records, out.take_rejected(), ended.is_ok()))
    };
    let whole = read(bytes.len().max(1));
    assert_eq!(whole, read(usize::from(*cut) % 64 + 1), "{format:?}");
});
