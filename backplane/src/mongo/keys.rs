//! Keys that sort as what they hold, as text: the server compares strings byte by byte.
//!
//! Numbers are 16 hexadecimal digits with the sign turned round; in texts the three lowest characters are
//! escaped, so that the end of a text sorts before everything else.

use crate::IndexValue;
use std::fmt::Write as _;

/// Ends a text.
const END: char = '\u{1}';
/// Begins an escaped character.
const ESCAPE: char = '\u{2}';
/// Sorts behind everything that a key can go on with.
const BEHIND: char = '~';
/// Goes before the id of the document.
const ID: char = '4';

fn value(value: &IndexValue, key: &mut String) {
    match value {
        IndexValue::Bool(value) => key.push_str(if *value { "11" } else { "10" }),
        IndexValue::Int(int) => {
            // writing to a String cannot fail
            let _written = write!(key, "2{:016x}", int.cast_unsigned() ^ (1 << 63));
        }
        IndexValue::Text(text) => {
            key.push('3');
            key.push_str(&open(text));
            key.push(END);
        }
    }
}

/// A text without its end: what the keys of all texts that begin so begin with.
pub(super) fn open(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\0' => key.extend([ESCAPE, '0']),
            END => key.extend([ESCAPE, '1']),
            ESCAPE => key.extend([ESCAPE, '2']),
            letter => key.push(letter),
        }
    }
    key
}

/// What the keys of an index begin with, down to the given values.
pub(super) fn prefix<'a>(values: impl IntoIterator<Item = &'a IndexValue>) -> String {
    let mut key = String::with_capacity(64);
    values.into_iter().for_each(|known| value(known, &mut key));
    key
}

/// The key of one document in an index.
pub(super) fn full(values: &[IndexValue], id: &str) -> String {
    let mut key = prefix(values);
    key.push(ID);
    key.push_str(id);
    key
}

/// The key of a chunk: owner, then name.
pub(super) fn owned(owner: &str, name: &str) -> String {
    let mut key = open(owner);
    key.push(END);
    key.push_str(name);
    key
}

/// The first key behind all that begin with these values.
pub(super) fn behind(mut prefix: String) -> String {
    prefix.push(BEHIND);
    prefix
}

/// The first text behind all that begin like this.
pub(super) fn behind_text(start: &str) -> String {
    let mut behind = open(start);
    behind.push(char::MAX);
    behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = IndexValue> {
        prop_oneof![
            any::<bool>().prop_map(IndexValue::Bool),
            any::<i64>().prop_map(IndexValue::Int),
            "[\\x00-\\x03a-c\u{e9}~\u{10fffe}]{0,4}".prop_map(IndexValue::Text),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn keys_sort_as_values_do(a in values(), b in values(), c in values(), d in values()) {
            let (left, right) = ([a, b], [c, d]);
            prop_assert_eq!(prefix(&left).cmp(&prefix(&right)), left.cmp(&right));
        }

        #[test]
        fn a_range_holds_what_begins_with_its_values(a in values(), b in values(), id in "\\PC{0,8}") {
            let (key, start) = (full(&[a.clone(), b], &id), prefix([&a]));
            prop_assert!(key >= start && key < behind(start.clone()), "{:?} {:?}", key, start);
        }

        #[test]
        fn owners_are_found_by_their_beginning(owner in "[\\x00-\\x03a-c/]{0,6}", more in "[\\x00-\\x03a/]{0,3}", name in "\\PC{0,8}") {
            let key = owned(&format!("{owner}{more}"), &name);
            prop_assert!(key >= open(&owner) && key < behind_text(&owner));
        }
    }
}
