//! Start tags: attributes and what namespaces ask of them.

use super::{
    Scopes,
    chars::{is_name, is_plain_name, is_space, name_length},
    text::{Wrong, resolve},
};
use bus_core::msg;
use rustc_hash::FxHashSet;
use std::ops::Range;

/// A start tag, as its handler sees it.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: &'a Attributes,
    pub(super) scopes: &'a Scopes,
}

impl<'a> Tag<'a> {
    /// The name as written, with its prefix.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local_name(self) -> &'a str {
        local(self.name)
    }

    /// The address of the namespace the element is in.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        self.scopes.address(prefix(self.name))
    }

    /// Names as written and values of the attributes, namespace declarations among them, in order.
    pub fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.attributes.iter()
    }

    /// The value of an attribute without prefix.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The namespace declarations in force on the element.
    #[must_use]
    pub const fn scopes(self) -> &'a Scopes {
        self.scopes
    }
}

pub(crate) fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

pub(crate) fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// The attributes of one start tag; kept from tag to tag so as not to allocate.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    text: String,
    places: Vec<(Range<usize>, Range<usize>)>,
}

/// Up to here each attribute is compared with each other one.
const FEW: usize = 12;

impl Attributes {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|(name, value)| (self.at(name), self.at(value)))
    }

    fn at(&self, place: &Range<usize>) -> &str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// Reads what stands between the element's name and `>` or `/>`.
    pub(super) fn read(&mut self, raw: &str, most: usize, eleven: bool) -> Result<(), Wrong> {
        self.clear();
        let mut rest = raw;
        loop {
            let spaced = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let at = raw.len() - spaced.len();
            if spaced.is_empty() {
                return self
                    .check_unique()
                    .map_err(|name| (0, msg!("the attribute `{name}` comes twice", name = name)));
            }
            if spaced.len() == rest.len() {
                return Err((at, msg!("a space is missing before this attribute")));
            }
            if self.places.len() >= most {
                return Err((
                    at,
                    msg!("the element has more than {most} attributes (limit `fields`)", most = most),
                ));
            }
            rest = self.attribute(spaced, eleven).map_err(|(inner, message)| (at + inner, message))?;
        }
    }

    /// Reads one `name="value"` and gives what follows.
    fn attribute<'r>(&mut self, raw: &'r str, eleven: bool) -> Result<&'r str, Wrong> {
        let (name, rest) = raw.split_at_checked(name_length(raw.as_bytes())).unwrap_or((raw, ""));
        if !is_name(name) {
            return Err((0, msg!("an attribute must have a name such as `id`")));
        }
        let rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(rest) = rest.strip_prefix('=') else {
            let at = raw.len() - rest.len();
            return Err((at, msg!("the attribute `{name}` has no value: write `{name}=\"…\"`", name = name)));
        };
        let rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let at = raw.len() - rest.len() + 1;
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quoted = quote.and_then(|quote| rest.get(1..)?.split_once(quote));
        let Some((value, rest)) = quoted else {
            return Err((
                at - 1,
                msg!("the value of the attribute `{name}` must stand in quotes", name = name),
            ));
        };
        if let Some(inside) = memchr::memchr(b'<', value.as_bytes()) {
            return Err((
                at + inside,
                msg!("`<` in an attribute value: write `&lt;`, or a quote is missing before"),
            ));
        }
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        let special = value.bytes().any(|byte| byte == b'&' || byte < b' ');
        if special || (eleven && !value.is_ascii()) {
            resolve(value, true, eleven, &mut self.text).map_err(|(inner, message)| (at + inner, message))?;
        } else {
            self.text.push_str(value);
        }
        self.places.push((start..middle, middle..self.text.len()));
        Ok(rest)
    }

    fn check_unique(&self) -> Result<(), &str> {
        if self.places.len() <= FEW {
            for (index, (name, _)) in self.iter().enumerate().skip(1) {
                if self.iter().take(index).any(|(other, _)| other == name) {
                    return Err(name);
                }
            }
            return Ok(());
        }
        let mut seen = FxHashSet::default();
        match self.iter().find(|(name, _)| !seen.insert(*name)) {
            Some((name, _)) => Err(name),
            None => Ok(()),
        }
    }

    /// Takes the namespace declarations among the attributes into force for the element at `depth`.
    pub(super) fn declare(&self, scopes: &mut Scopes, depth: usize, eleven: bool) -> Result<(), Wrong> {
        for (name, value) in self.iter() {
            let declared = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            scopes.declare(declared, value, depth, eleven).map_err(|message| (0, message))?;
        }
        Ok(())
    }

    /// Checks that every prefix stands for a namespace and no attribute comes twice by namespace.
    pub(super) fn check_prefixes(&self, element: &str, scopes: &Scopes) -> Result<(), Wrong> {
        check_name(element, scopes)?;
        let mut seen = FxHashSet::default();
        for (name, _) in self.iter().filter(|(name, _)| name.contains(':')) {
            if name.starts_with("xmlns:") {
                check_plain(name, local(name))?;
                continue;
            }
            check_name(name, scopes)?;
            if !seen.insert((scopes.address(prefix(name)), local(name))) {
                return Err((0, msg!("the attribute `{name}` comes twice, under two prefixes", name = name)));
            }
        }
        Ok(())
    }
}

fn check_name(name: &str, scopes: &Scopes) -> Result<(), Wrong> {
    let Some((prefix, local)) = name.split_once(':') else { return Ok(()) };
    check_plain(name, prefix)?;
    check_plain(name, local)?;
    if prefix == "xmlns" || scopes.address(prefix).is_none() {
        return Err((
            0,
            msg!(
                "the prefix of `{name}` is not declared: `xmlns:{prefix}=\"…\"` is missing",
                name = name,
                prefix = prefix
            ),
        ));
    }
    Ok(())
}

fn check_plain(name: &str, part: &str) -> Result<(), Wrong> {
    if is_plain_name(part) {
        return Ok(());
    }
    Err((0, msg!("`{name}` is not a name with a prefix: one colon between two names", name = name)))
}

/// Where the `>` of a start tag stands; a search that can go on when more text has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TagEnd {
    quote: Option<u8>,
}

impl TagEnd {
    /// The place of `>` in `bytes`, or of a `<` that should not be there.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut from = 0;
        loop {
            let rest = bytes.get(from..)?;
            let at = match self.quote {
                None => memchr::memchr3(b'>', b'"', b'\'', rest)?,
                Some(quote) => memchr::memchr2(quote, b'<', rest)?,
            };
            let found = *rest.get(at)?;
            match (self.quote, found) {
                (None, b'>') | (_, b'<') => return Some(from + at),
                (None, quote) => self.quote = Some(quote),
                (Some(_), _) => self.quote = None,
            }
            from += at + 1;
        }
    }
}

/// Splits the inside of a start tag from its closing `/`, if it has one.
pub(super) fn split_slash(inside: &str) -> (&str, bool) {
    match inside.strip_suffix('/') {
        // `<a b=c/>` has no quotes: leave the slash to the attribute's own error
        Some(rest) if rest.is_empty() || rest.bytes().next().is_some_and(is_space) => (rest, true),
        _ => (inside, false),
    }
}
