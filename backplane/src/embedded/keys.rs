//! Keys that sort as what they hold: collection, index, values, document id.

use crate::{Collection, Index, IndexValue};

/// Ends a text; a zero byte inside becomes `0 255`, which sorts behind it.
const END: [u8; 2] = [0, 1];

fn text(text: &str, key: &mut Vec<u8>) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(255);
        }
    }
    key.extend_from_slice(&END);
}

fn value(value: &IndexValue, key: &mut Vec<u8>) {
    match value {
        IndexValue::Bool(value) => key.extend_from_slice(&[1, u8::from(*value)]),
        IndexValue::Int(int) => {
            key.push(2);
            // with the sign turned round, bytes sort as numbers do
            key.extend_from_slice(&(int.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
        IndexValue::Text(content) => {
            key.push(3);
            text(content, key);
        }
    }
}

/// What the keys of an index begin with, down to the given values.
pub(super) fn prefix(collection: Collection, index: &str, values: &[IndexValue]) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    text(collection.name, &mut key);
    text(index, &mut key);
    values.iter().for_each(|known| value(known, &mut key));
    key
}

/// The key of one document in an index.
pub(super) fn full(collection: Collection, index: &Index, values: &[IndexValue], id: &str) -> Vec<u8> {
    let mut key = prefix(collection, index.name, values);
    // the id comes last and needs no end: it is what remains
    key.push(4);
    key.extend_from_slice(id.as_bytes());
    key
}

/// The document id in a full key, given the number of bytes of its values.
pub(super) fn id(key: &[u8], index: &Index, collection: Collection) -> Option<String> {
    let mut rest = key.get(prefix(collection, index.name, &[]).len()..)?;
    for _ in index.members {
        rest = match rest.split_first()? {
            (1, rest) => rest.get(1..)?,
            (2, rest) => rest.get(8..)?,
            (3, rest) => rest.get(rest.windows(2).position(|pair| pair == END)? + 2..)?,
            _ => return None,
        };
    }
    String::from_utf8(rest.strip_prefix(&[4])?.to_vec()).ok()
}

/// The first key behind all that begin with `prefix`.
pub(super) fn behind(mut prefix: Vec<u8>) -> Vec<u8> {
    while let Some(last) = prefix.pop() {
        if last < 255 {
            prefix.push(last + 1);
            break;
        }
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THINGS: Collection = Collection { name: "things", indexes: &[] };
    const PAIR: Index = Index { name: "pair", members: &["a", "b"], unique: false };

    fn values() -> impl Strategy<Value = IndexValue> {
        prop_oneof![
            any::<bool>().prop_map(IndexValue::Bool),
            any::<i64>().prop_map(IndexValue::Int),
            "[\\x00-\\x02a-c]{0,4}".prop_map(IndexValue::Text),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn keys_sort_as_values_do(a in values(), b in values(), c in values(), d in values()) {
            let (left, right) = ([a, b], [c, d]);
            let keys = prefix(THINGS, "pair", &left).cmp(&prefix(THINGS, "pair", &right));
            prop_assert_eq!(keys, left.cmp(&right));
        }

        #[test]
        fn the_id_can_be_read_back(a in values(), b in values(), name in "\\PC{0,8}") {
            let key = full(THINGS, &PAIR, &[a, b], &name);
            prop_assert_eq!(id(&key, &PAIR, THINGS), Some(name));
        }
    }
}
