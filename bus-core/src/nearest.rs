//! The name a person probably meant.

/// The candidate that is nearest to `name`, if one is near enough to be what was meant.
///
/// Case, accents, hyphens and underscores do not count; two letters exchanged count as one error, and so
/// does a name that breaks off.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = letters(name);
    let far = (name.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let letters = letters(candidate);
            let broken_off = name.len() >= 3 && letters.starts_with(&name);
            (distance(&name, &letters).min(if broken_off { 1 } else { usize::MAX }), candidate)
        })
        .filter(|(distance, candidate)| *distance <= far && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> Vec<char> {
    use unicode_normalization::UnicodeNormalization as _;
    let plain = name.nfd().filter(|letter| letter.is_alphanumeric());
    // names are short; a longer one is near nothing
    plain.flat_map(char::to_lowercase).take(64).collect()
}

/// Levenshtein distance with exchanged neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let cell = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut best = (cell(&last, j) + usize::from(letter != other))
                .min(cell(&last, j + 1) + 1)
                .min(cell(&row, j) + 1);
            let exchanged = i > 0 && j > 0 && a.get(i - 1) == Some(other) && b.get(j - 1) == Some(letter);
            if exchanged {
                best = best.min(cell(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["delimiter", "quote", "header", "encoding", "item_path"];
        for (typed, meant) in [
            ("delimitr", Some("delimiter")),
            ("Delimiter", Some("delimiter")),
            ("delimtier", Some("delimiter")),
            ("itempath", Some("item_path")),
            ("item-path", Some("item_path")),
            ("héader", Some("header")),
            ("qoute", Some("quote")),
            ("enco", Some("encoding")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }
}
