use connectors::contract::Clock;

/// Digits of an id: no letters that look like digits.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new id: 26 characters that sort by the time they were made (a ULID).
#[must_use]
pub fn new_id(clock: &dyn Clock) -> String {
    let mut chance = [0_u8; 10];
    // without a source of chance ids still differ by their time
    let _filled = getrandom::fill(&mut chance);
    from_parts(now(clock), chance)
}

/// The id of a time (ms since the Unix epoch) and of what tells it from others of that time.
pub(crate) fn from_parts(time: i64, rest: [u8; 10]) -> String {
    let time = u128::from(time.max(0).unsigned_abs()) << 80;
    let rest = rest.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    let number = time | rest;
    (0..26).rev().map(|place| digit(number >> (place * 5))).collect()
}

fn digit(number: u128) -> char {
    let place = usize::try_from(number & 31).unwrap_or(0);
    DIGITS.get(place).map_or('0', |digit| char::from(*digit))
}

/// The time in ms since the Unix epoch, as the store and the API have it.
#[must_use]
pub fn now(clock: &dyn Clock) -> i64 {
    clock.now().micros().div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use bus_core::record::{Precision, Timestamp};

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::at(self.0 * 1_000, 0, Precision::Microsecond)
        }
    }

    #[test]
    fn ids_are_26_characters_and_sort_by_time() {
        let (early, late) = (new_id(&At(1_700_000_000_000)), new_id(&At(1_700_000_000_001)));
        assert_eq!(early.len(), 26);
        assert!(early.starts_with("01HF7YAT00"), "{early}");
        assert!(early < late);
    }

    #[test]
    fn ids_of_the_same_moment_differ() {
        let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| new_id(&SystemClock)).collect();
        assert_eq!(ids.len(), 1_000);
    }
}
