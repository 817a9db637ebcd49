//! Where the items of a document stand.

use super::{chars::is_plain_name, reader::Around, record::matches_name};
use bus_core::{Message, msg};
use schemars::JsonSchema;
use serde::Deserialize;

/// A path of element names: `reading` (anywhere), `readings/reading` (directly inside), `/feed/entry`
/// (from the root on). A name without prefix means elements of any prefix; `*` is any name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct ItemPath {
    from_root: bool,
    parts: Vec<String>,
}

impl TryFrom<String> for ItemPath {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        let (from_root, rest) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let parts: Vec<String> = rest.split('/').map(|part| part.trim().to_owned()).collect();
        let is_name = |part: &String| part == "*" || part.splitn(2, ':').all(is_plain_name);
        match parts.iter().find(|part| !is_name(part)) {
            None => Ok(Self { from_root, parts }),
            Some(part) => Err(msg!(
                "`{part}` is not the name of an element: write a path such as `readings/reading`",
                part = part
            )),
        }
    }
}

impl ItemPath {
    /// The path of exactly these children of exactly this root.
    pub(super) fn exactly(root: &str, child: &str) -> Self {
        Self { from_root: true, parts: vec![root.to_owned(), child.to_owned()] }
    }

    /// Whether the element `name` inside the elements `around` is an item.
    pub(super) fn matches(&self, around: &Around, name: &str) -> bool {
        let Some((last, outer)) = self.parts.split_last() else { return false };
        if !matches_part(last, name) {
            return false;
        }
        let fits = if self.from_root { outer.len() == around.len() } else { outer.len() <= around.len() };
        fits && outer.iter().rev().zip(around.iter()).all(|(part, name)| matches_part(part, name))
    }

    /// The names from the outermost to the item's own, without those that are `*`.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).filter(|part| *part != "*").collect()
    }

    /// Whether the root element itself is the item.
    pub(crate) const fn is_root(&self) -> bool {
        self.from_root && self.parts.len() == 1
    }
}

fn matches_part(part: &str, name: &str) -> bool {
    part == "*" || matches_name(part, name)
}

/// The name of an element.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct ElementName(String);

impl TryFrom<String> for ElementName {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        if text.splitn(2, ':').all(is_plain_name) {
            Ok(Self(text))
        } else {
            Err(msg!(
                "`{text}` is not the name of an element: letters, digits, `_`, `-` and `.`, a letter first",
                text = text
            ))
        }
    }
}

impl ElementName {
    /// `records`, where nobody said otherwise.
    #[must_use]
    pub fn records() -> Self {
        Self("records".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
