//! Bodies as they are stored: JSON text, exactly as it was given, compressed when it is long.

use super::{
    trouble::{corrupt, too_large},
    wire::{Binary, BinarySubtype, Bson},
};
use crate::{BackplaneError, Body};
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};

/// A body of so many bytes is compressed.
const LONG: usize = 4 << 10;
/// The server takes documents of 16 MB; the rest is for the keys.
const MOST: usize = 15 << 20;
/// What a compressed body may say that it is long.
const MOST_LONG: usize = 1 << 30;

pub(super) fn encode(body: &Body) -> Result<Bson, BackplaneError> {
    let text = body.text();
    if text.len() < LONG {
        return Ok(Bson::String(text.to_owned()));
    }
    let packed = compress_prepend_size(text.as_bytes());
    if packed.len() > MOST {
        return Err(too_large());
    }
    Ok(binary(packed))
}

pub(super) fn decode(id: &str, stored: Option<Bson>) -> Result<Body, BackplaneError> {
    let read = match stored {
        Some(Bson::String(text)) => Some(text),
        Some(Bson::Binary(packed)) => unpack(&packed.bytes).and_then(|text| String::from_utf8(text).ok()),
        _ => None,
    };
    read.and_then(|text| Body::written(text).ok()).ok_or_else(|| corrupt(id))
}

pub(super) const fn binary(bytes: Vec<u8>) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })
}

/// Unpacks, if what it says of its length can be true.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, _) = packed.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*length) as usize > MOST_LONG {
        return None;
    }
    decompress_size_prepended(packed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_json_survives() {
        let long = json!({ "text": "é\u{0}".repeat(9_000) });
        for body in [
            json!(u64::MAX),
            json!(i64::MIN),
            json!(0.1),
            json!(1e300),
            json!({ "$set": { "a.b": 1 }, "": null, "z": 1, "a": 2 }),
            json!([]),
            long,
        ] {
            let stored = encode(&body.clone().into()).unwrap();
            assert_eq!(decode("d", Some(stored)).unwrap().text(), body.to_string());
        }
    }

    #[test]
    fn a_damaged_body_is_told() {
        let mut packed = match encode(&json!("a".repeat(9_000)).into()).unwrap() {
            Bson::Binary(packed) => packed.bytes,
            other => panic!("{other:?}"),
        };
        packed.truncate(9);
        for stored in [Bson::String("{".to_owned()), binary(packed), binary(vec![255; 9]), Bson::Null] {
            assert!(decode("d", Some(stored.clone())).is_err(), "{stored:?}");
        }
        assert!(decode("d", None).is_err());
    }
}
