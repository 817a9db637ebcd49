//! XML, streaming in both directions: <https://www.w3.org/TR/xml/>.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::xml::{ElementName, ItemPath, Reader, Reading, Shaping, Writer, Writing},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("xml")
    .with_extensions(&["xml"])
    .with_media_types(&["application/xml", "text/xml"])
    .sniffed_by(looks_like_xml);

/// # XML
///
/// Elements of an XML document, each a record. Attributes are fields named `@name`, child elements fields
/// of their name (a list where there are several), the text beside attributes is `#text`. Mixed text and
/// elements are a list, `#content`; where child elements of different names take turns, `#order` keeps
/// their order. Namespaces are kept as prefixes and `@xmlns` fields. Comments and processing instructions
/// are left out; a DOCTYPE is refused.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Item path
    ///
    /// Where the records stand: `readings/reading`, or just `reading`; `/feed` is the root element itself.
    /// A name without prefix means any prefix. When reading without it, the repeated child of the root is
    /// taken, or else the root as one record. When writing, the last name is that of each record and those
    /// before it enclose all records.
    #[schemars(extend("examples" = ["readings/reading"]))]
    item: Option<ItemPath>,
    /// # Root element
    ///
    /// When writing, the element around all records, if the item path does not name it.
    root: ElementName,
    /// # Recognise types
    ///
    /// When reading, texts that are plainly numbers or true and false become such; numbers with leading
    /// zeros or of 14 digits and more, and those of fields named like codes (`insee`, `prm`, `postal`),
    /// are identifiers and stay text.
    types: bool,
    /// # Trim
    ///
    /// When reading, leaves out white space around values.
    trim: bool,
    /// # Always lists
    ///
    /// When reading, elements that are a list even where there is only one: `tag`, or `reading/tag`.
    lists: Vec<String>,
    /// # Namespaces
    ///
    /// When reading, whether prefixes and declarations are kept.
    namespaces: Namespaces,
    /// # Indentation
    ///
    /// When writing, by how many spaces each level is indented (2 by default); 0 writes one record a line.
    #[schemars(range(max = 8))]
    indent: u8,
}

/// What becomes of namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Namespaces {
    /// # Keep
    ///
    /// Names keep their prefix, declarations become `@xmlns` fields: nothing is lost.
    Keep,
    /// # Local names only
    ///
    /// Prefixes and declarations are left out: simpler fields.
    Local,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            item: None,
            root: ElementName::records(),
            types: true,
            trim: false,
            lists: Vec::new(),
            namespaces: Namespaces::Keep,
            indent: 2,
        }
    }
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        let reading = Reading {
            item: self.item.clone(),
            local_names: self.namespaces == Namespaces::Local,
            shaping: Shaping { types: self.types, trim: self.trim, lists: self.lists.clone() },
        };
        Some(Box::new(Reader::new(reading, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        let mut names: Vec<String> = self.item.iter().flat_map(ItemPath::names).map(str::to_owned).collect();
        let item = names.pop().unwrap_or_else(|| "record".to_owned());
        let is_root = self.item.as_ref().is_some_and(ItemPath::is_root);
        if names.is_empty() && !is_root {
            names.push(self.root.as_str().to_owned());
        }
        Some(Box::new(Writer::new(Writing { around: names, item, indent: usize::from(self.indent.min(8)) })))
    }
}

/// Tags mean XML or HTML; the formats that are XML themselves know their root element.
fn looks_like_xml(start: &[u8]) -> u8 {
    let plain: Vec<u8> = start.iter().copied().filter(|byte| *byte != 0).take(512).collect();
    let text = plain.strip_prefix(b"\xEF\xBB\xBF").or_else(|| plain.strip_prefix(b"\xFF\xFE"));
    let text = text.or_else(|| plain.strip_prefix(b"\xFE\xFF")).unwrap_or(&plain).trim_ascii_start();
    let html = [b"<!doctype html".as_slice(), b"<html"];
    let begins =
        |prefix: &&[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    match text {
        [b'<', b'?', b'x', b'm', b'l', ..] => 60,
        _ if html.iter().any(begins) => 0,
        [b'<', b'!', b'-', b'-', ..] => 40,
        [b'<', letter, ..] if letter.is_ascii_alphabetic() || *letter >= 0x80 || *letter == b'_' => 40,
        _ => 0,
    }
}
