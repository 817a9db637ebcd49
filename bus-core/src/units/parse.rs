//! The grammar of UCUM: atoms with prefixes and exponents, products, quotients, parentheses, annotations.

use super::{
    atoms::{self, ATOMS, Definition, PREFIXES},
    ratio::{Ratio, Scale},
};

/// What a unit measures, as powers of the base quantities; a scale that is no product (pH, dB) has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dimension {
    pub(super) powers: [i8; atoms::BASES.len()],
    pub(super) special: Option<&'static str>,
}

/// What a unit is: `value × scale + offset` in base units of a dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    pub(super) dimension: Dimension,
    pub(super) scale: Scale,
    pub(super) offset: Scale,
}

impl Measure {
    const NUMBER: Self = Self {
        dimension: Dimension { powers: [0; atoms::BASES.len()], special: None },
        scale: Scale::ONE,
        offset: Scale::ZERO,
    };

    const fn number(scale: Scale) -> Self {
        Self { scale, ..Self::NUMBER }
    }

    /// This unit to a power, as part of a product: offsets do not count there (`W/(m2.Cel)`).
    fn power(self, exponent: i8) -> Option<Self> {
        if self.dimension.special.is_some() {
            return (exponent == 1).then_some(self);
        }
        let mut dimension = Dimension::default();
        for (power, own) in dimension.powers.iter_mut().zip(self.dimension.powers) {
            *power = own.checked_mul(exponent)?;
        }
        let offset = if exponent == 1 { self.offset } else { Scale::ZERO };
        Some(Self { dimension, scale: self.scale.power(exponent), offset })
    }

    fn times(self, other: Self) -> Option<Self> {
        if self == Self::NUMBER {
            return Some(other);
        }
        if self.dimension.special.is_some() || other.dimension.special.is_some() {
            return None;
        }
        let mut dimension = self.dimension;
        for (power, more) in dimension.powers.iter_mut().zip(other.dimension.powers) {
            *power = power.checked_add(more)?;
        }
        Some(Self { dimension, scale: self.scale.times(other.scale), offset: Scale::ZERO })
    }
}

/// Units are short; what is longer is none.
const LONGEST: usize = 80;
const DEEPEST: u8 = 8;

/// The measure of a UCUM expression, with the signs people use for it (`m³/h`, `W·h`, `µg`).
pub(super) fn measure(text: &str) -> Option<Measure> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let plain = ascii(text);
    let mut reader = Reader { rest: &plain, depth: 0 };
    let found = reader.term()?;
    reader.rest.is_empty().then_some(found)
}

/// The text with superscripts, dots and Greek letters as UCUM writes them.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '²' => out.push('2'),
            '³' => out.push('3'),
            '⁻' => out.push('-'),
            '¹' => out.push('1'),
            '·' | '⋅' | '×' => out.push('.'),
            '^' if !out.ends_with("10") => {}
            'µ' | 'μ' => out.push('u'),
            'Ω' | '\u{2126}' => out.push_str("Ohm"),
            '€' => out.push_str("EUR"),
            '°' => out.push_str("deg"),
            char if char.is_whitespace() => {}
            char => out.push(char),
        }
    }
    out.replace("degC", "Cel").replace("degF", "[degF]").replace("[[degF]]", "[degF]")
}

struct Reader<'a> {
    rest: &'a str,
    depth: u8,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest;
        true
    }

    fn term(&mut self) -> Option<Measure> {
        let mut product = if self.eat('/') { self.component()?.power(-1)? } else { self.component()? };
        loop {
            product = if self.eat('.') {
                product.times(self.component()?)?
            } else if self.eat('/') {
                product.times(self.component()?.power(-1)?)?
            } else {
                return Some(product);
            };
        }
    }

    fn component(&mut self) -> Option<Measure> {
        if self.eat('(') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return None;
            }
            let inner = self.term()?;
            self.depth -= 1;
            if !self.eat(')') {
                return None;
            }
            return inner.power(self.exponent()?);
        }
        if self.annotation()? {
            return Some(Measure::NUMBER);
        }
        if self.rest.starts_with("10*") || self.rest.starts_with("10^") {
            self.rest = self.rest.get(3..)?;
            let exponent = self.exponent()?;
            return Some(Measure::number(Scale::Exact(Ratio::power_of_ten(exponent.into())?)));
        }
        let digits = self.rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(self.rest.len());
        if digits > 0 {
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            return Some(Measure::number(Scale::Exact(Ratio::decimal(number)?)));
        }
        let unit = simple(self.symbol())?.power(self.exponent()?)?;
        self.annotation()?;
        Some(unit)
    }

    /// `{…}`, which means nothing; whether there was one.
    fn annotation(&mut self) -> Option<bool> {
        let Some(inner) = self.rest.strip_prefix('{') else { return Some(false) };
        let (_, after) = inner.split_once('}')?;
        self.rest = after;
        Some(true)
    }

    /// An exponent; 1 if there is none.
    fn exponent(&mut self) -> Option<i8> {
        let unsigned = self.rest.trim_start_matches(['+', '-']);
        let end = unsigned.find(|char: char| !char.is_ascii_digit()).unwrap_or(unsigned.len());
        let length = self.rest.len() - unsigned.len() + end;
        if length == 0 {
            return Some(1);
        }
        let (number, rest) = self.rest.split_at(length);
        self.rest = rest;
        number.parse().ok()
    }

    /// The letters up to an exponent or an operator; what stands in brackets belongs to them.
    fn symbol(&mut self) -> &'a str {
        let mut inside = false;
        let end = self.rest.find(|char: char| {
            match char {
                '[' => inside = true,
                ']' => inside = false,
                _ => {}
            }
            !inside
                && (char.is_ascii_digit() || matches!(char, '.' | '/' | '(' | ')' | '{' | '}' | '+' | '-'))
        });
        let (symbol, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        symbol
    }
}

/// One atom, with a prefix if it takes one.
fn simple(symbol: &str) -> Option<Measure> {
    if let Some(measure) = atom(symbol, false) {
        return Some(measure);
    }
    PREFIXES.iter().find_map(|(prefix, over, under)| {
        let base = atom(symbol.strip_prefix(prefix)?, true)?;
        let factor = Scale::Exact(Ratio::new(*over, *under)?);
        // an offset in a scaled unit (`mCel`) scales with it
        Some(Measure { scale: base.scale.times(factor), ..base })
    })
}

fn atom(symbol: &str, prefixed: bool) -> Option<Measure> {
    let index = ATOMS.binary_search_by(|atom| atom.symbol.cmp(symbol)).ok()?;
    let atom = ATOMS.get(index)?;
    if prefixed && !atom.metric {
        return None;
    }
    match atom.definition {
        Definition::Base(place) => {
            let mut dimension = Dimension::default();
            *dimension.powers.get_mut(place)? = 1;
            Some(Measure { dimension, ..Measure::NUMBER })
        }
        Definition::Special(name, offset) => {
            let dimension = Dimension { special: Some(name), ..Dimension::default() };
            Some(Measure { dimension, offset: Scale::Exact(Ratio::whole(offset.into())), ..Measure::NUMBER })
        }
        Definition::Pi => Some(Measure::number(Scale::Near(std::f64::consts::PI))),
        Definition::Of(factor, unit) => {
            let base = measure(unit)?;
            // the Planck constant has more places than fractions hold here
            let factor = match Ratio::decimal(factor) {
                Some(exact) => Scale::Exact(exact),
                None => Scale::Near(factor.parse().ok()?),
            };
            Some(Measure { scale: base.scale.times(factor), ..base })
        }
        Definition::Shifted { over, under, offset_over, offset_under } => {
            let base = measure("K")?;
            let exact = |over: i128, under| Some(Scale::Exact(Ratio::new(over, under)?));
            Some(Measure { scale: exact(over, under)?, offset: exact(offset_over, offset_under)?, ..base })
        }
    }
}
