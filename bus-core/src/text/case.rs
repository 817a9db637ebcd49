use unicode_normalization::char::is_combining_mark;

/// The text in small letters.
#[must_use]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// The text in capitals, accents kept (`É`).
#[must_use]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// The text with a capital at its first letter only.
#[must_use]
pub fn sentence_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut first = true;
    for char in text.chars() {
        if first && char.is_alphabetic() {
            out.extend(char.to_uppercase());
            first = false;
        } else {
            out.extend(char.to_lowercase());
        }
    }
    out
}

/// The text with a capital at each word: `SAINT-ÉTIENNE` becomes `Saint-Étienne`.
///
/// After an apostrophe a capital follows only an elided word of one letter (`L'Isle`, `D'Artagnan`,
/// `O'Brien`, but `Aujourd'hui`, `It's`).
#[must_use]
pub fn title_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = 0_usize;
    for char in text.chars() {
        if char.is_alphanumeric() {
            if letters == 0 {
                out.extend(char.to_uppercase());
            } else {
                out.extend(char.to_lowercase());
            }
            letters += 1;
        } else {
            out.push(char);
            let joins = match char {
                '\'' | '’' => letters > 1,
                _ => is_combining_mark(char),
            };
            if !joins {
                letters = 0;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for (from, to) in [
            ("SAINT-ÉTIENNE", "Saint-Étienne"),
            ("l'isle-d'abeau", "L'Isle-D'Abeau"),
            ("aujourd'hui", "Aujourd'hui"),
            ("it's o'brien", "It's O'Brien"),
            ("12bis rue des LILAS", "12bis Rue Des Lilas"),
            ("", ""),
        ] {
            assert_eq!(title_case(from), to);
        }
        assert_eq!(sentence_case("« ÉCOLE maternelle »"), "« École maternelle »");
    }
}
