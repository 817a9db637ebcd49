use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The text without accents: `Œuvre à Łódź` becomes `OEuvre a Lodz`. Case stays.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for char in text.nfd().filter(|char| !is_combining_mark(*char)) {
        match spelled_out(char) {
            Some(letters) => out.push_str(letters),
            None => out.push(char),
        }
    }
    out
}

/// Letters that are no plain letter with an accent, as they are spelled without them.
fn spelled_out(char: char) -> Option<&'static str> {
    Some(match char {
        'œ' => "oe",
        'Œ' => "OE",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        'ẞ' => "SS",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "TH",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'Ŋ' => "N",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬀ' => "ff",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        '’' | '‘' | 'ʼ' => "'",
        _ => return None,
    })
}

/// The text as part of an address: small letters and digits of ASCII, words joined by `-`.
///
/// `Île-de-France : N° 1` becomes `ile-de-france-n-1`. Letters of other scripts are kept, in small.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for char in plain(text).chars() {
        if char.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.extend(char.to_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// Whether two texts are the same but for accents and case.
#[must_use]
pub fn same_plain(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || (!(a.is_ascii() && b.is_ascii()) && plain(a).to_lowercase() == plain(b).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_accents() {
        assert_eq!(plain("Œuvre à Łódź, ça"), "OEuvre a Lodz, ca");
        assert_eq!(slug("  Île-de-France : N° 1 !"), "ile-de-france-n-1");
        assert_eq!(slug("Ελλάδα 2"), "ελλαδα-2");
        assert!(same_plain("Évry", "EVRY") && !same_plain("Évry", "Ivry"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn slug_of_a_slug_is_itself(text in "\\PC{0,40}") {
            let once = slug(&text);
            proptest::prop_assert_eq!(slug(&once), once);
        }
    }
}
