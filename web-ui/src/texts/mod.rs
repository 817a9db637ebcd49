//! Every text of the editor, in the languages it speaks. Nothing is written in a component.

mod editing;
mod looking;
mod pages;
mod table;

use bus_core::Language;

/// The texts in one language: `texts.sign_in()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Texts(pub(crate) Language);

impl Texts {
    /// The language.
    pub(crate) const fn language(self) -> Language {
        self.0
    }

    /// How dates are written.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const fn locale(self) -> &'static str {
        match self.0 {
            Language::En => "en-GB",
            Language::Fr => "fr-FR",
        }
    }

    /// What the page and the calls say of the language.
    pub(crate) const fn tag(self) -> &'static str {
        match self.0 {
            Language::En => "en",
            Language::Fr => "fr",
        }
    }

    /// Whether people speak of so many in the singular.
    pub(crate) const fn is_one(self, count: u64) -> bool {
        match self.0 {
            Language::En => count == 1,
            Language::Fr => count < 2,
        }
    }

    /// A number where there is little room: `12,480` as `12.4k`.
    pub(crate) fn short(self, number: u64) -> String {
        let (unit, letter) = match number {
            0..10_000 => return self.number(number),
            10_000..1_000_000 => (1_000, 'k'),
            1_000_000.. => (1_000_000, 'M'),
        };
        let point = match self.0 {
            Language::En => '.',
            Language::Fr => ',',
        };
        let (whole, tenth) = (number / unit, number % unit * 10 / unit);
        if whole >= 100 { format!("{whole}{letter}") } else { format!("{whole}{point}{tenth}{letter}") }
    }

    /// A number of bytes as people read it.
    pub(crate) fn size(self, bytes: u64) -> String {
        let (unit, word) = match (bytes, self.0) {
            (0..1_000, Language::En) => return format!("{bytes} B"),
            (0..1_000, Language::Fr) => return format!("{bytes} o"),
            (1_000..1_000_000, Language::En) => (1_000, "kB"),
            (1_000..1_000_000, Language::Fr) => (1_000, "ko"),
            (1_000_000.., Language::En) => (1_000_000, "MB"),
            (1_000_000.., Language::Fr) => (1_000_000, "Mo"),
        };
        let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
        let point = if self.0 == Language::En { '.' } else { ',' };
        if whole >= 10 {
            format!("{} {word}", self.number(whole))
        } else {
            format!("{whole}{point}{tenth} {word}")
        }
    }

    /// A whole number with its thousands apart.
    pub(crate) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let space = match self.0 {
            Language::En => ',',
            Language::Fr => '\u{202f}',
        };
        let mut out = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(space);
            }
            out.push(digit);
        }
        out
    }
}

/// A table of texts: `name: "English", "French";`, with `name(detail): …` for those with details in braces.
macro_rules! texts {
    ($($name:ident $(($($detail:ident),+))? : $english:literal, $french:literal;)*) => {
        impl $crate::texts::Texts {
            $( $crate::texts::text!{ $name $(($($detail),+))? : $english, $french } )*
        }
    };
}

/// One row of the table.
macro_rules! text {
    ($name:ident : $english:literal, $french:literal) => {
        pub(crate) const fn $name(self) -> &'static str {
            match self.0 {
                bus_core::Language::En => $english,
                bus_core::Language::Fr => $french,
            }
        }
    };
    ($name:ident ($($detail:ident),+) : $english:literal, $french:literal) => {
        pub(crate) fn $name(self, $($detail: impl std::fmt::Display),+) -> String {
            match self.0 {
                bus_core::Language::En => format!($english, $($detail = $detail),+),
                bus_core::Language::Fr => format!($french, $($detail = $detail),+),
            }
        }
    };
}

/// A table of texts about so many of something, for one and for more of them:
/// `name: "{count} thing", "{count} chose"; "{count} things", "{count} choses";`.
macro_rules! counted {
    ($($name:ident $(($($detail:ident),+))? :
        $one:literal, $un:literal; $more:literal, $plusieurs:literal;)*) => {
        impl $crate::texts::Texts {
            $( pub(crate) fn $name(
                self,
                count: impl TryInto<u64>,
                $($($detail: impl std::fmt::Display),+)?
            ) -> String {
                let count = count.try_into().unwrap_or(u64::MAX);
                let (one, count) = (self.is_one(count), self.number(count));
                match (self.0, one) {
                    (bus_core::Language::En, true) => format!($one, $($($detail = $detail,)+)? count = count),
                    (bus_core::Language::En, false) => format!($more, $($($detail = $detail,)+)? count = count),
                    (bus_core::Language::Fr, true) => format!($un, $($($detail = $detail,)+)? count = count),
                    (bus_core::Language::Fr, false) => format!($plusieurs, $($($detail = $detail,)+)? count = count),
                }
            } )*
        }
    };
}

pub(crate) use {counted, text, texts};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(Texts(Language::En).number(1_234_567), "1,234,567");
        assert_eq!(Texts(Language::Fr).number(1_000), "1\u{202f}000");
        assert_eq!(Texts(Language::Fr).number(12), "12");
        assert_eq!(Texts(Language::En).short(9_999), "9,999");
        assert_eq!(Texts(Language::Fr).short(12_480), "12,4k");
        assert_eq!(Texts(Language::En).short(1_000_000), "1.0M");
        assert_eq!(Texts(Language::En).short(345_678), "345k");
    }

    #[test]
    fn sizes_are_written_as_people_write_them() {
        assert_eq!(Texts(Language::En).size(999), "999 B");
        assert_eq!(Texts(Language::Fr).size(1_260), "1,2 ko");
        assert_eq!(Texts(Language::En).size(48_000_000), "48 MB");
    }

    #[test]
    fn details_are_filled_in() {
        assert_eq!(Texts(Language::Fr).signed_in_as("Ada"), "Connecté : Ada");
    }

    #[test]
    fn one_and_more_are_spoken_of_as_people_do() {
        let said = |language, count: u64| Texts(language).problems(count);
        assert_eq!([said(Language::En, 0), said(Language::En, 1)], ["0 problems", "1 problem"]);
        assert_eq!([said(Language::Fr, 0), said(Language::Fr, 1)], ["0 problème", "1 problème"]);
        assert_eq!(said(Language::Fr, 1_200), "1\u{202f}200 problèmes");
    }
}
